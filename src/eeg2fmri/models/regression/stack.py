"""Stacking: predictions of several regressions, weighed by how well they predict groups they were not fitted to.

Wolpert, Neural Networks 5, 1992; with non-negative weights: Breiman, Machine Learning 24, 1996.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def stacking_weights(
    predictions: Sequence[Sequence[np.ndarray]],
    targets: Sequence[np.ndarray],
    voxels: Sequence[np.ndarray] | None = None,
) -> np.ndarray:
    """Find the non-negative weights of families whose weighted sum is nearest to the targets.

    Parameters
    ----------
    predictions : sequence over families of sequences over groups of array, shape (pair, voxel)
        Of each group from the others; a family that follows a target the wrong way round gets no weight.
    targets : sequence over groups of array, shape (pair, voxel)
    voxels : sequence over groups of array, shape (voxel,), optional
        How much each voxel counts; all the same by default.

    Returns
    -------
    array, shape (family,)
        The same for all voxels; all 0 where nothing carries over from group to group. Means over the pairs of a group
        do not count.
    """
    return stacking_weights_of(*stacking_moments(predictions, targets, voxels))


def stacking_moments(
    predictions: Sequence[Sequence[np.ndarray]],
    targets: Sequence[np.ndarray],
    voxels: Sequence[np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Multiply predictions with each other (family, family), and with the targets (family,); as `stacking_weights`."""
    n_families = len(predictions)
    gram, right = np.zeros((n_families, n_families)), np.zeros(n_families)
    for group, target in enumerate(targets):
        centred = [_centred(family[group]) for family in predictions]
        y = _centred(target)
        if voxels is not None:
            y *= voxels[group]
        for i, own in enumerate(centred):
            right[i] += np.vdot(own, y)
            weighed = own if voxels is None else own * voxels[group]
            for j, other in enumerate(centred[: i + 1]):
                gram[i, j] += np.vdot(weighed, other)
    return gram + np.tril(gram, -1).T, right


def stacking_weights_of(gram: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve for the weights (family,) of moments; see `stacking_moments`."""
    from scipy.optimize import nnls

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
