"""Regions of an atlas: their time courses, and how alike two functional connectivities are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.arrays import as_numpy

#: Share of the largest eigenvalue below which maps hold nothing that others do not.
RANK = 1e-10
#: Size of what a template leaves of two connectivities below which it is rounding.
LEFT = 1e-12


@dataclass(frozen=True, eq=False)
class Regions:
    """Regions of an atlas on the grid of the volumes.

    Attributes
    ----------
    numbers : int array, shape (region,)
    names : tuple of str, length region
    values : int array, shape (x, y, z), or float array, shape (x, y, z, region)
        Number of the region of each voxel, 0 for none; or a map for each region.
    """

    numbers: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray

    def courses(self, volumes: Any, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the course of each region: the mean over its voxels, or its weight in a sum of maps (least squares).

        Parameters
        ----------
        volumes : array or tensor, shape (volume, x, y, z)
        mask : bool array, shape (x, y, z)
            Voxels that count.

        Returns
        -------
        kept : int array, shape (region,)
            Positions of the regions that have a voxel inside the mask.
        courses : array, shape (volume, region)
            As nilearn's NiftiLabelsMasker and NiftiMapsMasker give them.

        Raises
        ------
        InputError
            If the grids differ or no region has a voxel inside the mask.
        """
        if self.values.ndim == 3:
            numbers, found = region_courses(volumes, self.values, mask)
            return np.searchsorted(self.numbers, numbers), found
        inside = mask.astype(bool) & self.values.any(axis=-1)
        weights = self.values[inside].astype(np.float64)
        kept = np.flatnonzero(weights.any(axis=0))
        if not kept.size:
            raise InputError("no region of the atlas has a voxel inside the mask")
        weights = weights[:, kept]
        solved = np.linalg.pinv(weights.T @ weights, rcond=RANK, hermitian=True)
        sums = np.stack([weights.T @ as_numpy(volume)[inside].astype(np.float64) for volume in volumes])
        return kept, sums @ solved

    def voxels(self, position: int) -> np.ndarray:
        """Voxels (x, y, z) of a region; of a map those where it has half of its largest weight or more."""
        if self.values.ndim == 3:
            found: np.ndarray = self.values == self.numbers[position]
            return found
        of_map: np.ndarray = self.values[..., position] >= self.values[..., position].max() / 2
        return of_map


def region_courses(volumes: Any, labels: np.ndarray, mask: Any | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the voxels of each region, volume by volume.

    Parameters
    ----------
    volumes : array or tensor, shape (volume, x, y, z)
    labels : int array, shape (x, y, z)
        0 is background.
    mask : bool array, shape (x, y, z), optional
        Voxels that count.

    Returns
    -------
    regions : int array, shape (region,)
        Labels that have a voxel.
    courses : array, shape (volume, region)

    Raises
    ------
    InputError
        If the labels are on another grid or no region has a voxel.
    """
    if labels.shape != tuple(np.shape(volumes))[1:]:
        raise InputError(
            "the atlas is on another grid", got=str(labels.shape), expected=str(tuple(np.shape(volumes))[1:])
        )
    inside = labels != 0
    if mask is not None:
        inside &= as_numpy(mask).astype(bool)
    if not inside.any():
        raise InputError("no region of the atlas has a voxel inside the mask")
    regions, member = np.unique(labels[inside], return_inverse=True)
    sizes = np.bincount(member)
    courses = np.stack([np.bincount(member, as_numpy(volume)[inside]) / sizes for volume in volumes])
    return regions, courses


def connectivity_similarity(first: Any, second: Any) -> float:
    """Correlation of two functional connectivities.

    Pearson correlation between the upper triangles of the correlation matrices of both sets of courses. A prediction
    of rank one has a connectivity of nothing but -1 and 1, so this says how much of the structure is there, not when.

    Parameters
    ----------
    first, second : array or tensor, shape (volume, region)
        Courses of the same regions; at least three.

    Returns
    -------
    float
        NaN if a region is constant in either.

    Raises
    ------
    InputError
        If the regions differ in number or are fewer than three.
    """
    first, second = as_numpy(first), as_numpy(second)
    if first.shape[1] != second.shape[1] or first.shape[1] < 3:
        raise InputError(
            "connectivities need the same regions, at least three", got=f"{first.shape[1]} and {second.shape[1]}"
        )
    if any((np.ptp(each, axis=0) == 0).any() for each in (first, second)):
        return float("nan")
    upper = np.triu_indices(first.shape[1], 1)
    a, b = (np.corrcoef(each, rowvar=False)[upper] for each in (first, second))
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def similarity_over(first: Any, second: Any, template: np.ndarray) -> float:
    """Correlate what two functional connectivities have beyond a template.

    Connectivities of all people are alike, so that a template correlates with each. The template is regressed out of
    both upper triangles before they are correlated.

    Parameters
    ----------
    first, second : array or tensor, shape (volume, region)
        Courses of the same regions; at least three.
    template : array, shape (region, region)
        Mean correlation matrix of other people.

    Returns
    -------
    float
        NaN if a region is constant in either, or nothing is left of one of them.
    """
    first, second = as_numpy(first), as_numpy(second)
    if any((np.ptp(each, axis=0) == 0).any() for each in (first, second)):
        return float("nan")
    upper = np.triu_indices(first.shape[1], 1)
    design = np.column_stack([np.ones(len(upper[0])), template[upper]])
    each = [np.corrcoef(courses, rowvar=False)[upper] for courses in (first, second)]
    a, b = (values - design @ np.linalg.lstsq(design, values, rcond=None)[0] for values in each)
    sizes = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b / sizes) if sizes > LEFT else float("nan")
