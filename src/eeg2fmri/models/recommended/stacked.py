"""The stack of all families refitted to the whole group, in few components, and how well it predicts those left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.random import generator
from eeg2fmri.models.recommended.choice import Candidate
from eeg2fmri.models.recommended.local import local_prediction, local_weights
from eeg2fmri.models.recommended.recordings import Recordings
from eeg2fmri.models.regression.leave_out import temporal_r
from eeg2fmri.models.regression.moments import Moments, penalised_factor, summed

#: Directions in time that are kept of the predictions for those left out, in all groups together.
UNSEEN_RANK = 1600
#: Voxels up to which every family keeps its weights for them: fewer than pairs, whose directions take long to find.
FEW_VOXELS = 512
#: Random courses beside the components wanted, that find the components.
OVERSAMPLING = 32


#: Least and largest factor on what is predicted for a voxel: where nothing carries over, next to nothing is predicted.
GAINS = (0.05, 2.0)


class Stacked(NamedTuple):
    """A fitted stack.

    Attributes
    ----------
    filters : array, shape (component, time, column of its family, channel), by candidate
        Weights of windows.
    maps : array, shape (component, voxel)
    r : array, shape (voxel,)
        Temporal r of the predictions for groups left out, mean over groups, drifts removed.
    error : array, shape (voxel,)
        Mean absolute difference between these predictions, with the mean volume, and the volumes as they are.
    """

    filters: list[np.ndarray]
    maps: np.ndarray
    r: np.ndarray
    error: np.ndarray


class _Gains(NamedTuple):
    """Sums over pairs, each (voxel,), of which the factor on the predictions of every voxel follows."""

    power: np.ndarray
    cross: np.ndarray
    squares: np.ndarray
    absolute: np.ndarray
    n_pairs: np.ndarray

    @classmethod
    def of(cls, n_voxels: int) -> Self:
        power, cross, squares, absolute = np.zeros((4, n_voxels))
        return cls(power, cross, squares, absolute, np.zeros(()))

    def add(self, predicted: np.ndarray, residue: np.ndarray) -> None:
        """Count predictions (pair, voxel) for a group left out, and what they are above the volumes."""
        self.power[:] += np.einsum("pv,pv->v", predicted, predicted)
        self.cross[:] += np.einsum("pv,pv->v", predicted, residue)
        self.squares[:] += np.einsum("pv,pv->v", residue, residue)
        self.absolute[:] += np.abs(residue).sum(axis=0)
        self.n_pairs[...] += len(predicted)

    def fit(self) -> tuple[np.ndarray, np.ndarray]:
        """Find the gain that fits those left out best, and the mean absolute residue with it."""
        best = 1 - np.divide(self.cross, self.power, out=np.zeros_like(self.power), where=self.power > 0)
        gain = np.clip(best, *GAINS)
        squares = self.squares - 2 * (1 - gain) * self.cross + (1 - gain) ** 2 * self.power
        smaller = np.divide(squares, self.squares, out=np.ones_like(squares), where=self.squares > 0)
        return gain, self.absolute / self.n_pairs * np.sqrt(np.clip(smaller, 0, None))


class Stack:
    """Families with their weights, of which the whole volume is predicted.

    Volumes are read three times and never held: (1) their projections on random courses, and the moments of families
    with a prior by cell, or of all where voxels are few; (2) the maps, and what the other groups say of each; (3) their
    projections on the maps.

    Parameters
    ----------
    recordings : Recordings
    candidates : sequence of Candidate
        Of positive weight.
    label : int array, shape (voxel,)
        Cell of every voxel.
    """

    def __init__(self, recordings: Recordings, candidates: Sequence[Candidate], label: np.ndarray) -> None:
        self._recordings, self._label = recordings, label
        few = len(label) <= FEW_VOXELS
        self._plain = [one for one in candidates if one.prior is None and not few]
        self._local = [one for one in candidates if one.prior is not None or few]
        self._grams = {id(one): [x.T.astype(np.float64) @ x for x in one.design.groups] for one in candidates}
        self._order = list(candidates)
        edges = np.cumsum([0, *[len(x) for x in candidates[0].design.groups]])
        self._rows = [slice(int(a), int(b)) for a, b in pairwise(edges)]
        self._n_pairs = int(edges[-1])

    def fit(self, n_components: int, progress: Progress = silent) -> Stacked:
        """Refit to all groups and keep the components that hold most of the predictions' variance."""
        n_voxels = len(self._label)
        n_courses = min(n_components + OVERSAMPLING, n_voxels, self._n_pairs)
        rng = generator(0, "courses that find components")
        mixing = rng.standard_normal((n_voxels, n_courses)).astype(np.float32)
        moments: list[list[Moments]] = [[] for _ in self._local]
        mixed = np.zeros((self._n_pairs, n_courses), np.float32)
        for group, volumes, _ in self._volumes("Reading volumes", progress):
            mixed[self._rows[group]] = volumes @ mixing
            for place, one in enumerate(self._local):
                moments[place].append(self._moments(one, group, volumes))
        local = [self._local_weights(one, summed(parts)) for one, parts in zip(self._local, moments, strict=True)]
        courses = self._predicted(mixed) + sum(
            (self._features(one) @ (w @ mixing) for one, w in zip(self._local, local, strict=True)),
            np.zeros_like(mixed),
        )
        basis = np.linalg.qr(courses)[0]
        unseen = [self._unseen(group) for group in range(len(self._rows))]
        maps, seen = self._maps(basis, local, unseen, progress)
        _, _, right = np.linalg.svd(maps, full_matrices=False)
        maps = np.ascontiguousarray(right[:n_components])
        del right
        projected = np.zeros((self._n_pairs, len(maps)), np.float32)
        r = np.zeros(n_voxels)
        gains = _Gains.of(n_voxels)
        mean = self._recordings.mean().astype(np.float32)
        for group, volumes, raw in self._volumes("Predicting those left out", progress):
            projected[self._rows[group]] = volumes @ maps.T
            predicted = unseen[group][0] @ seen[group]
            for place, one in enumerate(self._local):
                others = summed(moments[place]) - moments[place][group]
                predicted += one.weight * local_prediction(
                    one.design.groups[group], others, *self._prior(one), one.penalty
                )
            r += temporal_r(predicted, volumes) / len(self._rows)
            gains.add(predicted, mean + predicted - raw)
        filters = [self._filters(one, projected, local, maps) for one in self._order]
        gain, error = gains.fit()
        return Stacked(filters, maps * gain.astype(np.float32), r, error)

    def _volumes(self, what: str, progress: Progress) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Give the volumes (pair, voxel) of one group after the other: drifts removed, and as they are."""
        groups = self._recordings.groups
        for number, group in enumerate(groups):
            progress(what, number, len(groups))
            runs = self._recordings.of(group)
            raw = [self._recordings.volumes(run) for run in runs]
            clean = [run.without_drift(volumes) for run, volumes in zip(runs, raw, strict=True)]
            yield number, np.concatenate(clean), np.concatenate(raw)

    def _moments(self, one: Candidate, group: int, volumes: np.ndarray) -> Moments:
        x = one.design.groups[group]
        return Moments(self._grams[id(one)][group], x.T @ volumes, len(x))

    def _local_weights(self, one: Candidate, moments: Moments) -> np.ndarray:
        return local_weights(moments, *self._prior(one), one.penalty) * np.float32(one.weight)

    def _prior(self, one: Candidate) -> tuple[np.ndarray, np.ndarray]:
        """Give prior deviations (cell, feature) and the cell of every voxel; one cell where electrodes weigh alike."""
        if one.prior is not None:
            return one.prior, self._label
        return np.ones((1, one.design.groups[0].shape[1])), np.zeros_like(self._label)

    def _features(self, one: Candidate) -> np.ndarray:
        return np.concatenate(one.design.groups)

    def _solve(self, one: Candidate, right: np.ndarray, without: int | None = None) -> np.ndarray:
        """Weigh and solve the penalised system of all groups, or of all but one, for right sides (feature, ...)."""
        from scipy.linalg import cho_solve

        kept = [k for k in range(len(self._rows)) if k != without]
        gram = np.sum([self._grams[id(one)][k] for k in kept], axis=0)
        n_pairs = sum(len(one.design.groups[k]) for k in kept)
        factor = penalised_factor(gram, one.penalty * float(np.trace(gram)) / n_pairs)
        return np.asarray(one.weight * cho_solve(factor, right, check_finite=False), np.float32)

    def _predicted(self, targets: np.ndarray) -> np.ndarray:
        """Fit the plain families to targets (pair, course) and predict the same pairs."""
        total = np.zeros_like(targets)
        for one in self._plain:
            x = self._features(one)
            total += x @ self._solve(one, x.T @ targets)
        return total

    def _unseen(self, group: int) -> tuple[np.ndarray, np.ndarray]:
        """Predict a group by the plain families from volumes of the others: (pair, rank) times (rank, pair)."""
        own = self._rows[group]
        if not self._plain:
            return np.zeros((own.stop - own.start, 0), np.float32), np.zeros((0, self._n_pairs), np.float32)
        weights = np.zeros((own.stop - own.start, self._n_pairs), np.float32)
        for one in self._plain:
            seen = self._solve(one, one.design.groups[group].T, without=group)
            weights += seen.T @ self._features(one).T
        weights[:, own] = 0
        values, vectors = np.linalg.eigh(weights @ weights.T)
        kept = vectors[:, values > 1e-10 * max(float(values[-1]), 1e-30)][:, -(UNSEEN_RANK // len(self._rows)) :]
        return kept, kept.T @ weights

    def _maps(
        self,
        basis: np.ndarray,
        local: list[np.ndarray],
        unseen: list[tuple[np.ndarray, np.ndarray]],
        progress: Progress,
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Project the predictions on courses (pair, course), and add up what the others say of each group."""
        n_voxels = len(self._label)
        projection = np.zeros((basis.shape[1], self._n_pairs), np.float32)
        maps = np.zeros((basis.shape[1], n_voxels), np.float32)
        for one in self._plain:
            x = self._features(one)
            projection += self._solve(one, x.T @ basis).T @ x.T
        for one, weights in zip(self._local, local, strict=True):
            maps += (basis.T @ self._features(one)) @ weights
        seen = [np.zeros((right.shape[0], n_voxels), np.float32) for _, right in unseen]
        for group, volumes, _ in self._volumes("Finding maps", progress):
            rows = self._rows[group]
            maps += projection[:, rows] @ volumes
            for place, (_, right) in enumerate(unseen):
                if place != group:
                    seen[place] += right[:, rows] @ volumes
        return maps, seen

    def _filters(self, one: Candidate, projected: np.ndarray, local: list[np.ndarray], maps: np.ndarray) -> np.ndarray:
        if one.prior is None:
            weights = self._solve(one, self._features(one).T @ projected)
        else:
            weights = local[next(k for k, each in enumerate(self._local) if each is one)] @ maps.T
        return one.design.filters(weights.T)
