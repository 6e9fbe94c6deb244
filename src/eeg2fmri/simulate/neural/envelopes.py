"""Slowly fluctuating power of the regional rhythms: what EEG and BOLD have in common."""

from __future__ import annotations

import numpy as np

#: Samples per second of envelopes and of regional BOLD signals.
RATE = 10.0
#: Time constants of the fluctuations, s: power falls above 1 / (2 pi 5 s) = 0.03 Hz, where resting-state BOLD lives.
SLOW, FAST = 5.0, 0.5
#: Standard deviation of log power. Power of rhythms is log-normal (Buzsaki and Mizuseki, Nat Rev Neurosci 15, 2014).
DEPTH = 0.65


def slow_noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Stationary Gaussian noise of unit variance, low-passed twice (`SLOW`, `FAST`), at `RATE`.

    Parameters
    ----------
    shape : tuple of int
        (..., time).
    rng : numpy.random.Generator
        Source of the draws.
    """
    from scipy.signal import lfilter

    warm_up = int(8 * SLOW * RATE)
    noise = rng.standard_normal((*shape[:-1], shape[-1] + warm_up))
    slow, fast = np.exp(-1 / (RATE * SLOW)), np.exp(-1 / (RATE * FAST))
    denominator = np.convolve([1, -slow], [1, -fast])
    # Variance of the autoregressive process of order 2 driven by unit noise.
    a1, a2 = slow + fast, -slow * fast
    variance = (1 - a2) / ((1 + a2) * (1 - a1 - a2) * (1 + a1 - a2))
    return lfilter([1 / np.sqrt(variance)], denominator, noise)[..., warm_up:]


def autocorrelation(lag: np.ndarray) -> np.ndarray:
    """Autocorrelation of `slow_noise` at lags in seconds."""
    slow, fast = np.exp(-1 / (RATE * SLOW)), np.exp(-1 / (RATE * FAST))
    steps = np.abs(lag) * RATE
    # Partial fractions of the autoregressive process with poles `slow` and `fast`.
    first, second = slow * (1 - fast**2), fast * (1 - slow**2)
    return (first * slow**steps - second * fast**steps) / (first - second)


def envelope_power(mixing: np.ndarray, n_times: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the power of one rhythm in every region.

    log power = DEPTH * (mixing @ slow noise) - DEPTH ** 2 / 2: log-normal with mean 1.

    Parameters
    ----------
    mixing : array, shape (region, component)
        Rows of unit norm; regions that share components fluctuate together.
    n_times : int
        Samples at `RATE`.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    array, shape (region, time)
        Power relative to its mean.
    """
    components = slow_noise((mixing.shape[1], n_times), rng)
    return np.exp(DEPTH * (mixing @ components) - DEPTH**2 / 2)


def normalised(power: np.ndarray) -> np.ndarray:
    """Power minus its mean over its standard deviation, both those of the log-normal process."""
    return (power - 1) / np.sqrt(np.exp(DEPTH**2) - 1)


def normalised_autocorrelation(lag: np.ndarray) -> np.ndarray:
    """Autocorrelation of `normalised` power at lags in seconds."""
    return (np.exp(DEPTH**2 * autocorrelation(lag)) - 1) / (np.exp(DEPTH**2) - 1)


def make_mixing(
    centres: np.ndarray,
    rng: np.random.Generator,
    shares: tuple[float, float, float, float] = (0.07, 0.5, 0.25, 0.18),
    reach: float = 15.0,
) -> np.ndarray:
    """Draw which regions fluctuate together.

    By default a fifteenth of the variance is common to all regions (arousal), half of it to the regions of networks
    that are smooth in space, bilateral and have several seats, a quarter to neighbours, the rest is the region's own:
    few spatial modes hold most of the variance, as in resting-state BOLD (Yeo et al., J Neurophysiol 106, 2011).

    Parameters
    ----------
    centres : array, shape (region, 3)
        MNI152 coordinates, mm.
    rng : numpy.random.Generator
        Source of the draws.
    shares : tuple of float
        Shares of the variance that all regions, networks, neighbours and the region alone have.
    reach : float
        How far neighbours reach, mm.

    Returns
    -------
    array, shape (region, component)
        Rows of unit norm.
    """
    n_regions = len(centres)
    folded = np.column_stack([np.abs(centres[:, 0]), centres[:, 1:]])  # both hemispheres onto one
    networks = np.zeros((n_regions, 7))
    for k in range(networks.shape[1]):
        for seat in rng.choice(n_regions, min(3, n_regions), replace=False):
            distance = np.linalg.norm(folded - folded[seat], axis=1)
            networks[:, k] += rng.choice([-1, 1], p=[0.2, 0.8]) * np.exp(-0.5 * (distance / 25) ** 2)
    distance = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    near = np.exp(-0.5 * (distance / reach) ** 2)
    parts = (np.ones((n_regions, 1)), networks, near, np.eye(n_regions))
    unit = [
        np.sqrt(share) * part / np.linalg.norm(part, axis=1, keepdims=True).clip(1e-3)
        for share, part in zip(shares, parts, strict=True)
    ]
    mixing = np.concatenate(unit, axis=1)
    return mixing / np.linalg.norm(mixing, axis=1, keepdims=True)
