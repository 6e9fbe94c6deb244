"""Ridge regression to every voxel of a brain whose BOLD is never held in memory.

With training features X (pair, feature) and training BOLD Y (pair, voxel), the prediction for features Z is

    Z (X'X + a I)^-1 X' Y = H Y,   H = Z (X'X + a I)^-1 X' = Z X' (XX' + a I)^-1,

so weights of features x voxels need not exist: H (pair, training pair) is small, and Y is read from the store one
recording at a time when a prediction is made. The smaller of X'X and XX' is solved.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.linalg

from eeg2fmri.models.regression.moments import penalised_factor


class Ridge:
    """Solver of ridge regressions on one set of training features.

    Parameters
    ----------
    features : sequence of array, shape (pair, feature)
        One array a training recording, each with zero mean over its pairs: then the means over a recording of the
        targets do not matter, and no intercept is needed.

    Attributes
    ----------
    lengths : list of int
        Pairs of each recording.
    """

    def __init__(self, features: Sequence[np.ndarray]) -> None:
        self.lengths = [len(part) for part in features]
        self._x = np.concatenate(features)
        self._dual = self._x.shape[0] <= self._x.shape[1]
        self._gram = self._x @ self._x.T if self._dual else self._x.T @ self._x
        self._unit = max(float(np.trace(self._gram)) / len(self._x), np.finfo(float).tiny)

    def weights(self, features: np.ndarray, penalty: float) -> np.ndarray:
        """Weights of the training pairs in the prediction for other features.

        Parameters
        ----------
        features : array, shape (pair, feature)
            Of the recording to predict, with zero mean.
        penalty : float
            In units of the summed variance of the features, as `eeg2fmri.models.regression.moments.Moments`.

        Returns
        -------
        array, shape (pair, training pair)
        """
        factor = penalised_factor(self._gram, penalty * self._unit)
        if self._dual:
            h = scipy.linalg.cho_solve(factor, self._x @ features.T).T
        else:
            h = scipy.linalg.cho_solve(factor, features.T).T @ self._x.T
        weights: np.ndarray = h
        return weights
