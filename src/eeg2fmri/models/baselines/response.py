"""The haemodynamic response as a filter over EEG rows."""

from __future__ import annotations

from math import lgamma

import numpy as np


def glover(times_s: np.ndarray) -> np.ndarray:
    """Haemodynamic response of Glover (NeuroImage 9, 1999), arbitrary unit.

    Difference of two gamma densities with delays 6 s and 12 s, dispersion 0.9 s, and 0.48 as the weight of the
    undershoot (the parameters in use for the default response of fMRI packages).

    Parameters
    ----------
    times_s : array, any shape
        Time after the neural event, s; 0 before it.
    """
    difference: np.ndarray = _gamma(times_s, 6.0) - 0.48 * _gamma(times_s, 12.0)
    return difference


def response_filters(tr: float, window: int, lag: int, shifts_s: tuple[float, ...], derivative: bool) -> np.ndarray:
    """Weights of the rows of a window in the BOLD of its target.

    Row w of a window holds the EEG of one TR that ends (window - 1 - w + lag) TRs before the onset of the target;
    its middle is half a TR earlier.

    Parameters
    ----------
    tr : float
        s.
    window, lag : int
        Of the pairs.
    shifts_s : tuple of float
        One response for each, delayed by so much, s.
    derivative : bool
        Whether to add the temporal derivative of the undelayed response.

    Returns
    -------
    array, shape (filter, row)
        Rows of unit norm.
    """
    ages = (np.arange(window)[::-1] + lag + 0.5) * tr
    filters = [glover(ages - shift) for shift in shifts_s]
    if derivative:
        step = 0.1
        filters.append((glover(ages + step / 2) - glover(ages - step / 2)) / step)
    stacked = np.stack(filters)
    norm = np.linalg.norm(stacked, axis=1, keepdims=True)
    normed: np.ndarray = stacked / np.where(norm > 0, norm, 1)
    return normed


def _gamma(times_s: np.ndarray, delay: float, dispersion: float = 0.9) -> np.ndarray:
    shape = delay / dispersion
    scaled = np.maximum(np.asarray(times_s, float), 0) / dispersion
    log_density = (shape - 1) * np.log(np.where(scaled > 0, scaled, 1)) - scaled - lgamma(shape) - np.log(dispersion)
    return np.where(scaled > 0, np.exp(log_density), 0.0)
