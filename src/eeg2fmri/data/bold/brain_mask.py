"""Find the voxels that are brain."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import ndimage

from eeg2fmri.core.errors import InputError

#: Share of the sorted values between which the gap of the histogram is looked for.
GAP_BETWEEN = (0.2, 0.85)
#: Full width at half maximum of the smoothing before, voxels.
FWHM = 1.0
#: Smallest grid on which the opening (two erosions, two dilations) leaves anything of a brain.
SMALLEST_OPENED = 16


def brain_mask(
    voxel_mean: np.ndarray,
    voxel_std: np.ndarray,
    rule: Literal["epi", "varying"],
    where: str = "",
) -> np.ndarray:
    """Find the brain in the mean volume of a recording.

    Parameters
    ----------
    voxel_mean, voxel_std : array, shape (x, y, z)
        Over volumes, BOLD units.
    rule : {"epi", "varying"}
        ``epi``: `histogram_mask`, a threshold in the widest gap of the histogram of the mean volume, its largest
        connected part, opened on grids of 16 or more voxels along every axis.
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
        opened = 2 if min(voxel_mean.shape) >= SMALLEST_OPENED else 0
        mask = histogram_mask(voxel_mean.astype(np.float32), opened) & varying
    if not mask.any():
        raise InputError(
            "no brain was found in the mean volume",
            where=where,
            got=f"mean volume from {voxel_mean.min():g} to {voxel_mean.max():g}",
            expected="a bright brain on a dark ground",
            hint="for volumes that are cut to the brain already, set mask: varying",
        )
    return mask


def histogram_mask(mean: np.ndarray, opened: int) -> np.ndarray:
    """Find the bright body in a mean EPI volume.

    The threshold lies in the middle of the widest gap between neighbouring values of the sorted volume, looked for
    between the 20th and the 85th percentile (the heuristic of T. Nichols that SPM users know, and nilearn's
    `compute_epi_mask`, which this agrees with voxel by voxel). Of what is above it, eroded, the largest part whose
    voxels share faces is kept, then dilated beyond its edge and eroded back, which fills small holes.

    Parameters
    ----------
    mean : array, shape (x, y, z)
        BOLD units.
    opened : int
        Erosions; twice as many dilations follow. 0 leaves the smoothing out too.

    Returns
    -------
    bool array, shape (x, y, z)
        May be empty.
    """
    if opened:
        for axis in range(3):
            mean = ndimage.gaussian_filter1d(mean, FWHM / np.sqrt(8 * np.log(2)), axis=axis)
    values = np.sort(mean, axis=None)
    first, last = int(GAP_BETWEEN[0] * len(values)), min(int(GAP_BETWEEN[1] * len(values)), len(values) - 1)
    if last <= first:
        return np.zeros(mean.shape, bool)
    below = first + int(np.argmax(np.diff(values[first : last + 1])))
    mask = mean >= 0.5 * (values[below] + values[below + 1])
    if opened:
        mask = ndimage.binary_erosion(mask, iterations=opened)
    parts, n_parts = ndimage.label(mask)
    if n_parts > 1:
        mask = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
    if opened:
        mask = ndimage.binary_dilation(mask, iterations=2 * opened)
        mask = ndimage.binary_erosion(mask, iterations=opened)
    return np.asarray(mask, bool)
