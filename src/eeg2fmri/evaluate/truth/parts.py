"""Say which voxels and regions of a simulated brain follow the EEG, and score these parts by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.evaluate.metrics.measured import Measured
from eeg2fmri.evaluate.significance.drifts import is_constant

#: Sets of voxels and regions whose median temporal r is given beside that over the brain.
PARTS = {
    "grey": "voxels of grey matter",
    "coupled": "voxels of grey matter in regions that follow the EEG",
    "uncoupled": "voxels of grey matter in the other regions",
    "regions": "mean courses of the regions of grey matter",
    "coupled_regions": "mean courses of the regions that follow the EEG",
    "uncoupled_regions": "mean courses of the other regions",
}


@dataclass(frozen=True, eq=False)
class Parts:
    """Which voxels of a simulated recording belong to which region, and which regions follow the EEG.

    Attributes
    ----------
    labels : int array, shape (x, y, z)
        1 + region, 0 outside grey matter.
    coupled : bool array, shape (region,)
        Of the simulation's settings; with a coupling of 0 these do not follow the EEG either.
    """

    labels: np.ndarray
    coupled: np.ndarray

    def score(self, measured: Measured) -> dict[str, float]:
        """Median temporal r of each of `PARTS`, without drifts.

        Returns
        -------
        dict of str to float
            NaN where a part has no voxel or region.
        """
        r, mask = measured.r, measured.mask
        grey = mask & (self.labels > 0) & np.isfinite(r)
        follows = np.append(False, self.coupled)[self.labels]
        found = {
            "grey": _median(r[grey]),
            "coupled": _median(r[grey & follows]),
            "uncoupled": _median(r[grey & ~follows]),
        }
        numbers, by_region = np.zeros(0, int), np.zeros(0)
        if grey.any():
            numbers, member = np.unique(self.labels[grey], return_inverse=True)
            courses = [_courses(volumes, grey, member) for volumes in (measured.truth, measured.prediction)]
            left = (each - measured.drifts @ (measured.drifts.T @ each) for each in courses)
            by_region = np.where(is_constant(courses[1]), 0, column_r(*left))
        of_coupled = self.coupled[numbers - 1]
        return found | {
            "regions": _median(by_region),
            "coupled_regions": _median(by_region[of_coupled]),
            "uncoupled_regions": _median(by_region[~of_coupled]),
        }


@dataclass(frozen=True)
class LeftOut:
    """Why a truth that was found beside the sources of a store is of no use for it."""

    reason: str


def column_r(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Correlation of each column of two arrays (volume, region); 0 where the prediction is constant."""
    a, b = truth - truth.mean(axis=0), prediction - prediction.mean(axis=0)
    size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    # rounding of a constant is no course
    varies = (b**2).sum(axis=0) > 1e-12 * len(b) * prediction.mean(axis=0) ** 2
    return np.divide((a * b).sum(axis=0), size, out=np.zeros_like(size), where=varies & (size > 0))


def _courses(volumes: Any, inside: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Mean over the voxels of each region, one volume at a time: (volume, region)."""
    sizes = np.bincount(member)
    return np.stack([np.bincount(member, volume[inside]) / sizes for volume in volumes])


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if values.size else float("nan")
