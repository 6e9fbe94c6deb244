"""From neural signals to regional BOLD: coupling weights, haemodynamic response, gain."""

from __future__ import annotations

import numpy as np

from eeg2fmri.simulate.neural.envelopes import RATE, normalised, normalised_autocorrelation

#: Length of the haemodynamic response, s. The envelopes start at least this long before the first volume.
RESPONSE_S = 32.0
#: Time before the first volume at which envelopes and regional signals start, s.
HISTORY_S = 40.0


def response(delay: float, stretch: float = 1.0) -> np.ndarray:
    """Haemodynamic response of Glover (NeuroImage 9, 1999), from nilearn, sampled at `RATE`; its sum is 1.

    Parameters
    ----------
    delay : float
        Seconds by which it comes later (or earlier, if negative) than Glover's.
    stretch : float
        Factor on its time axis.
    """
    from nilearn.glm.first_level import glover_hrf

    step, length = 1 / RATE / stretch, RESPONSE_S / stretch
    return np.asarray(glover_hrf(step, oversampling=1, time_length=length, onset=delay / stretch))


def peak_time() -> float:
    """Time at which Glover's response peaks, s."""
    return float(np.argmax(response(0.0))) / RATE


def responses(delays: np.ndarray, stretch: np.ndarray | None = None) -> np.ndarray:
    """Response of every region, shape (region, time), for delays, s, and factors on time of shape (region,)."""
    factors = np.ones(len(delays)) if stretch is None else stretch
    return np.stack([response(float(d), float(s)) for d, s in zip(delays, factors, strict=True)])


def drive(power: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Neural signal behind the BOLD of each region: weighted sum over bands of its normalised envelope power.

    Parameters
    ----------
    power : array, shape (region, band, time)
        Envelope power relative to its mean.
    weights : array, shape (region, band)
        Coupling weights; rows of unit norm give a signal of unit variance.

    Returns
    -------
    array, shape (region, time)
    """
    return np.einsum("rbt,rb->rt", normalised(power.astype(float)), weights)


def convolve(signal: np.ndarray, hrf: np.ndarray) -> np.ndarray:
    """Causal convolution over time, (region, time) with (region, time), as long as `signal`."""
    from scipy.signal import fftconvolve

    return fftconvolve(signal, hrf, axes=1)[:, : signal.shape[1]]


def expected_std() -> float:
    """Return the standard deviation, over all draws, of the response to a neural signal of unit variance."""
    hrf = response(0.0)
    overlap = np.correlate(hrf, hrf, "full")
    lag = (np.arange(len(overlap)) - (len(hrf) - 1)) / RATE
    return float(np.sqrt(np.sum(overlap * normalised_autocorrelation(lag))))


def regional_bold(
    neural: np.ndarray, hrf: np.ndarray, gain: np.ndarray, size: np.ndarray | float | None = None
) -> np.ndarray:
    """BOLD of each region, % of the baseline.

    Parameters
    ----------
    neural : array, shape (region, time)
        From `drive`, at `RATE`.
    hrf : array, shape (region, time)
        From `responses`.
    gain : array, shape (region,)
        Standard deviation of the result, %.
    size : float or array, shape (region,), optional
        Standard deviation of the response to `neural` in the long run; `expected_std` by default.

    Returns
    -------
    array, shape (region, time)
    """
    return convolve(neural, hrf) * (gain / (expected_std() if size is None else size))[:, None]
