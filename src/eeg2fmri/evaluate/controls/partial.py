"""Correlate over time after drifts, and whatever else, have been taken out of both sides."""

from __future__ import annotations

import numpy as np

#: Share of the volumes that regressors may take beside the drifts: what is left would be no measure of r otherwise.
TAKEN = 0.2
#: A deviation below this share of the magnitude of a series is rounding.
ROUNDING = 1e-6


def without(series: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Take an orthonormal basis (volume, column) out of series (volume, ...)."""
    left: np.ndarray = series - basis @ (basis.T @ series)
    return left


def joined(basis: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Add columns to an orthonormal basis.

    Parameters
    ----------
    basis : array, shape (volume, column)
    columns : array, shape (volume, regressor)
        What the basis does not hold of them is scaled to one size, and its principal components are taken: all, or
        the leading ones up to a fifth of the volumes.

    Returns
    -------
    array, shape (volume, column)
        Orthonormal.
    """
    size = np.abs(columns).max(axis=0, initial=0)
    left = without(columns.astype(np.float64), basis)
    norm = np.linalg.norm(left, axis=0)
    kept = norm > ROUNDING * np.sqrt(len(columns)) * np.where(size > 0, size, 1)
    if not kept.any():
        return basis
    vectors, values, _ = np.linalg.svd(left[:, kept] / norm[kept], full_matrices=False)
    known = np.flatnonzero(values > 1e-6 * values[0])[: max(1, int(TAKEN * len(columns)))]
    return np.hstack([basis, vectors[:, known]])


def partial_r(truth: np.ndarray, prediction: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Correlation of series over time after an orthonormal basis was taken out of both.

    Parameters
    ----------
    truth, prediction : array, shape (volume, voxel)
    basis : array, shape (volume, column)

    Returns
    -------
    array, shape (voxel,)
        0 where nothing is left of the prediction, NaN where nothing is left of the truth.
    """
    y, p = without(truth, basis), without(prediction, basis)
    yy, pp, yp = (np.einsum("nv,nv->v", a, b) for a, b in ((y, y), (p, p), (y, p)))
    none = [own <= ROUNDING**2 * np.einsum("nv,nv->v", a, a) for own, a in ((yy, truth), (pp, prediction))]
    empty = none[1] | (pp == 0)
    r = np.where(empty, 0.0, yp / np.sqrt(np.where(empty | none[0], 1, yy * pp)))
    return np.where(none[0] | (yy == 0), np.nan, r)
