"""Stacking: predictions of several regressions, weighed by how well they predict groups they were not fitted to.

Wolpert, Neural Networks 5, 1992; with non-negative weights: Breiman, Machine Learning 24, 1996.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def stacking_moments(
    predictions: Sequence[np.ndarray], target: np.ndarray, voxels: np.ndarray | float = 1.0
) -> np.ndarray:
    """Multiply the predictions of a group with each other and with its targets; moments of groups add up.

    Parameters
    ----------
    predictions : sequence over families of array, shape (pair, voxel)
        Of the group from the others. Means over pairs do not count.
    target : array, shape (pair, voxel)
    voxels : array, shape (voxel,), or float
        How much each voxel counts.

    Returns
    -------
    array, shape (family, family + 1)
        The last column is that of the targets.
    """
    centred = [_centred(one) for one in predictions]
    y = _centred(target) * voxels
    moments = np.zeros((len(centred), len(centred) + 1))
    for i, own in enumerate(centred):
        moments[i, -1] = np.vdot(own, y)
        weighed = own * voxels
        for j, other in enumerate(centred[: i + 1]):
            moments[i, j] = moments[j, i] = np.vdot(weighed, other)
    return moments


def stacking_weights(moments: np.ndarray) -> np.ndarray:
    """Find the non-negative weights (family,) whose weighted sum of predictions is nearest to the targets.

    The same for all voxels. A family that follows the targets the wrong way round gets none; all are 0 where nothing
    carries over from group to group.

    Parameters
    ----------
    moments : array, shape (family, family + 1)
        See `stacking_moments`.
    """
    from scipy.optimize import nnls

    gram, right = moments[:, :-1], moments[:, -1]
    # least squares of a system with the same normal equations
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-10 * max(float(values[-1]), np.finfo(float).tiny)
    if not kept.any():
        return np.zeros(len(right))
    root = np.sqrt(values[kept])
    weights: np.ndarray = nnls(root[:, None] * vectors[:, kept].T, (vectors[:, kept].T @ right) / root)[0]
    return weights


def _centred(values: np.ndarray) -> np.ndarray:
    return np.asarray(values - values.mean(axis=0), np.float64)
