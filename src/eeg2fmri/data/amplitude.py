"""Recentred band amplitudes of a recording, collected while its samples are read for the spectrogram."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.covariance import BANDS, Band, band_bins, band_covariances
from eeg2fmri.data.recentring import recentred_amplitude
from eeg2fmri.data.spectrogram import window_samples


class AmplitudeCollector:
    """Takes blocks of samples, keeps their band covariances, and recentres them at the end.

    Holds volume x band x channel x channel float32: 15 MB for 300 volumes, 3 bands and 64 electrodes.

    Parameters
    ----------
    sfreq : float
        Hz.
    window_s : float
        One TR, s.
    bands : sequence of (name, low, high)
        Hz.

    Attributes
    ----------
    problem : str
        Why there are no amplitudes; empty where there are.
    """

    def __init__(self, sfreq: float, window_s: float, bands: Sequence[Band] = BANDS) -> None:
        self._sfreq, self._window_s, self._bands = sfreq, window_s, bands
        self._covariances: list[np.ndarray] = []
        self.problem = ""
        try:
            band_bins(window_samples(window_s, sfreq), sfreq, bands)
        except InputError as error:
            self.problem = error.problems[0].got

    def __call__(self, signal: np.ndarray, onsets: np.ndarray) -> None:
        """Take samples (channel, time), V, and the onsets of the windows in them, s."""
        if not np.isfinite(signal).all():
            self.problem = "samples are missing"
        if not self.problem:
            self._covariances.append(band_covariances(signal, self._sfreq, onsets, self._window_s, self._bands))

    def recentred(self, skip: int) -> np.ndarray | None:
        """Amplitudes (volume, channel, band) recentred by the recording's own; None where there is a `problem`.

        Parameters
        ----------
        skip : int
            Volumes at the beginning that the statistics leave out.
        """
        if self.problem or not self._covariances:
            return None
        covariances = np.concatenate(self._covariances)
        try:
            return recentred_amplitude(covariances, min(skip, max(0, len(covariances) - 2)))
        except InputError as error:
            self.problem = f"{error.problems[0].what}: {error.problems[0].got}"
            return None
