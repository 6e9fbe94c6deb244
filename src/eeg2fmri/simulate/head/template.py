"""The anatomy that every simulated subject is a variant of: tissue of the MNI152 template."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

#: Edge of a template voxel, mm.
VOXEL_MM = 2


@dataclass(frozen=True)
class Template:
    """Tissue maps of the MNI ICBM152 2009a symmetric template (Fonov et al., NeuroImage 54, 2011).

    Attributes
    ----------
    grey, white, csf : array, shape (x, y, z)
        Fraction of the voxel, 0 to 1; csf is what is left of the brain.
    scalp : array, shape (x, y, z)
        1 in a shell around the brain: the template has no head, an image has one.
    t1 : array, shape (x, y, z)
        T1-weighted intensity of the brain, 0 to 1.
    affine : array, shape (4, 4)
        Voxel indices to MNI152 coordinates, mm.
    """

    grey: np.ndarray
    white: np.ndarray
    csf: np.ndarray
    scalp: np.ndarray
    t1: np.ndarray
    affine: np.ndarray

    def to_voxel(self, points: np.ndarray) -> np.ndarray:
        """Turn MNI152 coordinates, mm, shape (..., 3), into fractional voxel indices of the same shape."""
        return (points - self.affine[:3, 3]) / VOXEL_MM

    def to_mni(self, voxels: np.ndarray) -> np.ndarray:
        """Turn voxel indices, shape (..., 3), into MNI152 coordinates, mm, of the same shape."""
        return voxels * VOXEL_MM + self.affine[:3, 3]


@lru_cache(maxsize=1)
def template() -> Template:
    """Load the template that ships with nilearn (read-only, kept for the next call)."""
    from nilearn import datasets
    from scipy import ndimage

    t1_image = datasets.load_mni152_template(resolution=1)
    t1 = _halve(t1_image)
    grey = _halve(datasets.load_mni152_gm_template(resolution=1))
    white = _halve(datasets.load_mni152_wm_template(resolution=1))
    brain = ndimage.binary_fill_holes(np.maximum(t1, grey + white) > 0.1)
    distance = ndimage.distance_transform_edt(~brain, sampling=VOXEL_MM)
    affine = t1_image.affine.copy()
    affine[:3, :3] *= VOXEL_MM
    affine[:3, 3] += (VOXEL_MM - 1) / 2  # a block's centre lies between its first and its last voxel
    arrays = {
        "grey": grey,
        "white": white,
        "csf": np.clip(brain - grey - white, 0, 1).astype(np.float32),
        "scalp": ((distance > 6) & (distance < 13)).astype(np.float32),
        "t1": t1 * brain,
        "affine": affine,
    }
    for array in arrays.values():
        array.setflags(write=False)
    return Template(**arrays)


def _halve(image: object) -> np.ndarray:
    """Average blocks of 2 x 2 x 2 voxels of 1 mm."""
    data = np.asarray(image.get_fdata(dtype=np.float32))  # type: ignore[attr-defined]
    x, y, z = (size // VOXEL_MM for size in data.shape)
    blocks = data[: x * VOXEL_MM, : y * VOXEL_MM, : z * VOXEL_MM]
    return blocks.reshape(x, VOXEL_MM, y, VOXEL_MM, z, VOXEL_MM).mean(axis=(1, 3, 5))
