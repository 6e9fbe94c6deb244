"""Few directions of many features."""

from __future__ import annotations

import numpy as np

from eeg2fmri.core.random import generator

#: Directions beside those wanted, and rounds of the iteration.
OVERSAMPLING, ROUNDS = 32, 2


def principal_directions(features: np.ndarray, n_directions: int) -> np.ndarray:
    """Find the directions in which features vary most, by subspace iteration from a fixed random start.

    Halko, Martinsson and Tropp, SIAM Review 53, 2011. A ridge regression shrinks the directions that are left out most.

    Parameters
    ----------
    features : array, shape (pair, feature)
        Of zero mean.
    n_directions : int
        Fewer than features.

    Returns
    -------
    array of float32, shape (feature, direction)
        Orthonormal.
    """
    n_features = features.shape[1]
    rng = generator(0, "directions of features")
    found = rng.standard_normal((n_features, min(n_features, n_directions + OVERSAMPLING))).astype(np.float32)
    for _ in range(ROUNDS):
        found = np.linalg.qr(features.T @ (features @ found))[0]
    _, values, right = np.linalg.svd(np.linalg.qr(features @ found)[1], full_matrices=False)
    del values
    return np.asarray(found @ right[:n_directions].T, np.float32)
