"""Recentred band amplitudes of a recording, collected while its spectrogram is computed."""

from __future__ import annotations

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.band_covariance import BANDS, BandCovariance
from eeg2fmri.data.features.recentring import recentred_amplitude


class AmplitudeCollector:
    """Takes the transforms of windows, keeps their band covariances, and recentres them at the end.

    Holds volume x band x channel x channel float32: 15 MB for 300 volumes, 3 bands and 64 electrodes.

    Parameters
    ----------
    sfreq : float
        Hz.
    window_s : float
        One TR, s.

    Attributes
    ----------
    problem : str
        Why there are no amplitudes; empty where there are.
    """

    def __init__(self, sfreq: float, window_s: float) -> None:
        self._covariances: list[np.ndarray] = []
        self.problem = ""
        try:
            self._covariance: BandCovariance | None = BandCovariance(sfreq, window_s, BANDS)
        except InputError as error:
            self._covariance, self.problem = None, error.problems[0].got

    def __call__(self, spectrum: np.ndarray) -> None:
        """Take the transform of a window, complex (channel, bin), V."""
        if not np.isfinite(spectrum[:, 0]).all():  # the sum of the window
            self.problem = "samples are missing"
        if self._covariance is not None and not self.problem:
            self._covariances.append(self._covariance(spectrum))

    def recentred(self, skip: int) -> np.ndarray | None:
        """Amplitudes (volume, channel, band) recentred by the recording's own; None where there is a `problem`.

        Parameters
        ----------
        skip : int
            Volumes at the beginning that the statistics leave out.
        """
        if self.problem or not self._covariances:
            return None
        covariances = np.stack(self._covariances)
        self._covariances.clear()  # they are held once only
        try:
            return recentred_amplitude(covariances, min(skip, max(0, len(covariances) - 2)))
        except InputError as error:
            self.problem = f"{error.problems[0].what}: {error.problems[0].got}"
            return None
