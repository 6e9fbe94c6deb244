"""Synthesis while the EEG is being recorded: samples in as they come, a volume out each TR."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.band_covariance import band_covariances
from eeg2fmri.data.features.recentring import RunningRecentring
from eeg2fmri.data.features.spectrogram import spectrogram, window_samples
from eeg2fmri.data.features.spectrogram_of_raw import frequency_problems
from eeg2fmri.data.pairs.windows import eeg_windows, skipped
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
    """

    index: int
    onset: float
    volume: np.ndarray


class Stream:
    """A running synthesis; made by `Synthesizer.stream`.

    The EEG is cut into TRs from `first_volume_s` on, as `Synthesizer.predict` does for a recording without
    volume markers, and the volumes are the same. A model on band amplitudes recentres by what the stream has shown so
    far, where a file is recentred by all of it: its volumes become those of the file towards the end.

    Parameters
    ----------
    loaded : Loaded
    sfreq : float
        Sampling rate of the stream, Hz.
    channels : sequence of str
        Names of the rows that will be fed.
    first_volume_s : float
        Start of the first volume, s after the first sample.
    own_mean : array, shape (x, y, z), optional
        See `Synthesizer.predict`.
    device : str

    Raises
    ------
    InputError
        If electrodes of the training are missing or named twice, or the rate is too low for its frequencies.
    """

    def __init__(
        self,
        loaded: Loaded,
        sfreq: float,
        channels: Sequence[str],
        *,
        first_volume_s: float = 0.0,
        own_mean: np.ndarray | None = None,
        device: str = "cpu",
    ) -> None:
        card = loaded.card
        self._rows = _rows_of(channels, card.electrodes)
        self._card = card
        self._n_channels = len(channels)
        self.loaded, self.sfreq, self.first_volume_s = loaded, sfreq, first_volume_s
        self._own_mean, self._device = own_mean, device
        self._scaler = loaded.scaler()
        self._n_samples = window_samples(card.tr, sfreq)
        problems = frequency_problems(np.asarray(card.frequencies), card.tr, sfreq, "the stream")
        if problems:
            raise InputError.of(problems)
        self._skip = skipped(card.tr, card.pairs)
        self._buffer = np.empty((len(self._rows), 0))
        self._buffer_start = 0
        self._row = 0
        self._rows_seen: deque[np.ndarray] = deque(maxlen=card.pairs.window)
        self._recentring = RunningRecentring(card.pairs.window) if card.pairs.eeg == "amplitude" else None

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
        if samples.ndim != 2 or samples.shape[0] != self._n_channels:
            raise InputError(
                "the samples do not have the channels of the stream",
                got=f"shape {samples.shape}",
                expected=f"({self._n_channels}, any number of samples)",
            )
        chosen = samples[self._rows]
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
        if self._recentring is None:
            n_bins = len(self._card.frequencies)
            row, _ = spectrogram(segment, self.sfreq, np.zeros(1), self._card.tr, n_bins)
            self._rows_seen.append(row[0])
        elif self._row >= self._skip:
            # the whole window is recentred anew by all that has been seen
            covariances = band_covariances(segment, self.sfreq, np.zeros(1), self._card.tr)
            recentred = self._recentring.push(covariances[0])
            if recentred is not None:
                self._rows_seen.extend(recentred)
        self._row += 1

    def _synthesize(self) -> StreamedVolume | None:
        pairs = self._card.pairs
        if self._row - self._skip < pairs.window:
            return None
        window = eeg_windows(np.stack(self._rows_seen), np.zeros(1, int), pairs)
        volume = next(iter(synthesize(self.loaded.model, window, batch_size=1, device=self._device)))
        index = self._row + pairs.lag
        onset = self.first_volume_s + index * self._card.tr
        return StreamedVolume(index, onset, self._scaler.unscale(volume, own_mean=self._own_mean))

    def _drop_before(self, sample: int) -> None:
        used = min(sample - self._buffer_start, self._buffer.shape[1])
        if used > 0:
            self._buffer = self._buffer[:, used:]
            self._buffer_start += used


def _rows_of(channels: Sequence[str], electrodes: Sequence[str]) -> list[int]:
    doubled = sorted({name for name in channels if list(channels).count(name) > 1})
    missing = [name for name in electrodes if name not in channels]
    if doubled or missing:
        raise InputError(
            "the channels of the stream are not the electrodes of the run",
            got=f"missing: {', '.join(missing) or 'none'}; named twice: {', '.join(doubled) or 'none'}",
            expected=", ".join(electrodes),
            hint="name the channels as in the training; more channels and another order are fine",
        )
    return [list(channels).index(name) for name in electrodes]
