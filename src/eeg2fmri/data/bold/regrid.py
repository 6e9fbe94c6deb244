"""Volumes on another grid, by cutting or padding their spectrum in the cosine domain.

The field of view stays; the voxels change. The type-II cosine transform samples at voxel centres,
(i + 1/2) / n of the field of view, so voxel i' of the new grid lies at (i' + 1/2) n / n' - 1/2 of the old.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Grid = tuple[int, int, int]


def regrid(volume: np.ndarray, grid: Sequence[int]) -> np.ndarray:
    """Bring a volume to another grid over the same field of view.

    Cutting the spectrum is an ideal low-pass filter (sharp edges ring); padding it interpolates. The mean of
    the volume is kept.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        BOLD units.
    grid : (int, int, int)
        New number of voxels.

    Returns
    -------
    array, shape grid
        In the float type of the volume.
    """
    if volume.shape == tuple(grid):
        return volume
    import scipy.fft  # takes longer than reading a volume, and many stores have the grid of their images

    spectrum = scipy.fft.dctn(volume, type=2, norm="ortho")
    common = tuple(slice(min(old, new)) for old, new in zip(volume.shape, grid, strict=True))
    moved = np.zeros(tuple(grid), spectrum.dtype)
    # orthonormal coefficients grow with the root of the number of voxels: constants stay constant
    moved[common] = spectrum[common] * np.sqrt(moved.size / volume.size).astype(spectrum.dtype)
    return scipy.fft.idctn(moved, type=2, norm="ortho", overwrite_x=True)


def regrid_affine(affine: np.ndarray, shape: Sequence[int], grid: Sequence[int]) -> np.ndarray:
    """Affine of a volume of `shape` after `regrid` to `grid`.

    Parameters
    ----------
    affine : array, shape (4, 4)
        Voxel indices of the old grid to mm.
    shape, grid : (int, int, int)
        Voxels of the old and of the new grid.

    Returns
    -------
    array, shape (4, 4)
        Voxel indices of the new grid to mm.
    """
    step = np.asarray(shape, float) / np.asarray(grid, float)
    new_to_old = np.diag([*step, 1.0])
    new_to_old[:3, 3] = step / 2 - 0.5
    return np.asarray(affine, float) @ new_to_old
