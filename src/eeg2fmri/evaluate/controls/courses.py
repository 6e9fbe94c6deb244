"""Read what the controls look at: courses of some voxels, and of pieces of the brain, measured and predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eeg2fmri.core.progress import Progress
from eeg2fmri.core.random import generator
from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.controls.partial import partial_r, without
from eeg2fmri.evaluate.recordings.scoring import seed_of
from eeg2fmri.evaluate.significance.drifts import FEWEST, TimeBasis, time_basis
from eeg2fmri.evaluate.significance.surrogates import ScoreNull, headline_null

#: Voxels that are looked at, at most: a mean over more of them does not change.
VOXELS = 2000
#: Training recordings that controls are fitted to, at most; subjects take turns.
TRAINING = 12
#: Share of the brain that the global signal is the mean of, at least.
APART = 0.25
#: Share of the largest singular value below which a column says nothing.
RANK = 1e-6
#: Pieces along x, y, z that the brain is cut into for its connectivity.
PIECES = (3, 3, 2)


@dataclass(frozen=True, eq=False)
class Places:
    """Voxels and pieces of the brain that are looked at.

    Attributes
    ----------
    voxels : int array, shape (voxel,)
        Positions in the flattened grid.
    apart : bool array, shape (x, y, z)
        Voxels of the global signal.
    piece : int array, shape (x, y, z)
        Number of the piece that each voxel lies in, from 1; 0 outside the brain.
    words : str
        Which voxels these are.
    """

    voxels: np.ndarray
    apart: np.ndarray
    piece: np.ndarray
    words: str

    @classmethod
    def of(cls, store: Store, where: np.ndarray | None) -> Places:
        """Take the voxels of a mask (x, y, z), at most 2,000 of them, drawn; the whole brain without one."""
        brain = np.logical_or.reduce([store.mask(recording.id) for recording in store.recordings])
        chosen = where is not None and bool((where & brain).any())
        where = where & brain if where is not None and chosen else brain
        words = "responsive voxels, chosen in the training group" if chosen else "voxels of the brain"
        voxels = np.flatnonzero(where)
        if len(voxels) > VOXELS:
            voxels = np.sort(generator(0, "voxels of the controls").choice(voxels, VOXELS, replace=False))
        if store.regions:
            piece = np.arange(1, brain.size + 1).reshape(brain.shape) * brain
        else:
            along = [np.arange(size) * count // size for size, count in zip(brain.shape, PIECES, strict=True)]
            x, y, z = np.meshgrid(*along, indexing="ij")
            piece = (1 + (x * PIECES[1] + y) * PIECES[2] + z) * brain
        apart = brain & ~where
        return cls(voxels, apart if apart.sum() >= APART * brain.sum() else brain, piece, words)


@dataclass(frozen=True, eq=False)
class Courses:
    """Courses of one recording, without drifts.

    Attributes
    ----------
    id, subject : str
    targets : int array, shape (volume,)
    truth : array, shape (volume, voxel)
        In units of its deviation; 0 where a voxel is constant or outside the brain.
    whole : array, shape (volume,)
        The global signal: mean over the brain, without the voxels that are looked at and the others of their kind
        where these leave enough of it, so that a focal course is not taken for a global one.
    pieces : array, shape (volume, piece)
        Means of the pieces of the brain.
    time : TimeBasis
        The drifts that were taken out, and the axes of what is left.
    clock : tuple of float
        TR, and time between the start of the scan and the first target, s.
    prediction : array, shape (volume, voxel), or None
    predicted_pieces : array, shape (volume, piece), or None
    """

    id: str
    subject: str
    targets: np.ndarray
    truth: np.ndarray
    whole: np.ndarray
    pieces: np.ndarray
    time: TimeBasis
    clock: tuple[float, float]
    prediction: np.ndarray | None = None
    predicted_pieces: np.ndarray | None = None

    @classmethod
    def of(cls, store: Store, name: str, targets: np.ndarray, places: Places) -> Courses:
        """Read a recording at its targets, a volume at a time."""
        mask, facts = store.mask(name), store.recordings[store.index(name)]
        volumes = store.bold(name)[targets[0] : targets[-1] + 1]
        inside = mask.reshape(-1)[places.voxels]
        truth, whole, pieces = _read(volumes, places, mask)
        truth[:, ~inside] = 0
        clock = store.tr, float(targets[0]) * store.tr
        time = time_basis(len(targets), *clock)
        basis = time.drifts
        truth = without(truth, basis)
        deviation = truth.std(axis=0)
        varies = deviation > 1e-6 * np.abs(volumes[0].reshape(-1)[places.voxels])
        truth = np.where(varies, truth / np.where(varies, deviation, 1), 0)
        courses = truth, without(whole, basis), without(pieces, basis)
        return cls(facts.id, facts.subject, targets, *courses, time, clock)

    def predicted(self, prediction: np.ndarray, places: Places, mask: np.ndarray) -> Courses:
        """Add a prediction (volume, x, y, z) of the targets."""
        values, _, pieces = _read(prediction, places, mask)
        return replace(self, prediction=without(values, self.basis), predicted_pieces=without(pieces, self.basis))

    @property
    def basis(self) -> np.ndarray:
        """The drifts (volume, column), orthonormal."""
        return self.time.drifts

    @property
    def predicted_voxels(self) -> np.ndarray:
        """The prediction of a recording that has one."""
        assert self.prediction is not None
        return self.prediction

    def r(self, prediction: np.ndarray, basis: np.ndarray | None = None, rows: np.ndarray | None = None) -> float:
        """Mean over voxels of r with a prediction (volume, voxel), after a basis was taken out; NaN if none varies."""
        rows = np.ones(len(self.truth), bool) if rows is None else rows
        taken = self.basis if basis is None else basis
        if not rows.all():
            # columns may lie in the rows that are left out
            axes, sizes, _ = np.linalg.svd(taken[rows], full_matrices=False)
            taken = axes[:, sizes > RANK * sizes[0]]
        found = partial_r(self.truth[rows], prediction[rows], taken)
        return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")

    def test(self, prediction: np.ndarray) -> ScoreNull | None:
        """Test a prediction (volume, voxel) against its surrogates; None where it is constant or all is."""
        varies = self.truth.any(axis=0)
        if not varies.any() or not np.ptp(prediction, axis=0).any():
            return None
        tr, elapsed = self.clock
        y, p = (each[:, varies, None, None] for each in (self.truth, prediction))
        return headline_null(y, p, tr=tr, elapsed=elapsed, seed=seed_of(self.id))


def training_courses(
    store: Store, recordings: Sequence[str], pairs: PairConfig, places: Places, progress: Progress
) -> list[Courses]:
    """Read training recordings that are long enough for drifts, those of different subjects first, at most 12."""
    turns: dict[str, int] = {}
    order = []
    targets = {}
    for name in recordings:
        facts = store.recordings[store.index(name)]
        targets[name] = pair_index(facts.n_volumes, store.tr, pairs, where=facts.id)[1]
        if len(targets[name]) >= FEWEST:
            turns[facts.subject] = turns.get(facts.subject, 0) + 1
            order.append((turns[facts.subject], name))
    chosen = [name for _, name in sorted(order, key=lambda one: one[0])[:TRAINING]]
    found = []
    for number, name in enumerate(chosen, 1):
        found.append(Courses.of(store, name, targets[name], places))
        progress("Reading for the controls", number, len(chosen))
    return found


def _read(volumes: np.ndarray, places: Places, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Courses of the voxels, of the brain apart from them, and of its pieces, from volumes (volume, x, y, z)."""
    member, apart = np.where(mask, places.piece, 0).reshape(-1), np.flatnonzero(mask & places.apart)
    sizes = np.bincount(member, minlength=int(places.piece.max()) + 1)
    voxels, whole = np.empty((len(volumes), len(places.voxels))), np.zeros(len(volumes))
    sums = np.empty((len(volumes), len(sizes)))
    for k, volume in enumerate(volumes):
        flat = volume.reshape(-1)
        voxels[k] = flat[places.voxels]
        whole[k] = flat[apart].mean(dtype=np.float64) if apart.size else 0.0
        sums[k] = np.bincount(member, flat, minlength=len(sizes))
    return voxels, whole, sums[:, 1:] / np.maximum(sizes[1:], 1)
