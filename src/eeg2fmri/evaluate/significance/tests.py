"""Tests over recordings, subjects and voxels, and intervals over subjects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.significance.surrogates import ScoreNull, VoxelTest
from eeg2fmri.results.scores.method import SIGNIFICANT
from eeg2fmri.results.scores.pooled_test import PooledTest

#: Subjects up to which every pattern of signs is tried: 4,096 patterns.
ALL_SIGNS = 12
#: Signs beyond which it does not matter how many more there are.
MANY = 40
#: Samples of subjects that are drawn for an interval.
SAMPLES = 10_000


def pooled_test(scores: Sequence[ScoreNull], weights: Sequence[float] | None = None) -> PooledTest:
    """Test the average of a score over recordings, whose surrogates were drawn independently of each other.

    Each draw has its own signs in every recording, so the averages of draws are surrogates of the average, and
    p = (1 + #{draws >= observed}) / (1 + draws) is valid (Phipson and Smyth, Stat Appl Genet Mol Biol 9, 2010). What it
    assumes of each recording is in `eeg2fmri.evaluate.significance.surrogates`; recordings need not be alike.

    Parameters
    ----------
    scores : sequence of ScoreNull
        One a recording (or a block of a recording that is tested by itself), each with draws of its own seed.
    weights : sequence of float, optional
        Of the recordings in the average; equal by default. Give 1 / (subjects x recordings of the subject) to
        average within subjects first.

    Raises
    ------
    InputError
        If there is no recording, or they have different numbers of draws.
    """
    if not scores:
        raise InputError("there is no recording to test")
    draws = {len(score.values) for score in scores} - {1}
    if len(draws) > 1:
        raise InputError("the recordings were tested with different numbers of draws", got=f"{sorted(draws)}")
    share = np.full(len(scores), 1 / len(scores)) if weights is None else np.asarray(weights, float)
    values = np.zeros(max(draws, default=1))
    for weight, score in zip(share, scores, strict=True):
        values = values + weight * score.values
    together = ScoreNull(values, sum(score.coordinates for score in scores))
    distinct = 2 ** min(together.coordinates, MANY)
    null = together.null if len(together.null) else values
    return PooledTest.of(together.observed, null, together.p_value, distinct, together.p_below)


@dataclass(frozen=True, eq=False)
class SignFlipTest:
    """Test over subjects that a score is above zero.

    Attributes
    ----------
    p_value : array, shape (...)
        One-sided, for each score by itself.
    p_max : array, shape (...)
        The same corrected for all scores by the distribution of the largest mean (family-wise error).
    patterns : int
        Patterns of signs that were tried; p cannot be below 1 / patterns.
    """

    p_value: np.ndarray
    p_max: np.ndarray
    patterns: int


def sign_flip_test(values: np.ndarray, rng: np.random.Generator, *, draws: int = 10_000) -> SignFlipTest:
    """Test whether the mean over subjects is above zero by flipping the signs of subjects.

    Valid if each subject's score is symmetric about zero under the null hypothesis, such as r, or the difference of
    two methods that are equally good. All patterns are tried for up to 12 subjects, random ones beyond.

    Parameters
    ----------
    values : array, shape (subject, ...)
        One score a subject, or one for each voxel.
    rng : numpy Generator
        Draws patterns where there are too many to try all.
    draws : int
        Patterns to draw.

    Raises
    ------
    InputError
        If there is no subject or a score is not finite.
    """
    values = np.asarray(values, float)
    if values.ndim < 1 or not values.size or not np.isfinite(values).all():
        raise InputError("a test over subjects needs finite scores", got=str(values.shape), expected="(subject, ...)")
    subjects = len(values)
    if subjects <= ALL_SIGNS:
        bits = np.arange(2**subjects)[:, None] >> np.arange(subjects)
        signs = 1.0 - 2.0 * (bits & 1)
    else:
        signs = np.vstack([np.ones(subjects), rng.choice([-1.0, 1.0], (draws, subjects))])
    flat = values.reshape(subjects, -1)
    observed = flat.mean(axis=0)
    reach = observed - 1e-12 * np.abs(flat).max(initial=0)
    single, family = np.zeros(observed.shape), np.zeros(observed.shape)
    for pattern in signs:
        flipped = pattern @ flat / subjects
        single += flipped >= reach
        family += flipped.max() >= reach
    shape = values.shape[1:]
    return SignFlipTest((single / len(signs)).reshape(shape), (family / len(signs)).reshape(shape), patterns=len(signs))


def false_discovery(p_values: np.ndarray) -> np.ndarray:
    """Adjust p values for the false discovery rate (Benjamini and Hochberg, J R Stat Soc B 57, 1995).

    Parameters
    ----------
    p_values : array, any shape
        NaN stays NaN and is no test.

    Returns
    -------
    array, same shape
        A voxel is significant at rate q where this is at most q.
    """
    p_values = np.asarray(p_values, float)
    adjusted = np.full(p_values.shape, np.nan)
    tested = np.isfinite(p_values)
    if tested.any():
        adjusted[tested] = scipy.stats.false_discovery_control(p_values[tested], method="bh")
    return adjusted


def significant_shares(test: VoxelTest) -> dict[str, float]:
    """Share of the tested voxels of a recording whose temporal r is significant, without clusters.

    Returns
    -------
    dict
        ``family_wise``: corrected for all voxels by the largest r (max statistic); ``false_discovery``: of the voxels
        that are called significant, 5 % at most are not, on average (Benjamini and Hochberg).
    """
    tested = np.isfinite(test.p_voxel)
    found = {"family_wise": test.p_max[tested], "false_discovery": false_discovery(test.p_voxel)[tested]}
    return {name: float(np.mean(p <= SIGNIFICANT)) for name, p in found.items()}


def bootstrap_interval(
    values: np.ndarray,
    rng: np.random.Generator,
    *,
    statistic: Callable[..., np.ndarray] = np.mean,
    level: float = 0.95,
) -> tuple[float, float]:
    """Interval of a statistic over subjects: percentiles of the statistic of subjects drawn with replacement.

    With fewer than about 10 subjects it is too narrow; with one it is not defined.

    Parameters
    ----------
    values : array, shape (subject,)
        Scores.
    rng : numpy Generator
        Draws the subjects.
    statistic : callable
        Takes an array (draw, subject) and ``axis=1``.
    level : float
        Coverage of the interval.

    Returns
    -------
    low, high : float
        NaN for fewer than two subjects.
    """
    values = np.asarray(values, float)
    if len(values) < 2:
        return float("nan"), float("nan")
    samples = statistic(values[rng.integers(0, len(values), (SAMPLES, len(values)))], axis=1)
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def effect_size(values: np.ndarray) -> float:
    """Mean over subjects in units of their standard deviation (Cohen's d); NaN for fewer than two subjects."""
    values = np.asarray(values, float)
    if len(values) < 2 or values.std(ddof=1) == 0:
        return float("nan")
    return float(values.mean() / values.std(ddof=1))


def effect_interval(values: np.ndarray, rng: np.random.Generator, *, level: float = 0.95) -> tuple[float, float]:
    """Bootstrap interval over subjects of `effect_size`; see `bootstrap_interval`.

    Samples in which all subjects are alike have no effect size and are left out.

    Returns
    -------
    low, high : float
        NaN for fewer than three subjects, or where all are alike.
    """
    values = np.asarray(values)
    if len(values) < 3 or np.ptp(values) == 0:
        return float("nan"), float("nan")

    def statistic(samples: np.ndarray, axis: int) -> np.ndarray:
        spread = samples.std(axis=axis, ddof=1)
        sizes: np.ndarray = samples.mean(axis=axis) / np.where(spread > 1e-12 * np.abs(values).max(), spread, np.nan)
        return sizes[np.isfinite(sizes)]

    return bootstrap_interval(values, rng, statistic=statistic, level=level)
