"""Decode the power of every source from the EEG by a known forward model: the best informed decoder.

The decoder knows what no method can: the lead field, how strong each rhythm is, which regions fluctuate together, the
haemodynamic responses and the coupling weights. It does not know what the sources did; that it has from the EEG alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from eeg2fmri.core.errors import InputError, Problem

#: Share of the mean eigenvalue that is added to the covariance of the EEG, so that it can be inverted.
SHRINKAGE = 1e-3
#: Samples of the band's envelope in each sample of the power.
OVERSAMPLING = 5


@dataclass(frozen=True, eq=False)
class Rhythm:
    """What is known of the sources of one rhythm.

    Attributes
    ----------
    low, high : float
        Limits of its band, Hz.
    moment : array, shape (region,)
        Rms dipole moment at mean power, A m.
    covariance : array, shape (region, region)
        Of the power of the sources relative to its mean, as the haemodynamic response passes it.
    passed : float
        Energy of the haemodynamic response, 1/s: white noise of unit density in the power has this variance in BOLD.
    """

    low: float
    high: float
    moment: np.ndarray
    covariance: np.ndarray
    passed: float


def band_signal(eeg: np.ndarray, sfreq: float, low: float, high: float, rate: float) -> np.ndarray:
    """Complex envelope of a band, at a lower rate.

    Parameters
    ----------
    eeg : array, shape (electrode, sample)
        V.
    sfreq : float
        Sampling rate, Hz.
    low, high : float
        Limits of the band, Hz.
    rate : float
        Samples per second of the result, at least `high` - `low`.

    Returns
    -------
    array of complex64, shape (electrode, time)
        V; the mean of its squared magnitude is twice the variance of the band. Sample k is at k / `rate` s.

    Raises
    ------
    InputError
        If the band is empty or wider than the rate, or reaches beyond half the sampling rate.
    """
    n_samples = eeg.shape[1]
    seconds = n_samples / sfreq
    first, last = round(low * seconds), round(high * seconds)
    n_times = round(seconds * rate)
    if not 0 < first < last <= min(n_samples // 2, first + n_times):
        raise InputError(
            "the EEG has no such band",
            got=f"{low:g} to {high:g} Hz of {seconds:g} s at {sfreq:g} Hz, to be given at {rate:g} Hz",
            expected="0 < low < high, high - low at most the rate, high at most half the sampling rate",
        )
    out = np.empty((len(eeg), n_times), np.complex64)
    for row, channel in zip(out, eeg, strict=True):
        spectrum = np.zeros(n_times, np.complex64)
        spectrum[: last - first] = scipy.fft.rfft(channel)[first:last]
        row[:] = scipy.fft.ifft(spectrum) * (2 * n_times / n_samples)
    return out


def source_power(eeg: np.ndarray, sfreq: float, lead_field: np.ndarray, rhythm: Rhythm, rate: float) -> np.ndarray:
    """Estimate the power of every source over time, less what leaks into it from the others.

    Each source is seen through the spatial filter that a linear estimate with the least squared error has,
    w_r = m_r^2 l_r^T C^-1, with C the covariance of the EEG in the band. Its power holds power of the others,
    q_r = sum_s G_rs p_s + noise, with G_rs = (w_r l_s m_s)^2, so the powers follow from the second linear estimate with
    the least squared error, p = K G^T (G K G^T + N)^-1 (q - E q), where K is the known covariance of the powers and
    N_rs = (w_r C w_s^T)^2 / bandwidth the noise of powers of Gaussian signals, both as they pass through the
    haemodynamic response.

    Parameters
    ----------
    eeg : array, shape (electrode, sample)
        V.
    sfreq : float
        Hz.
    lead_field : array, shape (electrode, region)
        V / (A m).
    rhythm : Rhythm
    rate : float
        Samples per second of the result.

    Returns
    -------
    array, shape (region, time)
        Power relative to its mean, minus 1; sample k is the mean from k / `rate` to (k + 1) / `rate` s.

    Raises
    ------
    InputError
        If shapes do not fit, or the EEG has no such band.
    """
    _check(eeg, lead_field, rhythm)
    analytic = band_signal(eeg, sfreq, rhythm.low, rhythm.high, rate * OVERSAMPLING)
    covariance = ((analytic @ analytic.conj().T).real / (2 * analytic.shape[1])).astype(np.float64)
    size = np.trace(covariance) / len(covariance)
    inverse = np.linalg.inv(covariance / size + SHRINKAGE * np.eye(len(covariance))) / size
    filters = (rhythm.moment**2)[:, None] * (lead_field.T @ inverse)
    n_times = analytic.shape[1] // OVERSAMPLING
    seen = (filters.astype(np.float32) @ analytic[:, : n_times * OVERSAMPLING]).reshape(len(filters), n_times, -1)
    power = (np.abs(seen) ** 2).mean(axis=2, dtype=np.float64) / 2
    power -= power.mean(axis=1, keepdims=True)

    leak = (filters @ (lead_field * rhythm.moment)) ** 2
    noise = (filters @ covariance @ filters.T) ** 2 * (rhythm.passed / (rhythm.high - rhythm.low))
    # each row in units of what its own source gives: the sources differ by orders of magnitude
    unit = np.diag(leak).copy()
    unit[unit <= 0] = 1
    leak, noise, power = leak / unit[:, None], noise / np.outer(unit, unit), power / unit[:, None]
    total = leak @ rhythm.covariance @ leak.T + noise
    estimate: np.ndarray = rhythm.covariance @ leak.T @ np.linalg.pinv(total, hermitian=True) @ power
    return estimate


def _check(eeg: np.ndarray, lead_field: np.ndarray, rhythm: Rhythm) -> None:
    n_regions = lead_field.shape[1]
    shapes = {
        "the lead field": (lead_field.shape, (len(eeg), n_regions)),
        "the moments": (rhythm.moment.shape, (n_regions,)),
        "the covariance of the powers": (rhythm.covariance.shape, (n_regions, n_regions)),
    }
    problems = [
        Problem(f"{name} of the sources do not fit the EEG", got=str(got), expected=str(expected))
        for name, (got, expected) in shapes.items()
        if got != expected
    ]
    if problems:
        raise InputError.of(problems)
