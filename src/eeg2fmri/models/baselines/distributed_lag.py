"""Distributed-lag sparse group lasso from band power to the mean course of each piece of the brain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.base import Sees
from eeg2fmri.models.baselines.dynamics import brain_voxels, deviations
from eeg2fmri.models.baselines.features import Fit, check_parts, pairs_of, recentred_power, row_features
from eeg2fmri.models.baselines.sparse_group_lasso import FRACTIONS, SparseGroupLasso

#: Pieces along x, y, z that the box is cut into.
PIECES = (3, 3, 2)


class DistributedLagLasso:
    """Few electrodes and bands, each with a free response over the lags of the window.

    A group is one electrode and band with all its lags, so what is left out is left out at every lag. Targets are the
    mean deviations of the voxels of each piece of the training brains; a voxel follows its piece with a weight that is
    its regression on the piece's mean over the training recordings.

    Attributes
    ----------
    fraction : float
        Chosen penalty, as a share of the one that leaves nothing.
    validation_r : float
        Mean temporal r of the pieces over the validation recordings.
    active : int
        Electrode and band pairs that are used by any piece.
    """

    name = "distributed_lag_lasso"
    label = "sparse group lasso on lagged band power"
    sees: Sees = "EEG"

    def fit(
        self,
        store: Store,
        recordings: Sequence[str],
        pairs: PairConfig,
        validation: Sequence[str] = (),
        *,
        progress: Progress = silent,
    ) -> Self:
        """Fit to training recordings; see `Baseline.fit`.

        Raises
        ------
        InputError
            If there is no training or no validation recording, or a recording is shorter than one window.
        """
        check_parts(store, recordings, validation, self.label)
        self._pairs = pairs
        self._group = group_statistics(store, recordings)
        self._voxels = brain_voxels(store, recordings)
        self._piece = _pieces(store.grid, self._voxels)
        features = {name: self._features(store, name) for name in (*recordings, *validation)}
        courses = {name: self._courses(store, name) for name in features}
        solver = SparseGroupLasso(np.concatenate([features[name] for name in recordings]), pairs.window)
        best = -np.inf
        for number, (fraction, weights) in enumerate(
            solver.path(np.concatenate([courses[name] for name in recordings]))
        ):
            fits = [Fit.of(courses[name], features[name] @ weights) for name in validation]
            r = float(np.mean([fit.r for fit in fits]))
            if r > best:
                best, self.fraction, self._weights = r, fraction, weights
                product, square = sum(fit.product for fit in fits), sum(fit.square for fit in fits)
                self._gain = max(product / square, 0.0) if square > 0 else 0.0
            progress(f"Fitting {self.label}", number + 1, len(FRACTIONS))
        self.validation_r = best
        groups = self._weights.reshape(-1, pairs.window, self._weights.shape[1])
        self.active = int((groups != 0).any(axis=(1, 2)).sum())
        self._share = self._shares(store, recordings, courses)
        return self

    def predict(self, store: Store, recording: int | str) -> np.ndarray:
        """Synthesise in BOLD units, (pair, x, y, z), float32; the group mean outside the training brains."""
        courses = (self._gain * (self._features(store, recording) @ self._weights)).astype(np.float32)
        volumes = np.empty((len(courses), self._group.mask.size), np.float32)
        volumes[:] = self._group.voxel_mean.reshape(-1)
        scale = self._share * self._group.voxel_std.reshape(-1)[self._voxels]
        for volume, course in zip(volumes, courses, strict=True):
            volume[self._voxels] += course[self._piece] * scale
        return volumes.reshape(-1, *self._group.mask.shape)

    def _features(self, store: Store, recording: int | str) -> np.ndarray:
        starts, _ = pairs_of(store, recording, self._pairs)
        power = recentred_power(store, recording)
        return row_features(power.reshape(len(power), -1), starts, np.eye(self._pairs.window))

    def _courses(self, store: Store, recording: int | str) -> np.ndarray:
        """Mean deviation of each piece (pair, piece), of zero mean."""
        voxels = deviations(store, recording, pairs_of(store, recording, self._pairs)[1], self._voxels)
        sizes = np.bincount(self._piece)
        courses = np.stack([np.bincount(self._piece, row) / sizes for row in voxels])
        centred: np.ndarray = courses - courses.mean(axis=0)
        return centred

    def _shares(self, store: Store, recordings: Sequence[str], courses: dict[str, np.ndarray]) -> np.ndarray:
        """Regression of each voxel on its piece over the training recordings, (voxel,), float32."""
        product, square = np.zeros(len(self._voxels)), np.zeros(courses[recordings[0]].shape[1])
        for name in recordings:
            voxels = deviations(store, name, pairs_of(store, name, self._pairs)[1], self._voxels)
            for row, course in zip(voxels, courses[name], strict=True):
                product += row * course[self._piece]
                square += course**2
        share: np.ndarray = (product / np.where(square > 0, square, 1)[self._piece]).astype(np.float32)
        return share


def _pieces(grid: tuple[int, int, int], voxels: np.ndarray) -> np.ndarray:
    """Give the number of the piece that each voxel lies in; pieces without a voxel have no number."""
    position = np.unravel_index(voxels, grid)
    block = np.zeros(len(voxels), int)
    for along, size, pieces in zip(position, grid, PIECES, strict=True):
        block = block * pieces + along * pieces // size
    number: np.ndarray = np.unique(block, return_inverse=True)[1]
    return number
