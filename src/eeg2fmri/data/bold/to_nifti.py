"""Volumes to a 4-D NIfTI image: affine and TR in the header, units named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nibabel import Nifti1Image


def volumes_to_image(volumes: np.ndarray, affine: np.ndarray, tr: float, start_s: float = 0.0) -> Nifti1Image:
    """Make a 4-D NIfTI image of a series of volumes.

    Parameters
    ----------
    volumes : array, shape (volume, x, y, z)
        Values in the unit that the image is to have.
    affine : array, shape (4, 4)
        Voxel indices to scanner or template coordinates, mm.
    tr : float
        Time between volumes, s.
    start_s : float
        Time of the first volume on the clock of the recording, s; kept in the header as ``toffset``.

    Returns
    -------
    nibabel.Nifti1Image, shape (x, y, z, volume), float32
    """
    import nibabel

    image = nibabel.Nifti1Image(np.moveaxis(np.asarray(volumes, np.float32), 0, -1), np.asarray(affine, float))
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_zooms((*image.header.get_zooms()[:3], tr))
    image.header["toffset"] = start_s
    return image
