"""Regress pieces of the brain on band power, convolved with the response, by partial least squares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.features import pairs_of, recentred_power, row_features
from eeg2fmri.models.baselines.pieces import PieceBaseline, Predictor, linear
from eeg2fmri.models.baselines.response import response_filters

#: Components, at most.
COMPONENTS = 8


class PartialLeastSquares(PieceBaseline):
    """Few directions of the EEG that vary most with the BOLD; the path is of their number.

    SIMPLS (de Jong, Chemom Intell Lab Syst 18, 1993): each direction is the leading singular vector of the covariance
    of features and courses, without the loadings of those before it. On features and courses of zero mean it is
    scikit-learn's PLSRegression without scaling where there is one course.
    """

    name = "partial_least_squares"
    label = "partial least squares on band power convolved with the haemodynamic response"

    def features(self, store: Store, recording: int | str, pairs: PairConfig) -> np.ndarray:
        """Give the power of each electrode and band, convolved with responses 2 s apart."""
        power = recentred_power(store, recording)
        starts, _ = pairs_of(store, recording, pairs)
        filters = response_filters(store.tr, pairs.window, pairs.lag, (-2.0, 0.0, 2.0), False)
        return row_features(power.reshape(len(power), -1), starts, filters)

    def path(self, features: np.ndarray, courses: np.ndarray) -> Sequence[Predictor]:
        """Add one component after the other."""
        return [linear(weights) for weights in simpls(features, courses, COMPONENTS)]


def simpls(x: np.ndarray, y: np.ndarray, components: int) -> list[np.ndarray]:
    """Compute the weights (feature, column) of partial least squares with 1, 2, ... components.

    Parameters
    ----------
    x : array, shape (sample, feature)
    y : array, shape (sample, column)
        Both of zero mean.
    components : int
        At most; where nothing is left before, the last weights stand for the rest.
    """
    left = x.T @ y
    basis = np.zeros((x.shape[1], 0))
    weights, found = np.zeros_like(left), []
    size = float(np.linalg.norm(left))
    for _ in range(components):
        if np.linalg.norm(left) > 1e-9 * size > 0:
            direction = np.linalg.svd(left, full_matrices=False)[0][:, 0]
            score = x @ direction
            norm = float(np.linalg.norm(score))
            score, direction = score / norm, direction / norm
            loading = x.T @ score
            weights = weights + np.outer(direction, score @ y)
            loading = loading - basis @ (basis.T @ loading)
            loading /= np.linalg.norm(loading)
            basis = np.column_stack([basis, loading])
            left = left - basis @ (basis.T @ left)
        found.append(weights)
    return found


#: What stands in every table.
BASELINES = (PartialLeastSquares,)
