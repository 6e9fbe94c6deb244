"""Which voxels are brain."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np

from eeg2fmri.core.errors import InputError

#: Smallest grid on which nilearn's opening (two erosions, two dilations) leaves anything of a brain.
SMALLEST_OPENED = 16


def brain_mask(
    voxel_mean: np.ndarray,
    voxel_std: np.ndarray,
    affine: np.ndarray,
    rule: Literal["epi", "varying"],
    where: str = "",
) -> np.ndarray:
    """Find the brain in the mean volume of a recording.

    Parameters
    ----------
    voxel_mean, voxel_std : array, shape (x, y, z)
        Over volumes, BOLD units.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    rule : {"epi", "varying"}
        ``epi``: `nilearn.masking.compute_epi_mask`, a threshold in the widest gap of the histogram of the
        mean volume, its largest connected part, opened on grids of 16 or more voxels along every axis.
        ``varying``: every voxel that varies over time.
    where : str
        Name of the recording, for the error.

    Returns
    -------
    bool array, shape (x, y, z)
        Voxels that are brain and vary over time.

    Raises
    ------
    InputError
        If no voxel is left.
    """
    varying = voxel_std > 1e-6 * np.abs(voxel_mean)
    mask = varying
    if rule == "epi":
        import nibabel
        from nilearn.masking import compute_epi_mask

        opening = 2 if min(voxel_mean.shape) >= SMALLEST_OPENED else False
        image = nibabel.Nifti1Image(voxel_mean.astype(np.float32), affine)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # nilearn warns of an empty mask, which is an error below
            found = compute_epi_mask(image, opening=opening)
        mask = np.asarray(found.dataobj).astype(bool) & varying
    if not mask.any():
        raise InputError(
            "no brain was found in the mean volume",
            where=where,
            got=f"mean volume from {voxel_mean.min():g} to {voxel_mean.max():g}",
            expected="a bright brain on a dark ground",
            hint="for volumes that are cut to the brain already, set mask: varying",
        )
    return mask
