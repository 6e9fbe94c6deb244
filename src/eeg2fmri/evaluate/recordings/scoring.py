"""Scores of every method on every test recording, on the same volumes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from eeg2fmri.core.progress import Progress
from eeg2fmri.evaluate.inputs.methods import SHIFTED, common_targets
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.evaluate.metrics.score import RecordingScores, Volumes, score_recording, value_range
from eeg2fmri.evaluate.significance.shifts import ShiftScores, VoxelShiftTest, shift_test
from eeg2fmri.evaluate.significance.tests import significant_shares
from eeg2fmri.evaluate.truth.parts import Parts
from eeg2fmri.results.method import Method


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
    """

    id: str
    targets: np.ndarray
    truth: np.ndarray
    mask: np.ndarray
    data_range: float

    @classmethod
    def of(cls, runs: Sequence[OpenRun], name: str) -> Recording:
        """Take the volumes of a recording that every run has a window for."""
        store, targets = runs[0].store, common_targets(runs, name)
        # targets follow each other volume by volume, so a slice of the memory map does it
        truth, mask = store.bold(name)[targets[0] : targets[-1] + 1], store.mask(name)
        return cls(name, targets, truth, mask, value_range(truth, mask))

    def cut(self, prediction: np.ndarray) -> np.ndarray:
        """Leave out the first volumes of a prediction that starts earlier."""
        return prediction[len(prediction) - len(self.targets) :]


@dataclass(eq=False)
class Scores:
    """Scores as they come.

    Attributes
    ----------
    progress : Progress
    methods : list of Method
        In the order in which they were scored.
    values : dict of method and recording to dict of metric to float
    shifts : dict of method and recording to ShiftScores
        Of the headline; none for predictions that are constant in time.
    voxels : dict of method and recording to dict of error rate to float
        Share of the voxels whose r is significant; see `eeg2fmri.evaluate.significance.tests.significant_shares`.
    known : mapping of recording to Parts
        Voxels and regions of simulated recordings, whose median temporal r is kept too.
    parts : dict of method and recording to dict of part to float
    """

    progress: Progress
    methods: list[Method] = field(default_factory=list)
    values: dict[str, dict[str, dict[str, float]]] = field(default_factory=lambda: defaultdict(dict))
    shifts: dict[str, dict[str, ShiftScores]] = field(default_factory=lambda: defaultdict(dict))
    voxels: dict[str, dict[str, dict[str, float]]] = field(default_factory=lambda: defaultdict(dict))
    known: Mapping[str, Parts] = field(default_factory=dict)
    parts: dict[str, dict[str, dict[str, float]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, method: Method, recording: Recording, prediction: Volumes) -> RecordingScores:
        """Compute every metric of a prediction (volume, x, y, z)."""
        if method not in self.methods:
            self.methods.append(method)
        what, done = f"Scoring {recording.id}: {method.label}", 0

        def tick() -> None:
            nonlocal done
            done += 1
            self.progress(what, done, len(prediction))

        # the matrices of single volumes are too small for threads, which would wait for each other
        with threadpool_limits(1, user_api="blas"):
            scores = score_recording(recording.truth, prediction, recording.mask, recording.data_range, tick)
        self.values[method.name][recording.id] = scores.values
        if recording.id in self.known:
            parts = self.known[recording.id].score(recording.truth, prediction, scores.r, recording.mask)
            self.parts[method.name][recording.id] = parts
        return scores

    def add_tested(
        self, method: Method, recording: Recording, prediction: np.ndarray
    ) -> tuple[RecordingScores, VoxelShiftTest | None]:
        """Compute every metric, and test against time shifts; what is constant in time has nothing to shift."""
        scores = self.add(method, recording, prediction)
        if scores.constant:
            return scores, None
        test = shift_test(recording.truth, prediction, recording.mask, progress=self.progress)
        self.shifts[method.name][recording.id] = test.median
        self.voxels[method.name][recording.id] = significant_shares(test)
        return scores, test

    def add_shifted(self, recording: Recording, prediction: np.ndarray, test: VoxelShiftTest | None) -> None:
        """Score the same prediction at the wrong time.

        Shifted by half the recording for every metric but temporal r, which is the mean over all shifts of the test.
        """
        half = len(prediction) // 2
        scores = self.add(SHIFTED, recording, [*prediction[half:], *prediction[:half]])
        if test is not None:
            scores.values["temporal_r"] = float(test.median.beyond.mean())
            scores.values["temporal_r_mean"] = float(test.mean.beyond.mean())
