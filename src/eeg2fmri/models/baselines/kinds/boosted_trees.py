"""Boost trees on lagged band power, for each piece of the brain."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.features import pairs_of, recentred_power, row_features
from eeg2fmri.models.baselines.pieces import PieceBaseline, Predictor

#: Patterns over electrodes and bands whose courses are the features.
PATTERNS = 8
#: Numbers of trees to choose from.
TREES = (5, 10, 20, 40)


class BoostedTrees(PieceBaseline):
    """What no linear method sees: thresholds and products of the power at different lags.

    Features are the courses of the leading patterns of band power over electrodes (principal components of the training
    and validation recordings), at every lag. The path is the number of trees (scikit-learn's
    HistGradientBoostingRegressor).
    """

    name = "boosted_trees"
    label = "boosted trees on lagged band power"
    slow = True
    most_folds = 4

    def features(self, store: Store, recording: int | str, pairs: PairConfig) -> np.ndarray:
        """Give the power of each electrode and band at every lag."""
        power = recentred_power(store, recording)
        starts, _ = pairs_of(store, recording, pairs)
        return row_features(power.reshape(len(power), -1), starts, np.eye(pairs.window))

    def path(self, features: np.ndarray, courses: np.ndarray) -> Sequence[Predictor]:
        """Boost each piece by itself."""
        from sklearn.ensemble import HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        window = self._pairs.window
        last = features.reshape(len(features), -1, window)[:, :, -1]
        patterns = np.linalg.eigh(last.T @ last)[1][:, -PATTERNS:]
        x = _courses_of(features, patterns, window)
        # trees are small: threads of their own would wait for each other, and for other baselines
        with threadpool_limits(1, user_api="openmp"):
            models = [
                HistGradientBoostingRegressor(
                    max_iter=TREES[-1], max_leaf_nodes=8, max_bins=32, early_stopping=False, random_state=0
                ).fit(x, course)
                for course in courses.T
            ]

        def predictor(trees: int) -> Predictor:
            def predict(given: np.ndarray) -> np.ndarray:
                own = _courses_of(given, patterns, window)
                with threadpool_limits(1, user_api="openmp"):
                    return np.stack([next(islice(m.staged_predict(own), trees - 1, None)) for m in models], axis=1)

            return predict

        return [predictor(trees) for trees in TREES]


def _courses_of(features: np.ndarray, patterns: np.ndarray, window: int) -> np.ndarray:
    """Courses of patterns (feature, pattern) at every lag: (pair, lag x pattern)."""
    lagged = features.reshape(len(features), -1, window).swapaxes(1, 2) @ patterns
    return lagged.reshape(len(features), -1)


#: What stands in every table.
BASELINES = (BoostedTrees,)
