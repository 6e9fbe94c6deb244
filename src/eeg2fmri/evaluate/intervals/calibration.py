"""Measure whether predictive intervals hold what they claim, and recalibrate them."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.stats

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.evaluate.intervals.proper import Distribution, crps, energy_score
from eeg2fmri.evaluate.metrics.arrays import as_numpy
from eeg2fmri.results.scores.intervals import IntervalScores

#: Claimed coverages of a reliability curve.
LEVELS = tuple(round(0.05 * k, 2) for k in range(1, 20))
#: Edges of the histogram of errors in units of the claimed deviation: 0.7 % apart.
EDGES = np.logspace(-4, 5, 3001)


def standard_quantile(level: float, distribution: Distribution) -> float:
    """Half width of the central interval of a coverage, in standard deviations."""
    if distribution == "normal":
        return float(scipy.stats.norm.ppf((1 + level) / 2))
    return float(-np.log(1 - level) / np.sqrt(2))


class Calibration:
    """Errors in units of the claimed standard deviation, voxel by voxel; memory does not grow.

    Parameters
    ----------
    distribution : {"normal", "laplace"}
        Shape that the intervals assume.

    Attributes
    ----------
    n : int
        Values so far.
    """

    def __init__(self, distribution: Distribution) -> None:
        self.distribution = distribution
        self.n = 0
        self._counts = np.zeros(len(EDGES) + 1, np.int64)
        self._claimed = {level: standard_quantile(level, distribution) for level in LEVELS}
        self._within = np.zeros(len(LEVELS), np.int64)
        self._deviation = 0.0
        self._likelihood = 0.0
        self._crps, self._energy, self._volumes = 0.0, 0.0, 0
        self._rng = generator(0, "energy score")

    def update(self, truth: Any, mean: Any, deviation: Any) -> None:
        """Add the values of one volume.

        Parameters
        ----------
        truth, mean, deviation : array or tensor, shape (value,)
            Measured; predicted; claimed standard deviation, above 0.

        Raises
        ------
        InputError
            If a deviation is not positive or a value not finite.
        """
        signed = as_numpy(truth).astype(np.float64) - as_numpy(mean)
        error = np.abs(signed)
        deviation = as_numpy(deviation).astype(np.float64)
        if not (np.isfinite(error).all() and np.isfinite(deviation).all() and (deviation > 0).all()):
            raise InputError("intervals need finite errors and deviations above 0")
        scaled = error / deviation
        self.n += scaled.size
        self._counts += np.bincount(np.searchsorted(EDGES, scaled, side="left"), minlength=len(self._counts))
        self._within += [np.count_nonzero(scaled <= half) for half in self._claimed.values()]
        self._deviation += float(deviation.sum())
        self._crps += float(crps(error, deviation, self.distribution).sum())
        if error.size:
            self._energy += energy_score(signed, deviation, self.distribution, self._rng)
            self._volumes += 1
        self._likelihood += float(_negative_log_likelihood(scaled, deviation, self.distribution).sum())

    def coverage(self) -> np.ndarray:
        """Observed coverage at each of `LEVELS`."""
        return self._within / max(self.n, 1)

    def coverage_within(self, half_widths: np.ndarray) -> np.ndarray:
        """Observed coverage of intervals of other half widths, in claimed deviations, to the histogram's precision."""
        cumulative = np.cumsum(self._counts)
        below = np.searchsorted(EDGES, half_widths, side="right") - 1
        return np.where(below >= 0, cumulative[np.maximum(below, 0)], 0) / max(self.n, 1)

    def mean_deviation(self) -> float:
        """Sharpness: mean claimed standard deviation, in the unit of the values."""
        return self._deviation / max(self.n, 1)

    def negative_log_likelihood(self) -> float:
        """Mean negative log likelihood of a value, nats."""
        return self._likelihood / max(self.n, 1)

    def crps(self) -> float:
        """Mean continuous ranked probability score of a value, in its unit."""
        return self._crps / max(self.n, 1)

    def energy_score(self) -> float:
        """Mean energy score of a volume over the root of its number of voxels, in the unit of the values."""
        return self._energy / max(self._volumes, 1)

    def conformal_half_widths(self) -> np.ndarray:
        """Half widths, in claimed deviations, that these values need for each of `LEVELS`.

        The ceil((n + 1) level)-th smallest error (split conformal prediction: Vovk et al., Algorithmic Learning in a
        Random World, 2005; Lei et al., JASA 113, 2018), rounded up to the histogram's next edge. Where new values are
        exchangeable with these, intervals of such half widths cover at least `level` of them. Voxels of another subject
        are exchangeable at most subject by subject, so the guarantee is over the draw of subjects too.

        Raises
        ------
        InputError
            If there are no values.
        """
        if not self.n:
            raise InputError("there are no values to recalibrate with")
        ranks = np.ceil((self.n + 1) * np.array(LEVELS))
        # rounding up may exceed n for very few values: then no interval is wide enough
        position = np.searchsorted(np.cumsum(self._counts), ranks)
        return np.where(ranks > self.n, np.inf, np.append(EDGES, np.inf)[np.minimum(position, len(EDGES))])


def score_intervals(validation: Calibration, test: Calibration, passes: int) -> IntervalScores:
    """Score the intervals on test values, and again with half widths from validation values.

    Parameters
    ----------
    validation, test : Calibration
    passes : int
        Monte Carlo passes through the model.
    """
    half_widths = validation.conformal_half_widths()
    return IntervalScores(
        distribution=test.distribution,
        levels=np.array(LEVELS),
        observed=test.coverage(),
        recalibrated=test.coverage_within(half_widths),
        half_widths=half_widths,
        sharpness=test.mean_deviation(),
        sharpness_recalibrated=test.mean_deviation() * float(half_widths[LEVELS.index(0.7)]),
        negative_log_likelihood=test.negative_log_likelihood(),
        crps=test.crps(),
        energy_score=test.energy_score(),
        passes=passes,
    )


def _negative_log_likelihood(scaled: np.ndarray, deviation: np.ndarray, distribution: Distribution) -> np.ndarray:
    if distribution == "normal":
        likelihood: np.ndarray = 0.5 * scaled**2 + np.log(deviation) + 0.5 * np.log(2 * np.pi)
    else:
        likelihood = np.sqrt(2) * scaled + np.log(np.sqrt(2) * deviation)
    return likelihood
