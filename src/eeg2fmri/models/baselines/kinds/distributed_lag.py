"""Regress pieces of the brain on lagged band power by a sparse group lasso."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.features import pairs_of, recentred_power, row_features
from eeg2fmri.models.baselines.pieces import PieceBaseline, Predictor, linear
from eeg2fmri.models.baselines.sparse_group_lasso import SparseGroupLasso


class DistributedLagLasso(PieceBaseline):
    """Few electrodes and bands, each with a free response over the lags of the window.

    A group is one electrode and band with all its lags, so what is left out is left out at every lag. The path is of
    falling penalties.
    """

    name = "distributed_lag_lasso"
    label = "sparse group lasso on lagged band power"
    slow = True

    def features(self, store: Store, recording: int | str, pairs: PairConfig) -> np.ndarray:
        """Give the power of each electrode and band at every lag; lags of one follow each other."""
        power = recentred_power(store, recording)
        starts, _ = pairs_of(store, recording, pairs)
        return row_features(power.reshape(len(power), -1), starts, np.eye(pairs.window))

    def path(self, features: np.ndarray, courses: np.ndarray) -> Sequence[Predictor]:
        """Solve for every penalty, the largest first."""
        solver = SparseGroupLasso(features, self._pairs.window)
        return [linear(weights) for _, weights in solver.path(courses)]


#: What stands in every table.
BASELINES = (DistributedLagLasso,)
