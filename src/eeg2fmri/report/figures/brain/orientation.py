"""Volumes in the orientation that pictures need: the reader's left is the subject's left, slices named in mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError


@dataclass(frozen=True)
class AxialSlice:
    """One slice ready for `imshow(origin="lower")`.

    Attributes
    ----------
    pixels : array, shape (y, x)
        Rows run from posterior to anterior, columns from left to right.
    z_mm : float
        Height of the slice's centre in scanner or template space, mm.
    """

    pixels: np.ndarray
    z_mm: float


def to_ras(array: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Flip and permute the first three axes so that they run to the right, to the front and upwards.

    Nothing is resampled: an oblique volume keeps its voxels and is shown along its nearest axes.

    Parameters
    ----------
    array : array, shape (x, y, z, ...)
        Voxels along the axes of the file.
    affine : array, shape (4, 4)
        Voxel indices to mm, x to the right, y to the front, z up.

    Returns
    -------
    array, affine
        The same voxels, and the affine that belongs to their new order.

    Raises
    ------
    InputError
        If the affine is not 4 x 4 or is singular, or the array has fewer than three axes.
    """
    array, affine = np.asarray(array), np.asarray(affine, dtype=float)
    if affine.shape != (4, 4) or abs(np.linalg.det(affine)) < 1e-12:
        raise InputError("the affine of a volume is not invertible", got=str(affine.tolist()), expected="4 x 4 matrix")
    if array.ndim < 3:
        raise InputError("a volume needs three axes", got=f"shape {array.shape}", expected="(x, y, z)")
    axes, signs = _nearest_axes(affine)
    change = np.zeros((4, 4))
    change[3, 3] = 1.0
    for world, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
        change[axis, world] = sign
        change[axis, 3] = 0.0 if sign > 0 else array.shape[axis] - 1.0
    turned = array.transpose(*axes, *range(3, array.ndim))
    turned = turned[tuple(slice(None, None, int(sign)) for sign in signs)]
    return turned, affine @ change


def _nearest_axes(affine: np.ndarray) -> tuple[list[int], list[float]]:
    """For each world axis the voxel axis nearest to it, each used once, and its direction."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    strength = np.abs(directions)
    axes = [-1, -1, -1]
    for _ in range(3):
        world, axis = np.unravel_index(np.argmax(strength), (3, 3))
        axes[world] = int(axis)
        strength[world, :] = -1
        strength[:, axis] = -1
    return axes, [float(np.sign(directions[world, axis]) or 1.0) for world, axis in enumerate(axes)]


def axial_slices(volume: np.ndarray, affine: np.ndarray, indices: list[int]) -> list[AxialSlice]:
    """Cut axial slices out of a volume that `to_ras` has turned.

    Parameters
    ----------
    volume : array, shape (x, y, z)
        In RAS order.
    affine : array, shape (4, 4)
        Affine in RAS order.
    indices : list of int
        Slices along z.
    """
    centre = (np.array(volume.shape) - 1) / 2
    return [
        AxialSlice(volume[:, :, k].T, float((affine @ np.array([centre[0], centre[1], k, 1.0]))[2])) for k in indices
    ]


def chosen_slices(shown: np.ndarray, count: int) -> list[int]:
    """Pick axial slices spread evenly over the part of the brain that fills them.

    Parameters
    ----------
    shown : bool array, shape (x, y, z)
        Voxels worth seeing, RAS order.
    count : int
        Number of slices wanted; fewer come back if the volume has fewer.
    """
    area = shown.sum(axis=(0, 1))
    full = np.flatnonzero(area >= 0.25 * area.max()) if area.max() > 0 else np.arange(shown.shape[2])
    return sorted({round(float(k)) for k in np.linspace(full[0], full[-1], min(count, len(full)))})


def bounding_box(shown: np.ndarray, margin: int = 1) -> tuple[slice, slice, slice]:
    """Return the smallest box that holds every True voxel, and `margin` more; the whole box if there is none."""
    if not shown.any():
        return (slice(None), slice(None), slice(None))
    box = []
    for axis in range(3):
        inside = np.flatnonzero(shown.any(axis=tuple(other for other in range(3) if other != axis)))
        box.append(slice(max(int(inside[0]) - margin, 0), int(inside[-1]) + margin + 1))
    return box[0], box[1], box[2]


def pixel_aspect(affine: np.ndarray) -> float:
    """Height over width of a pixel of an axial slice in RAS order, so that heads keep their shape."""
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    return float(sizes[1] / sizes[0])
