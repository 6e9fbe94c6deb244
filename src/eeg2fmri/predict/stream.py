"""Synthesis while the EEG is being recorded: samples in as they come, a volume out each TR."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.eeg.channel_matrix import Derivation
from eeg2fmri.data.features.band_covariance import band_covariances
from eeg2fmri.data.features.rates import frequency_problems, rate_factor
from eeg2fmri.data.features.recentring import RunningRecentring
from eeg2fmri.data.features.row_features import RunningRows
from eeg2fmri.data.features.spectrogram import spectrogram, window_samples
from eeg2fmri.data.pairs.of_store import needs_covariances
from eeg2fmri.data.pairs.windows import RAW, eeg_windows, skipped
from eeg2fmri.data.prepare.new_recording import Cleaning, Wanted, electrodes_of_new, for_channels
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import Loaded
from eeg2fmri.models.synthesis import synthesize


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
        Start of the first volume, s after the first sample.
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
        If the rate is too low for the frequencies of the training, or gives others.
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
        self.loaded, self.sfreq, self.first_volume_s = loaded, sfreq, first_volume_s
        self._own_mean, self._device = own_mean, device
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
        self._rows_seen: deque[np.ndarray] = deque(maxlen=card.pairs.window)
        self._constant: deque[frozenset[str]] = deque(maxlen=card.pairs.window)
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
            If the number of channels is another one, or a sample is not finite.
        """
        samples = np.asarray(samples)
        n_channels = self._channels.n_channels
        if samples.ndim != 2 or samples.shape[0] != n_channels:
            raise InputError(
                "the samples do not have the channels of the stream",
                got=f"shape {samples.shape}",
                expected=f"({n_channels}, any number of samples)",
            )
        chosen = self._channels.electrodes_of(samples)
        if not np.isfinite(chosen).all():
            raise InputError("the stream has samples that are not finite", where=f"volume {self._row}")
        self._buffer = np.concatenate([self._buffer, chosen], axis=1)
        made = []
        while (start := self._start_of(self._row)) + self._n_samples <= self._buffer_start + self._buffer.shape[1]:
            self._take_row(start - self._buffer_start)
            if (volume := self._synthesize()) is not None:
                made.append(volume)
        self._drop_before(self._start_of(self._row))
        return made

    def _start_of(self, row: int) -> int:
        return round((self.first_volume_s + row * self._card.tr) * self.sfreq)

    def _take_row(self, first: int) -> None:
        segment = self._buffer[:, first : first + self._n_samples]
        still = np.all(segment == segment[:, :1], axis=1)
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
        elif self._row >= self._skip:
            # the whole window is scaled anew by all that has been seen
            scaled = (
                self._running.push(spectrum, covariances)
                if isinstance(self._running, RunningRows)
                else self._running.push(covariances)
            )
            if scaled is not None:
                self._rows_seen.extend(scaled)
        self._row += 1

    def _synthesize(self) -> StreamedVolume | None:
        pairs = self._card.pairs
        if self._row - self._skip < pairs.window:
            return None
        window = eeg_windows(np.stack(self._rows_seen), np.zeros(1, int), pairs)
        volume = next(iter(synthesize(self.loaded.model, window, batch_size=1, device=self._device)))
        index = self._row + pairs.lag
        onset = self.first_volume_s + index * self._card.tr
        made = self._scaler.unscale(volume, own_mean=self._own_mean)
        notes = self._said_of(made)
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                warnings.warn(f"volume {index} of the stream: {note}", stacklevel=4)
        self._before = made
        return StreamedVolume(index, onset, made, notes)

    def _said_of(self, volume: np.ndarray) -> tuple[str, ...]:
        """Say which electrodes were constant in the whole window, or that the volume is that before it."""
        still = frozenset.intersection(*self._constant)
        if len(still) == len(self._card.electrodes):
            return ("every electrode is constant: the volume holds nothing of the EEG",)
        notes = [f"electrodes that are constant: {first_of(sorted(still), 12)}"] if still else []
        if self._before is not None and is_constant(np.stack([self._before, volume])):
            notes.append(CONSTANT)
        return tuple(notes)

    def _drop_before(self, sample: int) -> None:
        used = min(sample - self._buffer_start, self._buffer.shape[1])
        if used > 0:
            self._buffer = self._buffer[:, used:]
            self._buffer_start += used


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


def wanted(card: ModelCard) -> Wanted:
    """Read from its card what a model expects of a recording."""
    return Wanted(card.electrodes, np.asarray(card.frequencies), card.tr, card.sfreq)


@dataclass(frozen=True, eq=False)
class StreamChannels:
    """How the electrodes of a model come of the rows of a stream.

    Attributes
    ----------
    n_channels : int
        Rows that are fed.
    rows : list of int
        Those that are used.
    derivation : Derivation
        What is made of them.
    notes : tuple of str
        What was done.
    """

    n_channels: int
    rows: list[int]
    derivation: Derivation
    notes: tuple[str, ...]

    def electrodes_of(self, samples: np.ndarray) -> np.ndarray:
        """Compute the electrodes (channel, sample), V, of samples as they are fed."""
        return self.derivation.apply(samples[self.rows] * self.derivation.scale)


def stream_channels(
    card: ModelCard, sfreq: float, channels: Sequence[str], cleaning: Cleaning, bads: Sequence[str] = ()
) -> StreamChannels:
    """Settle what is done to the channels of a stream, as to those of a file.

    Parameters
    ----------
    card : ModelCard
    sfreq : float
        Hz.
    channels : sequence of str
        Names of the rows that will be fed.
    cleaning : {"replay", "done"}
        See `Synthesizer.predict`. Filters and averages over volumes look ahead: a stream cannot replay them.
    bads : sequence of str
        Channels that are bad.

    Raises
    ------
    InputError
        If electrodes are missing and cannot be interpolated, a name is there twice, or the training's recordings went
        through steps that a stream cannot take.
    """
    import mne

    if card.pairs.eeg in RAW:
        raise InputError(
            "the model reads raw EEG, which is resampled by a filter that looks ahead: a stream cannot give it",
            got=f"eeg: {card.pairs.eeg}",
            hint="synthesise the recording when it is complete (eeg2fmri predict), or stream with a model on spectra",
        )
    doubled = sorted({name for name in channels if list(channels).count(name) > 1})
    if doubled:
        raise InputError("the stream has channels of the same name", got=", ".join(doubled))
    prepared = for_channels(card.prepare or PrepareConfig(), channels)
    if cleaning == "replay" and prepared.eeg.clean.steps:
        raise InputError(
            "the recordings of the training were cleaned by steps that look ahead: a stream cannot take them",
            got=", ".join(prepared.eeg.clean.steps),
            hint="clean the samples before they are fed and say cleaning='done', or train on EEG without these steps",
        )
    raw = mne.io.RawArray(np.zeros((len(channels), 2)), mne.create_info(list(channels), sfreq, "eeg"), verbose="error")
    raw.info["bads"] = list(bads)
    derivation, notes = electrodes_of_new(raw, Path("the stream"), wanted(card), prepared, cleaning=cleaning)
    renamed = dict(zip(raw.ch_names, range(len(channels)), strict=True))
    return StreamChannels(len(channels), [renamed[name] for name in derivation.inputs], derivation, tuple(notes))
