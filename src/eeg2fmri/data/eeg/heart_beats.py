"""Find heart beats in an electrocardiogram."""

from __future__ import annotations

import numpy as np


def heart_beats(ecg: np.ndarray, sfreq: float) -> np.ndarray:
    """Find the R peaks of an electrocardiogram, by MNE.

    Parameters
    ----------
    ecg : array, shape (time,)
        Any unit.
    sfreq : float
        Hz.

    Returns
    -------
    int array, shape (beat,)
        Samples.
    """
    import mne

    alone = mne.io.RawArray(ecg[None], mne.create_info(["ECG"], sfreq, "ecg"), verbose="error")
    events, _, _ = mne.preprocessing.find_ecg_events(alone, ch_name="ECG", verbose="error")
    peaks: np.ndarray = events[:, 0]
    return peaks
