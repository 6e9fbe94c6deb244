"""Regions of an atlas: their time courses, and how alike two functional connectivities are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.headers import load_nifti
from eeg2fmri.data.bold.spaces import nearest_on, refuse_no_overlap, space_problem
from eeg2fmri.evaluate.metrics.arrays import as_numpy


def read_atlas(path: str | Path, grid: tuple[int, int, int], affine: np.ndarray, space: str = "unknown") -> np.ndarray:
    """Read an atlas and bring its labels to a grid, nearest neighbour.

    Parameters
    ----------
    path : path
        3-D NIfTI image of labels; 0 is background. It must be in the space of the volumes.
    grid : (x, y, z)
    affine : array, shape (4, 4)
        Voxel indices of the grid to mm.
    space : str
        Of the volumes; an atlas that says that it is in another one is refused.

    Returns
    -------
    int array, shape (x, y, z)
        0 outside the atlas.

    Raises
    ------
    InputError
        If the image is no atlas or does not overlap the grid.
    """
    image = load_nifti(Path(path), [])
    values = np.asarray(image.dataobj)
    if values.ndim != 3 or not np.array_equal(values, np.round(values)):
        raise InputError(
            "the image is no atlas", where=str(path), got=str(values.shape), expected="three axes of whole numbers"
        )
    problem = space_problem(Path(path), image, space, "the atlas")
    if problem is not None:
        raise InputError.of([problem])
    labels = nearest_on(values.astype(np.int64), np.asarray(image.affine, float), affine, grid)
    refuse_no_overlap(labels, Path(path), "the atlas")
    return labels


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
