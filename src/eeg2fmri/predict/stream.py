"""Synthesis while the EEG is being recorded: samples in as they come, a volume out each TR."""

from __future__ import annotations

import math
import warnings
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.features.band_covariance import band_covariances
from eeg2fmri.data.features.rates import frequency_problems, rate_factor
from eeg2fmri.data.features.recentring import RunningRecentring
from eeg2fmri.data.features.row_features import RunningRows
from eeg2fmri.data.features.spectrogram import spectrogram, window_samples
from eeg2fmri.data.pairs.of_store import needs_covariances
from eeg2fmri.data.pairs.windows import eeg_windows, skipped
from eeg2fmri.data.timing.without_bold import checked_time
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import Loaded
from eeg2fmri.models.synthesis import synthesize
from eeg2fmri.predict.checks import check_window, checked_mean, checked_rate, checked_samples
from eeg2fmri.predict.stream_channels import StreamChannels


@dataclass(frozen=True)
class StreamedVolume:
    """A volume synthesised from a stream.

    Attributes
    ----------
    index : int
        Number of the volume on the grid of TRs, from 0 at the first volume.
    onset : float
        Start of the volume, s after the first sample that was fed.
    volume : array, shape (x, y, z)
        BOLD, in the unit of the training recordings.
    notes : tuple of str
        What is wrong with the EEG that it was made of, or with the volume.
    """

    index: int
    onset: float
    volume: np.ndarray
    notes: tuple[str, ...] = ()


class Stream:
    """A running synthesis; made by `Synthesizer.stream`.

    The EEG is cut into TRs from `first_volume_s` on, as `Synthesizer.predict` does for a recording without
    volume markers, and the volumes are the same. A model on amplitudes or row features scales by what the stream has
    shown so far, where a file is scaled by all of it: its volumes become those of the file towards the end.

    Channels that are constant over the TRs of a window are told once as a warning, and with each volume.

    Parameters
    ----------
    loaded : Loaded
    sfreq : float
        Sampling rate of the stream, Hz.
    channels : StreamChannels
        Which rows are fed, and what is done to them: see `stream_channels`.
    first_volume_s : float
        Start of the first volume, s after the first sample; negative where it was before. Volumes are numbered from
        the first that has EEG, as `Synthesizer.predict` numbers them.
    own_mean : array, shape (x, y, z), optional
        See `Synthesizer.predict`.
    device : str

    Attributes
    ----------
    notes : tuple of str
        How the electrodes come of the channels.

    Raises
    ------
    InputError
        If the rate is too low for the frequencies of the training, or gives others; if rate, start or mean are no
        finite numbers.
    """

    def __init__(
        self,
        loaded: Loaded,
        sfreq: float,
        channels: StreamChannels,
        *,
        first_volume_s: float = 0.0,
        own_mean: np.ndarray | None = None,
        device: str = "cpu",
    ) -> None:
        card = loaded.card
        self._card, self._channels, self.notes = card, channels, channels.notes
        self.loaded, self.sfreq = loaded, checked_rate(sfreq)
        self.first_volume_s = _first_inside(first_volume_s, card.tr, self.sfreq)
        self._own_mean, self._device = checked_mean(own_mean, card.grid), device
        self._scaler = loaded.scaler()
        self._n_samples = window_samples(card.tr, sfreq)
        problems = frequency_problems(np.asarray(card.frequencies), card.tr, sfreq, "the stream")
        if problems:
            raise InputError.of(problems)
        self._factor = np.float32(rate_factor(card.tr, sfreq, card.sfreq))
        self._skip = skipped(card.tr, card.pairs)
        self._buffer = np.empty((len(card.electrodes), 0))
        self._buffer_start = 0
        self._row = 0
        self._made: list[StreamedVolume] = []  # those before an error are given by the next feed
        self._rows_seen: deque[np.ndarray] = deque(maxlen=card.pairs.window)
        self._constant: deque[frozenset[str]] = deque(maxlen=card.pairs.window)
        self._std: deque[np.ndarray] = deque(maxlen=card.pairs.window)
        self._in_succession = 0  # rows since samples were lost
        self._told: set[str] = set()
        self._before: np.ndarray | None = None
        self._running = _running(card)

    def feed(self, samples: np.ndarray) -> list[StreamedVolume]:
        """Take the next samples and return the volumes that they complete, most often none or one.

        Parameters
        ----------
        samples : array, shape (channel, sample)
            V; any number of samples.

        Returns
        -------
        list of StreamedVolume

        Raises
        ------
        InputError
            If the chunk has other channels or no floating-point numbers: it is not taken, and can be fed again as it
            should be. If a sample is not finite: the chunk is taken, so that later volumes keep their time, and no
            volume is made whose window it touches. If a window is not in volts, or a TR without any signal, as
            `Synthesizer.predict` refuses a recording: said once for each, and no volume is made of it.
        """
        samples = checked_samples(samples, self._channels.n_channels)
        with np.errstate(invalid="ignore", over="ignore"):
            chosen = self._channels.electrodes_of(samples)
        self._buffer = np.concatenate([self._buffer, chosen], axis=1)
        lost = np.flatnonzero(~np.isfinite(chosen).all(axis=0))
        if lost.size:
            first = self._buffer_start + self._buffer.shape[1] - chosen.shape[1] + int(lost[0])
            raise InputError(
                "the stream has samples that are not finite (NaN or infinite)",
                where=f"{first / self.sfreq:.3f} s after the first sample",
                got=f"{lost.size} samples of this chunk",
                hint="feed what comes next: their time is counted, and the volumes that need them are left out",
            )
        while (start := self._start_of(self._row)) + self._n_samples <= self._buffer_start + self._buffer.shape[1]:
            self._take_row(start - self._buffer_start)
            if (volume := self._synthesize()) is not None:
                self._made.append(volume)
        self._drop_before(self._start_of(self._row))
        made, self._made = self._made, []
        return made

    def _start_of(self, row: int) -> int:
        return round((self.first_volume_s + row * self._card.tr) * self.sfreq)

    def _take_row(self, first: int) -> None:
        segment = self._buffer[:, first : first + self._n_samples]
        row, self._row = self._row, self._row + 1
        still = np.all(segment == segment[:, :1], axis=1)
        finite = np.isfinite(segment).all()  # what is not was told of when it was fed
        if still.all() or not finite:
            begins, self._in_succession = self._in_succession > 0 or row == 0, 0
            if begins and finite:
                raise InputError(
                    "EEG channels are constant",
                    where=f"{self._start_of(row) / self.sfreq:.3f} s after the first sample",
                    got="every electrode",
                    expected="a signal",
                    hint="check the amplifier; the time is counted, and the volumes that need it are left out",
                )
            return
        self._in_succession += 1
        self._std.append(segment.std(axis=1))
        self._constant.append(frozenset(np.array(self._card.electrodes)[still].tolist()))
        onset, tr, pairs = np.zeros(1), self._card.tr, self._card.pairs
        spectrum = covariances = np.empty(0)
        if pairs.eeg != "amplitude":
            spectrum = spectrogram(segment, self.sfreq, onset, tr, len(self._card.frequencies))[0][0]
            spectrum = spectrum if self._factor == 1 else spectrum * self._factor
        if needs_covariances(pairs, np.asarray(self._card.frequencies)):
            covariances = band_covariances(segment, self.sfreq, onset, tr)[0]
        if self._running is None:
            self._rows_seen.append(spectrum)
        elif row >= self._skip:
            # the whole window is scaled anew by all that has been seen
            scaled = (
                self._running.push(spectrum, covariances)
                if isinstance(self._running, RunningRows)
                else self._running.push(covariances)
            )
            if scaled is not None:
                self._rows_seen.extend(scaled)

    def _synthesize(self) -> StreamedVolume | None:
        pairs = self._card.pairs
        if min(self._row - self._skip, self._in_succession) < pairs.window:
            return None
        index = self._row + pairs.lag
        still = sorted(frozenset.intersection(*self._constant))
        try:
            check_window(np.stack(self._std), f"the window of volume {index}")
        except InputError:
            self._in_succession = 0
            raise
        window = eeg_windows(np.stack(self._rows_seen), np.zeros(1, int), pairs)
        volume = next(iter(synthesize(self.loaded.model, window, batch_size=1, device=self._device)))
        onset = self.first_volume_s + index * self._card.tr
        made = self._scaler.unscale(volume, own_mean=self._own_mean)
        notes = self._said_of(made, still)
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                warnings.warn(f"volume {index} of the stream: {note}", stacklevel=4)
        self._before = made
        return StreamedVolume(index, onset, made, notes)

    def _said_of(self, volume: np.ndarray, still: Sequence[str]) -> tuple[str, ...]:
        """Say which electrodes were constant in the whole window, or that the volume is that before it."""
        notes = [f"electrodes that are constant: {first_of(still, 12)}"] if still else []
        if self._before is not None and is_constant(np.stack([self._before, volume])):
            notes.append(CONSTANT)
        return tuple(notes)

    def _drop_before(self, sample: int) -> None:
        used = min(sample - self._buffer_start, self._buffer.shape[1])
        if used > 0:
            self._buffer = self._buffer[:, used:]
            self._buffer_start += used


def _first_inside(first_volume_s: float, tr: float, sfreq: float) -> float:
    """Give the start of the first volume that begins with the samples or after them."""
    start = checked_time(first_volume_s, "the start of the first volume", "the stream")
    whole = max(0, math.ceil(-start / tr) - 1)
    return next(begin for k in range(whole, whole + 3) if round((begin := start + k * tr) * sfreq) >= 0)


def _running(card: ModelCard) -> RunningRecentring | RunningRows | None:
    """Make what scales rows by all that has been seen, where the model's are scaled by their recording."""
    pairs = card.pairs
    if pairs.eeg == "rows":
        return RunningRows(pairs.rows, np.asarray(card.frequencies), pairs.window)
    return RunningRecentring(pairs.window) if pairs.eeg == "amplitude" else None


#: What is said of volumes that do not differ.
CONSTANT = "the synthesised volumes are all the same: the model found nothing in the EEG that changes the BOLD"
#: Largest difference between volumes, as a share of their largest value, that is none.
NO_DIFFERENCE = 1e-6


def is_constant(volumes: np.ndarray) -> bool:
    """Tell whether volumes (volume, x, y, z) do not differ."""
    return bool(np.abs(volumes - volumes[:1]).max() <= NO_DIFFERENCE * np.abs(volumes).max())
