"""Stacking: predictions of several regressions, weighed by how well they predict groups they were not fitted to.

Wolpert, Neural Networks 5, 1992; with non-negative weights: Breiman, Machine Learning 24, 1996.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def stacking_weights(predictions: Sequence[Sequence[np.ndarray]], targets: Sequence[np.ndarray]) -> np.ndarray:
    """Find the non-negative weights of families whose weighted sum is nearest to the targets.

    Parameters
    ----------
    predictions : sequence over families of sequences over groups of array, shape (pair, voxel)
        Of each group from the others; a family that follows a target the wrong way round gets no weight.
    targets : sequence over groups of array, shape (pair, voxel)

    Returns
    -------
    array, shape (family,)
        The same for all voxels; all 0 where nothing carries over from group to group. Means over the pairs of a group
        do not count.
    """
    from scipy.optimize import nnls

    n_families = len(predictions)
    gram, right = np.zeros((n_families, n_families)), np.zeros(n_families)
    for group, target in enumerate(targets):
        centred = [_centred(family[group]) for family in predictions]
        y = _centred(target)
        for i, own in enumerate(centred):
            right[i] += np.vdot(own, y)
            for j, other in enumerate(centred[: i + 1]):
                gram[i, j] += np.vdot(own, other)
    gram += np.tril(gram, -1).T
    # least squares of a system with the same normal equations
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-10 * max(float(values[-1]), np.finfo(float).tiny)
    if not kept.any():
        return np.zeros(n_families)
    root = np.sqrt(values[kept])
    weights: np.ndarray = nnls(root[:, None] * vectors[:, kept].T, (vectors[:, kept].T @ right) / root)[0]
    return weights


def _centred(values: np.ndarray) -> np.ndarray:
    return np.asarray(values - values.mean(axis=0), np.float64)
