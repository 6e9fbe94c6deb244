"""Scores of every method on every test recording, on the same volumes."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from eeg2fmri.core.progress import Progress
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.evaluate.inputs.methods import SHIFTED, common_targets
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.evaluate.metrics.measured import Measured, Volumes, value_range
from eeg2fmri.evaluate.metrics.registry import all_scores
from eeg2fmri.evaluate.significance.drifts import TimeBasis, time_basis
from eeg2fmri.evaluate.significance.surrogates import PreparedTruth, ScoreNull, VoxelTest, surrogate_test
from eeg2fmri.evaluate.significance.tests import significant_shares
from eeg2fmri.evaluate.truth.parts import Parts
from eeg2fmri.results.scores.method import Method

#: Voxels whose courses are kept.
KEPT = 1024


@dataclass(frozen=True, eq=False)
class Recording:
    """A test recording, and what all methods are scored with.

    Attributes
    ----------
    id : str
    targets : int array, shape (volume,)
        Volumes that every method can give, one after the other.
    truth : array, shape (volume, x, y, z)
        Memory map of the measured volumes.
    mask : bool array, shape (x, y, z)
    data_range : float
        Of the truth inside the mask.
    tr : float
        s.
    responsive : bool array, shape (x, y, z)
        Voxels of the mask where BOLD followed the EEG of the training group; the whole mask if none was chosen.
    """

    id: str
    targets: np.ndarray
    truth: np.ndarray
    mask: np.ndarray
    data_range: float
    tr: float
    responsive: np.ndarray

    @classmethod
    def of(
        cls,
        runs: Sequence[OpenRun],
        name: str,
        responsive: np.ndarray | None = None,
        simple: PairConfig | None = None,
    ) -> Recording:
        """Take the volumes of a recording that every run, and a simple method, has a window for."""
        store, targets = runs[0].store, common_targets(runs, name, simple)
        # targets follow each other volume by volume, so a slice of the memory map does it
        truth, mask = store.bold(name)[targets[0] : targets[-1] + 1], store.mask(name)
        where = mask if responsive is None or not (responsive & mask).any() else responsive & mask
        return cls(name, targets, truth, mask, value_range(truth, mask), store.tr, where)

    @property
    def elapsed(self) -> float:
        """Time between the first volume of the recording and the first that is scored, s."""
        return float(self.targets[0]) * self.tr

    @property
    def seed(self) -> int:
        """Seed of its surrogates."""
        return seed_of(self.id)

    @property
    def basis(self) -> TimeBasis:
        """Drifts, and the axes of what is left."""
        return time_basis(len(self.targets), self.tr, self.elapsed)

    @cached_property
    def course(self) -> np.ndarray:
        """Mean measured course of the brain, shape (volume,)."""
        return np.array([volume[self.mask].mean(dtype=np.float64) for volume in self.truth])

    @cached_property
    def prepared(self) -> PreparedTruth:
        """Responsive voxels in the coordinates of the test, for every method."""
        return PreparedTruth.of(self.truth, self.responsive, tr=self.tr, elapsed=self.elapsed)

    def measured(self, prediction: Volumes) -> Measured:
        """Put a prediction (volume, x, y, z) beside the truth."""
        drifts = self.basis.drifts
        return Measured(self.truth, prediction, self.mask, self.data_range, drifts, self.responsive, self.course)

    def cut(self, prediction: np.ndarray) -> np.ndarray:
        """Leave out the first volumes of a prediction that starts earlier."""
        return prediction[len(prediction) - len(self.targets) :]


def seed_of(recording: str) -> int:
    """Seed of the surrogates of a recording: another one for each, the same for every method."""
    return zlib.crc32(recording.encode())


@dataclass(frozen=True, eq=False)
class KeptCourses:
    """Courses of some responsive voxels of a recording, with which recordings can be exchanged.

    Attributes
    ----------
    voxels : int array, shape (voxel,)
        Flat indices on the grid.
    truth, prediction : array, shape (volume, voxel)
        Without drifts, in their own standard deviations, float16.
    """

    voxels: np.ndarray
    truth: np.ndarray
    prediction: np.ndarray

    @classmethod
    def of(cls, recording: Recording, prediction: np.ndarray) -> KeptCourses:
        """Take at most `KEPT` evenly spread voxels."""
        inside = np.flatnonzero(recording.responsive)
        voxels = inside[:: -(-inside.size // KEPT)]
        courses = []
        for series in (recording.truth, prediction):
            left = recording.basis.without_drifts(series.reshape(len(series), -1)[:, voxels].astype(np.float64))
            spread = left.std(axis=0)
            courses.append((left / np.where(spread > 0, spread, 1)).astype(np.float16))
        return cls(voxels, *courses)


@dataclass(eq=False)
class Scores:
    """Scores as they come.

    Attributes
    ----------
    progress : Progress
    methods : list of Method
        In the order in which they were scored.
    values : dict of method and recording to dict of metric to float
    nulls : dict of method and recording to ScoreNull
        Of the headline; none for predictions that are constant in time.
    voxels : dict of method and recording to dict of error rate to float
        Share of the voxels whose r is significant; see `eeg2fmri.evaluate.significance.tests.significant_shares`.
    kept : dict of method and recording to KeptCourses
        Of the models.
    known : mapping of recording to Parts
        Voxels and regions of simulated recordings, whose median temporal r is kept too.
    parts : dict of method and recording to dict of part to float
    """

    progress: Progress
    methods: list[Method] = field(default_factory=list)
    values: dict[str, dict[str, dict[str, float]]] = field(default_factory=lambda: defaultdict(dict))
    nulls: dict[str, dict[str, ScoreNull]] = field(default_factory=lambda: defaultdict(dict))
    voxels: dict[str, dict[str, dict[str, float]]] = field(default_factory=lambda: defaultdict(dict))
    kept: dict[str, dict[str, KeptCourses]] = field(default_factory=lambda: defaultdict(dict))
    known: Mapping[str, Parts] = field(default_factory=dict)
    parts: dict[str, dict[str, dict[str, float]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, method: Method, recording: Recording, prediction: Volumes) -> Measured:
        """Compute every metric of a prediction (volume, x, y, z)."""
        if method not in self.methods:
            self.methods.append(method)
        self.progress(f"Scoring {recording.id}: {method.label}", 0, 1)
        measured = recording.measured(prediction)
        # the matrices of single volumes are too small for threads, which would wait for each other
        with threadpool_limits(1, user_api="blas"):
            self.values[method.name][recording.id] = all_scores(measured)
        self.progress(f"Scoring {recording.id}: {method.label}", 1, 1)
        if recording.id in self.known:
            parts = self.known[recording.id].score(measured)
            self.parts[method.name][recording.id] = parts
        return measured

    def add_tested(self, method: Method, recording: Recording, prediction: np.ndarray) -> Measured:
        """Compute every metric, and test the headline; what is constant in time has nothing to test."""
        measured = self.add(method, recording, prediction)
        if not measured.constant:
            self.nulls[method.name][recording.id] = recording.prepared.headline(prediction, seed=recording.seed)
        return measured

    def add_mapped(
        self, method: Method, recording: Recording, prediction: np.ndarray
    ) -> tuple[Measured, VoxelTest | None]:
        """Do the same, and test every voxel."""
        measured = self.add_tested(method, recording, prediction)
        if measured.constant:
            return measured, None
        test = surrogate_test(
            recording.truth,
            prediction,
            recording.mask,
            tr=recording.tr,
            elapsed=recording.elapsed,
            seed=recording.seed,
            progress=self.progress,
        )
        self.voxels[method.name][recording.id] = significant_shares(test)
        self.kept[method.name][recording.id] = KeptCourses.of(recording, prediction)
        return measured, test

    def add_shifted(self, recording: Recording, prediction: np.ndarray) -> None:
        """Score the same prediction at the wrong time: shifted by half the recording."""
        half = len(prediction) // 2
        self.add(SHIFTED, recording, [*prediction[half:], *prediction[:half]])
