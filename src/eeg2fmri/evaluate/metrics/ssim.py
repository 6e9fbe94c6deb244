"""Structural similarity (Wang et al., IEEE Trans Image Process 13, 2004): of axial slices, and of whole volumes.

SSIM = (2 m_y m_p + C1) (2 s_yp + C2) / ((m_y^2 + m_p^2 + C1) (s_yy + s_pp + C2)) with means m and covariances s
under an 11-wide Gaussian window of sigma 1.5, C1 = (0.01 L)^2, C2 = (0.03 L)^2 and L the data range.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.arrays import as_numpy, checked_mask, same_shape

WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03


def ssim_slices(y: Any, yhat: Any, every: int = 3) -> np.ndarray:
    """SSIM of axial slices, the protocol behind the published tables of EEG-to-fMRI synthesis.

    Every `every`-th slice along z from the first on; 11 x 11 window inside the slice only; the data range of a
    slice is the largest value of the two slices. Background counts as much as brain, so this measures anatomy.

    Parameters
    ----------
    y, yhat : array or tensor, shape (x, y, z)
        Truth and prediction, one unit.
    every : int
        Step between slices.

    Returns
    -------
    array, shape (slice,)
        NaN for a slice that is empty (all zero or below) in both, as slices outside a brain mask are. Take the mean of
        the others for one score of the volume.

    Raises
    ------
    InputError
        If the shapes differ or a slice is smaller than the window.
    """
    truth, prediction = same_shape(y, yhat, 3, "(x, y, z)")
    if min(truth.shape[:2]) < WINDOW:
        raise InputError(
            "the slices are smaller than the window of SSIM",
            got=f"{truth.shape[0]} x {truth.shape[1]} voxels",
            expected=f"at least {WINDOW} x {WINDOW}",
        )
    a = np.moveaxis(truth[..., ::every], -1, 0).astype(np.float64)
    b = np.moveaxis(prediction[..., ::every], -1, 0).astype(np.float64)
    largest = np.maximum(a.max(axis=(1, 2)), b.max(axis=(1, 2)))
    full = largest > 0
    filters = (_inside(a.shape[1]), _inside(a.shape[2]))
    similarity = np.full(len(a), np.nan)
    similarity[full] = _similarity(
        a[full], b[full], largest[full, None, None], lambda image: filters[0] @ image @ filters[1].T
    ).mean(axis=(1, 2))
    return similarity


def ssim_volume(
    y: Any, yhat: Any, data_range: float, mask: Any | None = None, *, precision: type[np.floating] = np.float64
) -> float:
    """Mean over a mask of `ssim_map`: SSIM in three dimensions."""
    inside = checked_mask(mask, np.shape(y))
    box = _surroundings(inside)
    similarity = ssim_map(as_numpy(y)[box], as_numpy(yhat)[box], data_range, precision=precision)
    return float(similarity[inside[box]].mean(dtype=np.float64))


def ssim_map(y: Any, yhat: Any, data_range: float, *, precision: type[np.floating] = np.float64) -> np.ndarray:
    """SSIM in an 11 x 11 x 11 window around each voxel, volumes mirrored at their borders.

    Parameters
    ----------
    y, yhat : array or tensor, shape (x, y, z)
        Truth and prediction, one unit.
    data_range : float
        Distance between the smallest and the largest possible value, in the same unit.
    precision : numpy float type
        Of the computation. float32 takes a quarter of the time, and is off by about 1e-5 as long as values are not
        much larger than the data range.

    Returns
    -------
    array, shape (x, y, z)

    Raises
    ------
    InputError
        If the shapes differ or the data range is not positive.
    """
    truth, prediction = same_shape(y, yhat, 3, "(x, y, z)")
    a, b = truth.astype(precision), prediction.astype(precision)
    filters = tuple(_mirrored(n).astype(precision) for n in a.shape)
    return _similarity(a, b, checked_range(data_range), lambda volume: _along_axes(volume, filters))


def checked_range(data_range: float) -> float:
    """Give the data range.

    Raises
    ------
    InputError
        If it is not positive.
    """
    if not np.isfinite(data_range) or data_range <= 0:
        raise InputError("the data range must be positive", got=str(data_range))
    return float(data_range)


def _similarity(a: np.ndarray, b: np.ndarray, data_range: Any, smooth: Any) -> np.ndarray:
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    mean_a, mean_b = smooth(a), smooth(b)
    product = mean_a * mean_b
    squares = mean_a**2 + mean_b**2
    variances = smooth(a * a + b * b) - squares
    covariance = smooth(a * b) - product
    similarity: np.ndarray = (2 * product + c1) * (2 * covariance + c2) / ((squares + c1) * (variances + c2))
    return similarity


def _surroundings(mask: np.ndarray) -> tuple[slice, ...]:
    """Box around a mask with room for half a window: what lies farther away does not count."""
    box = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        found = np.flatnonzero(mask.any(axis=others))
        box.append(slice(max(0, int(found[0]) - WINDOW // 2), int(found[-1]) + WINDOW // 2 + 1))
    return tuple(box)


def _along_axes(volume: np.ndarray, filters: tuple[np.ndarray, ...]) -> np.ndarray:
    fx, fy, fz = filters
    nx, ny, nz = volume.shape
    along_x = (fx @ volume.reshape(nx, ny * nz)).reshape(nx, ny, nz)
    along_z: np.ndarray = fy @ (along_x @ fz.T)
    return along_z


def _kernel() -> np.ndarray:
    offsets = np.arange(WINDOW) - WINDOW // 2
    weights = np.exp(-(offsets**2) / (2 * SIGMA**2))
    normed: np.ndarray = weights / weights.sum()
    return normed


@lru_cache(maxsize=16)
def _inside(n: int) -> np.ndarray:
    """Gaussian filter (n - 10, n) at the positions where the window lies inside."""
    matrix = np.zeros((n - WINDOW + 1, n))
    for row in range(len(matrix)):
        matrix[row, row : row + WINDOW] = _kernel()
    return matrix


@lru_cache(maxsize=16)
def _mirrored(n: int) -> np.ndarray:
    """Gaussian filter (n, n) of a signal that is mirrored at its ends: d c b a | a b c d | d c b a."""
    matrix = np.zeros((n, n))
    half = WINDOW // 2
    for row in range(n):
        position = np.arange(row - half, row + half + 1) % (2 * n)
        np.add.at(matrix[row], np.where(position < n, position, 2 * n - 1 - position), _kernel())
    return matrix
