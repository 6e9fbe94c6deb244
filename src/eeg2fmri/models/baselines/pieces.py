"""Predict the mean course of pieces of the brain, which each voxel follows in its own measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Self

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.base import Sees
from eeg2fmri.models.baselines.dynamics import brain_voxels, deviations
from eeg2fmri.models.baselines.features import gain_of, left_out_in_turn, pairs_of
from eeg2fmri.models.regression.leave_out import carried_over, temporal_r

#: Pieces along x, y, z that the box is cut into.
PIECES = (3, 3, 2)

#: Predicts courses (pair, piece) from features (pair, feature).
Predictor = Callable[[np.ndarray], np.ndarray]
#: Fits predictors of rising complexity to features and courses.
Path = Callable[[np.ndarray, np.ndarray], Sequence[Predictor]]


class PieceBaseline:
    """Features of the EEG to the mean deviations of the voxels of each piece of the training brains.

    How complex the predictor is (its place on the path) is chosen by the temporal r of pieces in subjects left out in
    turn. A voxel follows its piece with a weight that is its regression on the piece's mean.

    Attributes
    ----------
    chosen : int
        Place on the path.
    gain : float
        Factor on the predictions that fits the subjects left out best.
    unseen_r : float
        Of subjects left out; see `eeg2fmri.models.regression.leave_out.carried_over`.
    """

    name = ""
    label = ""
    sees: Sees = "EEG"
    #: Groups of subjects that are left out in turn, at most; fewer where a fit takes long.
    most_folds = 100

    def features(self, store: Store, recording: int | str, pairs: PairConfig) -> np.ndarray:
        """Make the features of every pair of a recording (pair, feature), of zero mean."""
        raise NotImplementedError

    def path(self, features: np.ndarray, courses: np.ndarray) -> Sequence[Predictor]:
        """Fit predictors of rising complexity to features (pair, feature) and courses (pair, piece)."""
        raise NotImplementedError

    def fit(
        self,
        store: Store,
        recordings: Sequence[str],
        pairs: PairConfig,
        validation: Sequence[str] = (),
        *,
        progress: Progress = silent,
    ) -> Self:
        """Fit to training and validation recordings; see `Baseline.fit`.

        Raises
        ------
        InputError
            If there are fewer than two recordings, or one is shorter than one window.
        """
        pairs = pairs.at(store.tr)
        self._pairs, names = pairs, (*recordings, *validation)
        subjects = left_out_in_turn(store, names, self.label)
        groups = [
            list(chain.from_iterable(subjects[k :: self.most_folds]))
            for k in range(min(self.most_folds, len(subjects)))
        ]
        self._group = group_statistics(store, recordings)
        self._voxels = brain_voxels(store, names)
        self._piece = pieces_of(store.grid, self._voxels)
        features = {name: self.features(store, name, pairs) for name in names}
        courses = {name: self._courses(store, name) for name in names}
        x = [np.concatenate([features[name] for name in group]) for group in groups]
        y = [np.concatenate([courses[name] for name in group]) for group in groups]
        unseen: list[list[np.ndarray]] = []
        for left in range(len(groups)):
            others = [k for k in range(len(groups)) if k != left]
            found = self.path(np.concatenate([x[k] for k in others]), np.concatenate([y[k] for k in others]))
            unseen.append([predict(x[left]) for predict in found])
            progress(f"Fitting {self.label}", left + 1, len(groups) + 1)
        trials = [
            carried_over([temporal_r(of_group[k], own) for of_group, own in zip(unseen, y, strict=True)])
            for k in range(len(unseen[0]))
        ]
        self.chosen = int(np.argmax(trials))
        self.unseen_r = trials[self.chosen]
        self.gain = gain_of(y, [of_group[self.chosen] for of_group in unseen])[1]
        self._predict = self.path(np.concatenate(x), np.concatenate(y))[self.chosen]
        self._share = self._shares(store, names, courses)
        progress(f"Fitting {self.label}", len(groups) + 1, len(groups) + 1)
        return self

    def predict(self, store: Store, recording: int | str) -> np.ndarray:
        """Synthesise in BOLD units, (pair, x, y, z), float32; the group mean outside the training brains."""
        courses = (self.gain * self._predict(self.features(store, recording, self._pairs))).astype(np.float32)
        volumes = np.empty((len(courses), self._group.mask.size), np.float32)
        volumes[:] = self._group.voxel_mean.reshape(-1)
        scale = self._share * self._group.voxel_std.reshape(-1)[self._voxels]
        for volume, course in zip(volumes, courses, strict=True):
            volume[self._voxels] += course[self._piece] * scale
        return volumes.reshape(-1, *self._group.mask.shape)

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


def linear(weights: np.ndarray) -> Predictor:
    """Predict by weights (feature, piece)."""
    return lambda features: features @ weights


def pieces_of(grid: tuple[int, int, int], voxels: np.ndarray) -> np.ndarray:
    """Give the number of the piece that each voxel lies in; pieces without a voxel have no number."""
    position = np.unravel_index(voxels, grid)
    block = np.zeros(len(voxels), int)
    for along, size, pieces in zip(position, grid, PIECES, strict=True):
        block = block * pieces + along * pieces // size
    number: np.ndarray = np.unique(block, return_inverse=True)[1]
    return number
