"""Is a mean over subjects different from 0? t tests corrected for the number of tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError

#: Up to this many subjects every way to flip their signs is taken.
EXACT_SUBJECTS = 12


@dataclass(frozen=True, eq=False)
class TTest:
    """t tests of means over subjects against 0, two-sided.

    Attributes
    ----------
    mean : array
        Mean over subjects.
    t : array
        NaN where all subjects have the same value, or there is one subject.
    p : array
        Without correction.
    p_fdr : array
        Corrected for the false discovery rate (Benjamini and Hochberg, J R Stat Soc B 57, 1995).
    p_max : array
        Corrected for the family-wise error by the largest t of all under flips of the subjects' signs (Nichols and
        Holmes, Hum Brain Mapp 15, 2002).
    n_subjects : int
    smallest_p_max : float
        No `p_max` can be smaller with so many subjects and flips.
    """

    mean: np.ndarray
    t: np.ndarray
    p: np.ndarray
    p_fdr: np.ndarray
    p_max: np.ndarray
    n_subjects: int
    smallest_p_max: float


def t_test(values: np.ndarray, rng: np.random.Generator, *, flips: int = 4095) -> TTest:
    """Test the mean of each column over subjects.

    Parameters
    ----------
    values : array, shape (subject, ...)
        One value a subject: windows of one subject are no independent samples.
    rng : numpy.random.Generator
        Draws the flips where there are too many subjects for all.
    flips : int
        How many are drawn then.

    Raises
    ------
    InputError
        If a value is not finite, or there is no subject.
    """
    from scipy import stats

    values = np.asarray(values, float)
    if not len(values) or not np.isfinite(values).all():
        raise InputError("a t test needs finite values of at least one subject", got=f"shape {values.shape}")
    n, shape = len(values), values.shape[1:]
    columns = values.reshape(n, -1)
    mean = columns.mean(0)
    t = _t(columns)
    p = np.full_like(t, np.nan) if n < 2 else 2 * stats.t.sf(np.abs(t), n - 1)
    p_max, smallest = _max_t(columns, t, rng, flips)
    mean, t, p, p_fdr, p_max = (part.reshape(shape) for part in (mean, t, p, _fdr(p), p_max))
    return TTest(mean, t, p, p_fdr, p_max, n, smallest)


def _t(columns: np.ndarray) -> np.ndarray:
    n = len(columns)
    if n < 2:
        return np.full(columns.shape[1], np.nan)
    mean = columns.mean(0)
    error = columns.std(0, ddof=1) / np.sqrt(n)
    # what is left by rounding where all subjects are equal is no spread
    constant = error <= 1e-12 * np.abs(columns).max(0)
    return np.where(constant, np.nan, mean / np.where(constant, 1, error))


def _max_t(columns: np.ndarray, t: np.ndarray, rng: np.random.Generator, flips: int) -> tuple[np.ndarray, float]:
    n = len(columns)
    if n < 2:
        return np.full(columns.shape[1], np.nan), 1.0
    if n <= EXACT_SUBJECTS:
        # the t of a pattern and of its mirror image are the same size: the first subject keeps its sign
        patterns = np.array([[1 - 2 * (k >> s & 1) for s in range(n - 1)] for k in range(2 ** (n - 1))])
        patterns = np.column_stack([np.ones(len(patterns)), patterns])
    else:
        patterns = rng.choice([-1.0, 1.0], size=(flips, n))
        patterns = np.concatenate([np.ones((1, n)), patterns])
    # under flips of signs the sum of squares stays, so t is a function of the mean alone
    square = (columns**2).mean(0)
    largest = np.empty(len(patterns))
    with np.errstate(divide="ignore", invalid="ignore"):
        for k, pattern in enumerate(patterns):
            mean = pattern @ columns / n
            size = np.abs(mean) / np.sqrt(np.maximum(square - mean**2, 0) / (n - 1))
            size[np.isnan(t)] = 0
            largest[k] = np.nan_to_num(size, nan=0.0, posinf=np.inf).max(initial=0)
    order = np.sort(largest)
    observed = np.abs(np.nan_to_num(t))
    exceeding = len(order) - np.searchsorted(order, observed * (1 - 1e-9), side="left")
    p = exceeding / len(order)
    return np.where(np.isnan(t), np.nan, p), 1 / len(order)


def _fdr(p: np.ndarray) -> np.ndarray:
    """Adjust p values; tests without one are not counted."""
    adjusted = np.full_like(p, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    if not len(known):
        return adjusted
    order = known[np.argsort(p[known])]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1)
    return adjusted
