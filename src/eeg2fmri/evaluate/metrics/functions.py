"""Scores of synthesised volumes; each docstring has its formula.

All take numpy arrays or torch tensors. y is the truth, yhat the prediction. Time series have the axes
(volume, x, y, z); they may be memory maps, which are read one volume at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.arrays import as_numpy, checked_mask, same_shape
from eeg2fmri.evaluate.metrics.moments import TemporalMoments
from eeg2fmri.evaluate.metrics.spatial import deviation_correlations
from eeg2fmri.evaluate.metrics.ssim import checked_range, ssim_map, ssim_slices, ssim_volume

__all__ = [
    "TemporalMoments",
    "explained_variance",
    "psnr",
    "rmse",
    "spatial_r",
    "ssim_map",
    "ssim_slices",
    "ssim_volume",
    "temporal_r",
]


def temporal_r(y: Any, yhat: Any, mask: Any | None = None, columns: np.ndarray | None = None) -> np.ndarray:
    """Pearson correlation over volumes at each voxel.

    r = sum_t (y_t - mean y) (yhat_t - mean yhat) / sqrt(sum_t (y_t - mean y)^2 sum_t (yhat_t - mean yhat)^2)

    Anatomy cannot raise it, because the mean of each voxel is removed. A prediction that is constant in time has
    r = 0: it says nothing about time. Where the truth is constant r is not defined: NaN.

    Parameters
    ----------
    y, yhat : array or tensor, shape (volume, x, y, z)
        Truth and prediction of one recording; the unit does not matter.
    mask : bool array, shape (x, y, z), optional
        Voxels to score.
    columns : array, shape (volume, column), optional
        Orthonormal columns over time that are regressed out of both first, such as drifts; the mean by default.

    Returns
    -------
    array, shape (x, y, z)
        NaN outside the mask.

    Raises
    ------
    InputError
        If shapes differ, there are fewer than two volumes, or values inside the mask are not finite.
    """
    return _moments(y, yhat, mask, columns).temporal_r()


def explained_variance(y: Any, yhat: Any, mask: Any | None = None, columns: np.ndarray | None = None) -> np.ndarray:
    """Share of the temporal variance of each voxel that the prediction explains.

    1 - var_t(y - yhat) / var_t(y): the mean over time of each voxel does not count, its amplitude does. A constant
    prediction has 0, one that adds variance is negative; NaN where the truth is constant.

    Parameters, returns and errors are those of `temporal_r`, in one unit for both.
    """
    return _moments(y, yhat, mask, columns).explained_variance()


def spatial_r(y: Any, yhat: Any, mask: Any | None = None) -> np.ndarray:
    """Pearson correlation over voxels of the deviations from the mean volume, for each volume.

    With d_t = y_t - mean_t y (voxel by voxel) and dhat_t likewise: the correlation of d_t with dhat_t over the voxels
    of the mask. It is 0 for a prediction without deviation, NaN for a volume that equals the mean of the truth.

    Parameters
    ----------
    y, yhat : array or tensor, shape (volume, x, y, z)
        Truth and prediction of one recording.
    mask : bool array, shape (x, y, z), optional
        Voxels to score.

    Returns
    -------
    array, shape (volume,)

    Raises
    ------
    InputError
        As `temporal_r`.
    """
    moments = _moments(y, yhat, mask)
    return deviation_correlations(y, yhat, checked_mask(mask, tuple(np.shape(y))[1:]), moments)


def rmse(y: Any, yhat: Any, mask: Any | None = None) -> float:
    """Root mean square error sqrt(mean((y - yhat)^2)), in the unit of the volumes.

    Parameters
    ----------
    y, yhat : array or tensor, shape (..., x, y, z)
        Truth and prediction.
    mask : bool array, shape (x, y, z), optional
        Voxels to score; the whole box by default.

    Raises
    ------
    InputError
        If the shapes differ.
    """
    truth, prediction = same_shape(y, yhat, as_numpy(y).ndim, "(..., x, y, z)")
    if mask is not None:
        inside = checked_mask(mask, truth.shape[-3:])
        truth, prediction = truth[..., inside], prediction[..., inside]
    difference = truth.astype(np.float64) - prediction
    return float(np.sqrt(np.mean(difference**2)))


def psnr(y: Any, yhat: Any, data_range: float, mask: Any | None = None) -> float:
    """Peak signal-to-noise ratio 20 log10(data_range / RMSE), dB; infinite for a perfect prediction.

    Parameters
    ----------
    y, yhat, mask
        As `rmse`.
    data_range : float
        Distance between the smallest and the largest possible value, in the unit of the volumes.

    Raises
    ------
    InputError
        If the shapes differ or the data range is not positive.
    """
    error = rmse(y, yhat, mask)
    return float("inf") if error == 0 else float(20 * np.log10(checked_range(data_range) / error))


def _moments(y: Any, yhat: Any, mask: Any | None, columns: np.ndarray | None = None) -> TemporalMoments:
    if len(np.shape(y)) != 4 or np.shape(y) != np.shape(yhat):
        raise InputError(
            "truth and prediction must have one shape",
            got=f"truth {tuple(np.shape(y))}, prediction {tuple(np.shape(yhat))}",
            expected="(volume, x, y, z)",
        )
    moments = TemporalMoments(checked_mask(mask, tuple(np.shape(y))[1:]), columns)
    for k in range(len(y)):
        moments.update(y[k], yhat[k])
    return moments
