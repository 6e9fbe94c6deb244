"""Ridge regressions whose penalty grows with the distance between electrode and voxel, one for each cell of voxels.

y = w . f with a Normal prior on every weight: its deviation falls from the electrodes above a voxel to those far
away (`locality`). The posterior mean of all voxels of a cell is one linear system.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eeg2fmri.models.regression.moments import Moments, penalised_factor


def local_weights(moments: Moments, deviation: np.ndarray, label: np.ndarray, penalty: float) -> np.ndarray:
    """Solve for the weights of every voxel, shape (feature, voxel), float32.

    Parameters
    ----------
    moments : Moments
    deviation : array, shape (cell, feature)
        Prior deviations.
    label : int array, shape (voxel,)
        Cell of each voxel.
    penalty : float
        As in `Moments.weights`, of features that are multiplied by their deviation.
    """
    from scipy.linalg import cho_solve

    weights = np.zeros(moments.cross.shape, np.float32)
    for cell, voxels in _cells(label):
        spread = deviation[cell]
        solved = cho_solve(_factor(moments, spread, penalty), spread[:, None] * moments.cross[:, voxels])
        weights[:, voxels] = spread[:, None] * solved
    return weights


def local_prediction(
    features: np.ndarray, moments: Moments, deviation: np.ndarray, label: np.ndarray, penalty: float
) -> np.ndarray:
    """Predict (pair, voxel) for features (pair, feature) of other recordings than the moments; see `local_weights`."""
    from scipy.linalg import cho_solve

    predicted = np.empty((len(features), len(label)), np.float32)
    for cell, voxels in _cells(label):
        spread = deviation[cell]
        # few pairs to solve for, many voxels to multiply with
        seen = cho_solve(_factor(moments, spread, penalty), spread[:, None] * features.T)
        predicted[:, voxels] = (spread[:, None] * seen).T.astype(np.float32) @ moments.cross[:, voxels]
    return predicted


def _factor(moments: Moments, spread: np.ndarray, penalty: float) -> tuple[np.ndarray, bool]:
    gram = moments.features * spread * spread[:, None]
    return penalised_factor(gram, penalty * float(np.trace(gram)) / moments.n_pairs)


def _cells(label: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    order = np.argsort(label, kind="stable")
    edges = np.flatnonzero(np.diff(label[order])) + 1
    for voxels in np.split(order, edges):
        yield int(label[voxels[0]]), voxels
