"""A prediction of a recording beside the measured volumes, and what several metrics share of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eeg2fmri.evaluate.metrics.moments import TemporalMoments

Volumes = np.ndarray | Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class Measured:
    """Truth and prediction of one recording.

    Attributes
    ----------
    truth, prediction : array, shape (volume, x, y, z), or sequence of volumes
        BOLD units; memory maps are read one volume at a time.
    mask : bool array, shape (x, y, z)
    data_range : float
        Largest minus smallest value of the truth inside the mask, BOLD units.
    drifts : array, shape (volume, drift)
        Orthonormal columns that are regressed out of both, the mean among them.
    responsive : bool array, shape (x, y, z)
        Voxels of the mask that were chosen without this recording.
    course : array, shape (volume,), optional
        Mean course of the measured brain.
    """

    truth: Volumes
    prediction: Volumes
    mask: np.ndarray
    data_range: float
    drifts: np.ndarray
    responsive: np.ndarray
    course: np.ndarray | None = None

    @cached_property
    def moments(self) -> TemporalMoments:
        """Moments over time, outside the drifts, and last the measured mean course of the brain."""
        columns = self.drifts
        if self.course is not None:
            left = self.course - self.drifts @ (self.drifts.T @ self.course)
            norm = float(np.linalg.norm(left))
            # a course that drifts alone leaves nothing to take out
            if norm > 1e-6 * float(np.linalg.norm(self.course - self.course.mean())) and norm > 0:
                columns = np.column_stack([self.drifts, left / norm])
        moments = TemporalMoments(self.mask, columns)
        for y, p in zip(self.truth, self.prediction, strict=True):
            moments.update(y, p)
        return moments

    @cached_property
    def r(self) -> np.ndarray:
        """Temporal r of each voxel without drifts (x, y, z); NaN outside the mask and where the truth is constant."""
        return self.moments.temporal_r(self.drifts.shape[1])

    @cached_property
    def errors(self) -> np.ndarray:
        """Root mean square error of each volume (2, volume): over the mask, and over the whole box."""
        found = np.empty((2, len(self.truth)))
        for k, (y, p) in enumerate(zip(self.truth, self.prediction, strict=True)):
            squares = np.square(np.subtract(y, p, dtype=np.float64))
            found[:, k] = squares[self.mask].mean(), squares.mean()
        return np.sqrt(found)

    @property
    def constant(self) -> bool:
        """Whether the prediction does not vary over time in any voxel, but for drifts."""
        return not np.nan_to_num(self.r).any()

    def over_volumes(self, score: Callable[[np.ndarray, np.ndarray], float]) -> float:
        """Average a score of single volumes over those that have one; NaN if none has."""
        return mean_of([score(y, p) for y, p in zip(self.truth, self.prediction, strict=True)])


def mean_of(values: Sequence[float] | np.ndarray) -> float:
    """Mean of what is defined; NaN if nothing is."""
    known = np.asarray(values, float).ravel()
    known = known[~np.isnan(known)]
    return float(known.mean()) if known.size else float("nan")


def median_of(values: np.ndarray) -> float:
    """Median of what is defined; NaN if nothing is."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else float("nan")


def value_range(truth: Volumes, mask: np.ndarray) -> float:
    """Largest minus smallest value of volumes (volume, x, y, z) inside a mask."""
    low, high = np.inf, -np.inf
    for volume in truth:
        inside = volume[mask]
        low, high = min(low, float(inside.min())), max(high, float(inside.max()))
    return high - low
