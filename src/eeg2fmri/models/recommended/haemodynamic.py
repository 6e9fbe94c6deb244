"""Haemodynamic responses as weights on the rows of an EEG window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import gamma

#: Points at which a response is sampled within one row.
SAMPLES = 20


def glover(time: np.ndarray) -> np.ndarray:
    """Response of Glover (NeuroImage 9, 1999) as nilearn has it: difference of two gamma densities.

    g(t; 6 / 0.9, 0.9) - 0.48 g(t; 12 / 0.9, 0.9), with g of the given shape and scale (s).

    Parameters
    ----------
    time : array
        s after the neural event; 0 before it.
    """
    return np.asarray(gamma.pdf(time, 6 / 0.9, scale=0.9) - 0.48 * gamma.pdf(time, 12 / 0.9, scale=0.9))


def row_responses(n_rows: int, tr: float, lag: int, shifts_s: Sequence[float]) -> np.ndarray:
    """Weight of each row of a window in the response at its target volume.

    The last row of the window starts (1 + lag) TR before the target. EEG row and volume are both taken as the mean
    over their TR, so the centres of row and target are whole TRs apart, and the response is averaged over one TR.

    Parameters
    ----------
    n_rows : int
        Rows of the window; 20 s hold all but the end of the undershoot.
    tr : float
        s.
    lag : int
        Volumes between the end of the window and its target.
    shifts_s : sequence of float
        One response for each: seconds by which it comes later than Glover's.

    Returns
    -------
    array, shape (response, time)
        Unit sum of magnitudes; 0 where a window is too short to hold any of a response.
    """
    lags = np.arange(n_rows, 0, -1) + lag
    inside = (np.arange(SAMPLES) + 0.5) / SAMPLES - 0.5
    time = (lags[:, None] + inside) * tr
    rows = np.stack([glover(time - shift).mean(axis=1) for shift in shifts_s])
    size = np.abs(rows).sum(axis=1, keepdims=True)
    return np.divide(rows, size, out=np.zeros_like(rows), where=size > 0)


def drifts(n_volumes: int, tr: float, period_s: float) -> np.ndarray:
    """Orthonormal cosines slower than a period, the constant first, shape (volume, drift).

    Parameters
    ----------
    n_volumes : int
        Volumes that follow each other.
    tr : float
        s.
    period_s : float
        Shortest period that counts as drift, s.
    """
    count = min(1 + int(2 * n_volumes * tr / period_s), n_volumes)
    angle = np.pi * (np.arange(n_volumes)[:, None] + 0.5) * np.arange(count) / n_volumes
    cosines = np.cos(angle)
    return cosines / np.linalg.norm(cosines, axis=0)
