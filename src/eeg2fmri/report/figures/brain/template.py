"""Lay a template of the anatomy under maps that are in its space."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

#: What the template is called: the spaces of the MNI152 family lie within a few mm of each other.
LABEL = "MNI ICBM152 2009a"
#: Edge of its voxels, mm: a page carries it.
VOXEL_MM = 2


def fits(space: str) -> bool:
    """Say whether a space is one of the MNI152 family, whose template is at hand."""
    return space.startswith("MNI152")


@lru_cache(maxsize=1)
def template() -> tuple[np.ndarray, np.ndarray]:
    """Load the head that ships with nilearn, cut to its brain.

    Returns
    -------
    intensity : array, shape (x, y, z)
        0 to 1; 0 outside the brain.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    """
    from nilearn import datasets

    image = datasets.load_mni152_template(resolution=VOXEL_MM)
    head = np.asarray(image.dataobj, dtype=np.float32)
    inside = np.argwhere(head > 0)
    low, high = inside.min(axis=0), inside.max(axis=0) + 1
    affine = np.array(image.affine, dtype=float)
    affine[:3, 3] += affine[:3, :3] @ low
    cut = head[tuple(slice(*ends) for ends in zip(low, high, strict=True))]
    return cut / cut.max(), affine


def under(shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """Put the template on the voxels (x, y, z) of a map."""
    from scipy.ndimage import affine_transform

    head, own = template()
    to_head = np.linalg.inv(own) @ affine
    return np.asarray(affine_transform(head, to_head[:3, :3], to_head[:3, 3], output_shape=shape, order=1))


def refined(volume: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Divide voxels so that the details of the template fit between them; nothing is interpolated.

    Returns
    -------
    volume : array, shape (x, y, z)
    affine : array, shape (4, 4)
    """
    parts = [max(1, round(float(size) / VOXEL_MM)) for size in np.linalg.norm(affine[:3, :3], axis=0)]
    for axis, times in enumerate(parts):
        volume = np.repeat(volume, times, axis=axis)
    smaller = np.diag([*(1 / times for times in parts), 1.0])
    smaller[:3, 3] = [(1 / times - 1) / 2 for times in parts]
    return volume, affine @ smaller
