"""Correlation over voxels of deviations from the mean volume."""

from __future__ import annotations

from typing import Any

import numpy as np

from eeg2fmri.evaluate.metrics.arrays import as_numpy
from eeg2fmri.evaluate.metrics.moments import ROUNDING, TemporalMoments


def deviation_correlations(y: Any, yhat: Any, mask: np.ndarray, moments: TemporalMoments) -> np.ndarray:
    """Correlate deviations from the mean volume over the voxels of a mask, for each volume.

    With d_t = y_t - mean_t y (voxel by voxel) and dhat_t likewise: the correlation of d_t with dhat_t. It is 0 for a
    prediction without deviation, NaN for a volume that equals the mean of the truth.

    Parameters
    ----------
    y, yhat : array or tensor, shape (volume, x, y, z)
    mask : bool array, shape (x, y, z)
    moments : TemporalMoments
        Of all these volumes.

    Returns
    -------
    array, shape (volume,)
    """
    mean_y, mean_p = moments.mean_truth()[mask], moments.mean_prediction()[mask]
    size_y, size_p = float((mean_y**2).sum()), float((mean_p**2).sum())
    r = np.empty(moments.n_volumes)
    for volume in range(moments.n_volumes):
        d = as_numpy(y[volume])[mask] - mean_y
        dhat = as_numpy(yhat[volume])[mask] - mean_p
        d -= d.mean()
        dhat -= dhat.mean()
        dd, pp, dp = float((d * d).sum()), float((dhat * dhat).sum()), float((d * dhat).sum())
        if dd <= ROUNDING * size_y:
            r[volume] = np.nan
        elif pp <= ROUNDING * size_p:
            r[volume] = 0.0
        else:
            r[volume] = dp / np.sqrt(dd * pp)
    return r
