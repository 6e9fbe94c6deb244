"""Test temporal r against surrogates of the prediction: what it would be if the EEG told nothing about the BOLD.

How surrogates are made
-----------------------
Drifts, and volumes that were censored and filled, are taken out of truth and prediction alike, outliers are
drawn in and the variance is evened out over time (`eeg2fmri.evaluate.significance.drifts`). What is left of the
prediction is written in coordinates over time that are nearly independent of each other for white noise, for
autoregressive noise and for a random walk alike. A surrogate has the sign of each coordinate drawn anew, the same signs
in all voxels: it keeps the spectrum of every voxel, everything that voxels share, and lies in the same space without
drifts as the observed prediction, so that nothing wraps around.

    r_e = sum_k e_k Y_k P_k,  e_k = +-1,

with Y and P the coordinates of truth and prediction, each of unit norm. If truth and prediction are independent and the
coordinates of one of them are as likely with either sign, the observed r is one of equally likely values, and

    p = (1 + #{draws: r_e >= r_1}) / (1 + draws)

is a valid p value (Phipson and Smyth, Stat Appl Genet Mol Biol 9, 2010).

What is assumed
---------------
That the coordinates of one of the two are independent in sign. It holds for stationary noise of any autocorrelation and
for random walks, and nearly where variance grows or single volumes are corrupted. It does not hold where both follow
the same clock: blocks of a task, events, heartbeat or motion that shows in both are shared signals, which no test
within a recording tells from brain activity. Controls do, and exchanging recordings does (`sessions`) where all of
them share the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.evaluate.metrics.arrays import as_numpy, checked_mask
from eeg2fmri.evaluate.significance.drifts import TimeBasis, is_constant, time_basis

#: Surrogates of each recording.
DRAWS = 999
#: Voxels, and surrogates, that are computed at once: some MB.
CHUNK, BATCH = 4096, 64
#: Voxels in which censored volumes are looked for, at most and at least.
FEW, SAME = 256, 8


@dataclass(frozen=True, eq=False)
class ScoreNull:
    """One score of one recording, observed and with surrogates of the prediction.

    Attributes
    ----------
    values : array, shape (1 + draw,)
        The observed one first. Draws of two scores of the same volumes belong together if they were made with the same
        seed.
    coordinates : int
        Signs that were drawn for each surrogate.
    """

    values: np.ndarray
    coordinates: int = 0

    @property
    def observed(self) -> float:
        """Score of the prediction itself."""
        return float(self.values[0])

    @property
    def null(self) -> np.ndarray:
        """Scores of the surrogates, shape (draw,)."""
        return self.values[1:]

    @property
    def p_value(self) -> float:
        """One-sided p value that the score is above what chance gives; see the module."""
        return float(np.mean(self.values >= self.values[0] - _tie(self.values[0])))

    @property
    def p_below(self) -> float:
        """One-sided p value that the score is below what chance gives: a reversed sign."""
        return float(np.mean(self.values <= self.values[0] + _tie(self.values[0])))

    def minus(self, other: ScoreNull) -> ScoreNull:
        """Score of this prediction minus that of another one of the same volumes, with the same signs.

        For a mean over voxels it is the product of the truth with the difference of the two standardised predictions:
        if neither is better, the truth holds nothing of that difference, and its signs do not matter. Where both share
        much of the truth, it rejects less often than its level.

        Parameters
        ----------
        other : ScoreNull
            One value stands for a prediction that is constant in time.

        Raises
        ------
        InputError
            If the two were not made with the same draws of the same volumes.
        """
        lengths = {len(self.values), len(other.values)} - {1}
        known = {self.coordinates, other.coordinates} - {0}
        if len(lengths) > 1 or len(known) > 1:
            raise InputError(
                "scores of different volumes or draws cannot be paired",
                got=f"{sorted(lengths)} values, {sorted(known)} coordinates",
            )
        return ScoreNull(self.values - other.values, max(self.coordinates, other.coordinates))


@dataclass(frozen=True, eq=False)
class VoxelTest:
    """Test of the temporal r of every voxel of one recording.

    Attributes
    ----------
    median, mean : ScoreNull
        Of the median and the mean over the voxels of the mask.
    maximum : ScoreNull
        Of the largest r of any voxel.
    r : array, shape (x, y, z)
        Temporal r that is tested: without drifts, outliers drawn in, variance evened out; NaN outside the mask and
        where the truth is constant.
    p_voxel : array, shape (x, y, z)
        p value of each voxel by itself. Control the false discovery rate with `tests.false_discovery`.
    p_max : array, shape (x, y, z)
        p value corrected for all voxels by the distribution of the largest r (family-wise error).
    """

    median: ScoreNull
    mean: ScoreNull
    maximum: ScoreNull
    r: np.ndarray
    p_voxel: np.ndarray
    p_max: np.ndarray


def surrogate_test(
    y: Any,
    yhat: Any,
    mask: Any | None = None,
    *,
    tr: float = 2.0,
    elapsed: float = 0.0,
    seed: int = 0,
    draws: int = DRAWS,
    progress: Progress = silent,
) -> VoxelTest:
    """Test temporal r of every voxel, of their median and of their mean; see the module for what it assumes.

    Parameters
    ----------
    y, yhat : array or tensor, shape (volume, x, y, z)
        Truth and prediction of one recording. A constant prediction has r = 0 at every draw, and p = 1.
    mask : bool array, shape (x, y, z), optional
        Voxels to score.
    tr : float
        Repetition time, s.
    elapsed : float
        Time between the start of the scan and the first volume, s.
    seed : int
        Of the signs. Another recording needs another seed; another prediction of the same one needs the same.
    draws : int
        Surrogates.
    progress : Progress

    Raises
    ------
    InputError
        If shapes differ, there are fewer than 8 volumes, values are not finite, or no voxel of the mask varies.
    """
    grid = tuple(np.shape(y))[1:]
    prepared = PreparedTruth.of(y, mask, tr=tr, elapsed=elapsed)
    voxels, products = prepared.voxels, prepared.products(yhat, progress)
    signs = _signs(len(products), draws, seed)
    reduced = np.empty((3, 1 + draws))
    r = products.sum(axis=0)
    reach = r - _tie(r)
    single, family = np.zeros((2, len(voxels)), np.int64)
    for first in range(0, 1 + draws, BATCH):
        part = signs[first : first + BATCH] @ products
        largest = part.max(axis=1)
        reduced[:, first : first + BATCH] = np.median(part, axis=1), part.mean(axis=1), largest
        single += (part >= reach).sum(axis=0)
        family += (largest[:, None] >= reach).sum(axis=0)
        progress("Drawing signs", min(first + BATCH, 1 + draws), 1 + draws)
    median, mean, maximum = (ScoreNull(values, len(products)) for values in reduced)
    maps = (_volume(values, voxels, grid) for values in (r, single / (1 + draws), family / (1 + draws)))
    return VoxelTest(median, mean, maximum, *maps)


def headline_null(
    y: Any,
    yhat: Any,
    mask: Any | None = None,
    *,
    tr: float = 2.0,
    elapsed: float = 0.0,
    seed: int = 0,
    draws: int = DRAWS,
) -> ScoreNull:
    """Test the mean over voxels without maps, which takes no longer for more draws; parameters as `surrogate_test`."""
    return PreparedTruth.of(y, mask, tr=tr, elapsed=elapsed).headline(yhat, seed=seed, draws=draws)


@dataclass(frozen=True, eq=False)
class PreparedTruth:
    """Truth of a recording in the coordinates that signs are drawn for: made once, for every prediction of it.

    Attributes
    ----------
    shape : tuple of int
        Volumes and grid.
    voxels : int array, shape (voxel,)
        Those of the mask whose truth varies, as flat indices on the grid.
    values : array, shape (coordinate, voxel)
        Of unit norm.
    basis : TimeBasis
    """

    shape: tuple[int, ...]
    voxels: np.ndarray
    values: np.ndarray
    basis: TimeBasis

    @classmethod
    def of(cls, y: Any, mask: Any | None = None, *, tr: float = 2.0, elapsed: float = 0.0) -> PreparedTruth:
        """Take a truth (volume, x, y, z); parameters and errors as `surrogate_test`."""
        shape = tuple(np.shape(y))
        if len(shape) != 4:
            raise InputError("the truth is no recording", got=str(shape), expected="(volume, x, y, z)")
        inside = np.flatnonzero(checked_mask(mask, shape[1:]))
        truth = as_numpy(y).reshape(shape[0], -1)
        filled = filled_volumes(truth[:, inside[:: -(-inside.size // FEW)]])
        basis = time_basis(shape[0], tr, elapsed, filled)
        values = np.empty((basis.rest.shape[1], inside.size), np.float32)
        varies = np.empty(inside.size, bool)
        for part in _parts(inside.size):
            values[:, part], varies[part] = coordinates(truth[:, inside[part]], basis)
        if not varies.any():
            raise InputError("no voxel of the mask varies over time", got=f"{inside.size} voxels, {shape[0]} volumes")
        return cls(shape, inside[varies], values if varies.all() else values[:, varies], basis)

    def products(self, yhat: Any, progress: Progress = silent) -> np.ndarray:
        """Multiply with the coordinates of a prediction (volume, x, y, z): (coordinate, voxel), whose sum is r.

        Raises
        ------
        InputError
            If the prediction has another shape, or values that are not finite.
        """
        if tuple(np.shape(yhat)) != self.shape:
            raise InputError(
                "truth and prediction must have one shape",
                got=f"truth {self.shape}, prediction {tuple(np.shape(yhat))}",
                expected="(volume, x, y, z)",
            )
        prediction = as_numpy(yhat).reshape(self.shape[0], -1)
        products = np.empty_like(self.values)
        for part in _parts(self.voxels.size):
            found = coordinates(prediction[:, self.voxels[part]], self.basis)[0]
            products[:, part] = self.values[:, part] * found
            progress("Taking out drifts", min(part.stop, self.voxels.size), self.voxels.size)
        return products

    def headline(self, yhat: Any, *, seed: int = 0, draws: int = DRAWS) -> ScoreNull:
        """Test the mean over voxels, as `headline_null` does."""
        products = self.products(yhat)
        # r is linear in the signs, so the mean over voxels can be taken first
        return ScoreNull(_signs(len(products), draws, seed) @ products.mean(axis=1), len(products))


def _parts(size: int) -> Iterator[slice]:
    """Slices of at most `CHUNK` that cover a length."""
    return (slice(first, min(first + CHUNK, size)) for first in range(0, size, CHUNK))


def filled_volumes(courses: np.ndarray) -> tuple[int, ...]:
    """Find the volumes (volume, course) that are the same as others in every course: censored ones that were filled.

    They are flat in the truth and, as a rule, in the prediction, and would count as values that agree. Of fewer than
    eight courses that vary, none is found: few numbers may well be the same twice.
    """
    varying = courses[:, ~is_constant(courses)]
    if varying.shape[1] < SAME:
        return ()
    _, which, counts = np.unique(varying, axis=0, return_inverse=True, return_counts=True)
    return tuple(np.flatnonzero(counts[which.ravel()] > 1).tolist())


def coordinates(courses: np.ndarray, basis: TimeBasis) -> tuple[np.ndarray, np.ndarray]:
    """Write courses in the coordinates that signs are drawn for.

    Parameters
    ----------
    courses : array, shape (volume, course)
    basis : TimeBasis

    Returns
    -------
    coordinates : array, shape (coordinate, course)
        Of unit norm; 0 for a course that is constant.
    varies : bool array, shape (course,)

    Raises
    ------
    InputError
        If a value is not finite.
    """
    values = np.asarray(courses, np.float64)
    if not np.isfinite(values).all():
        raise InputError("a value inside the mask is not finite")
    varies = ~is_constant(values)
    found = basis.rest.T @ basis.steadied(values - values.mean(axis=0))
    norm = np.linalg.norm(found, axis=0)
    varies &= norm > 0
    return np.where(varies, found / np.where(norm > 0, norm, 1), 0), varies


def _signs(coordinates: int, draws: int, seed: int) -> np.ndarray:
    """Signs (1 + draw, coordinate), the observed pattern first."""
    drawn = np.random.default_rng(seed).integers(0, 2, (draws, coordinates), dtype=np.int8)
    return np.vstack([np.ones(coordinates, np.float32), (2 * drawn - 1).astype(np.float32)])


def _tie(value: Any) -> Any:
    """How far sums of the same float32 numbers in another order may be apart: a tie must stay a tie."""
    return 1e-6 * (np.abs(value) + 1e-6)


def _volume(values: np.ndarray, voxels: np.ndarray, grid: tuple[int, ...]) -> np.ndarray:
    volume = np.full(int(np.prod(grid)), np.nan)
    volume[voxels] = values
    return volume.reshape(grid)
