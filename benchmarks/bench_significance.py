"""Does the test against surrogates hold its level on null recordings, and does it find coupling?

A ridge on band power is fitted to simulated recordings with coupling. It then predicts recordings of the same simulated
people whose EEG and BOLD are independent (coupling 0), which have every autocorrelation of the real thing, and others
with more and more coupling.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.stats

from benchmarks.common import Row
from eeg2fmri.data.features.spectrogram import spectrogram
from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.significance.surrogates import VoxelTest, surrogate_test
from eeg2fmri.evaluate.significance.tests import pooled_test
from eeg2fmri.models.baselines.kinds.band_power_ridge import HaemodynamicRidge
from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.recording.simultaneous import simulate_recording
from eeg2fmri.simulate.recording.study import Cap, Participant, Study, make_participant, make_study, place_cap

NULL_RECORDINGS = 400
POWER_RECORDINGS = 60
COUPLINGS = (0.2, 0.4, 0.6, 0.8)
TRAINING_COUPLING = 0.8
PEOPLE = ("01", "02", "03", "04")
CONFIG = SimulationConfig(volumes=150, grid=(10, 12, 6), electrodes=16, sfreq=128, regions=20, seed=11)
BATCH = 50


@dataclass(frozen=True)
class Found:
    """p values of the study.

    Attributes
    ----------
    null : list of float
        Of the median temporal r of each null recording.
    pooled : list of float
        Of null recordings, three pooled in each test.
    coupled : dict of score to dict of coupling to list of float
        Of single recordings with coupling; scores are the ``median`` and the ``mean`` over voxels.
    """

    null: list[float]
    pooled: list[float]
    coupled: dict[str, dict[str, list[float]]]


def study() -> Found:
    """Make and test all recordings."""
    cohort = Cohort(make_study(CONFIG))
    null, pooled = cohort.p_values(0.0, NULL_RECORDINGS), cohort.pooled_p_values()
    coupled: dict[str, dict[str, list[float]]] = {"median": {}, "mean": {}}
    for coupling in COUPLINGS:
        found = list(cohort.tests(coupling, range(POWER_RECORDINGS)))
        for name, by_coupling in coupled.items():
            by_coupling[f"{coupling:g}"] = [getattr(test, name).p_value for test in found]
    return Found(null.tolist(), pooled.tolist(), coupled)


def rejected(p_values: Sequence[float]) -> tuple[float, float, float]:
    """Share of tests that reject at .05, and its 95 % binomial interval (Clopper and Pearson)."""
    count = int(np.sum(np.asarray(p_values) <= 0.05))
    interval = scipy.stats.binomtest(count, len(p_values)).proportion_ci(0.95)
    return count / len(p_values), float(interval.low), float(interval.high)


def measure() -> list[Row]:
    return rows(study())


def rows(found: Found) -> list[Row]:
    """Say what was found."""
    share, low, high = rejected(found.null)
    target = f"95 % interval {low:.3f} to {high:.3f} contains .05"
    return [
        Row(f"rejected at .05, {len(found.null)} null recordings", share, "", target, low <= 0.05 <= high),
        _uniform("null p values uniform (Kolmogorov-Smirnov p)", found.null),
        _uniform("null p values of 3 recordings pooled, uniform", found.pooled),
        *(
            Row(f"power at coupling {coupling}, one recording of 150 volumes, {name} r", rejected(p)[0], "")
            for name, by_coupling in found.coupled.items()
            for coupling, p in by_coupling.items()
        ),
    ]


class Cohort:
    """Simulated people, recorded with any coupling, and a ridge that was fitted to some of their recordings."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.heads: dict[str, tuple[Participant, Cap]] = {}
        for label in PEOPLE:
            participant = make_participant(study, label)
            self.heads[label] = participant, place_cap(study, participant.subject, label)
        self.training = [f"sub-{person}_task-train_run-{run}" for run in (1, 2) for person in PEOPLE]
        self.kept = [self.record(name, TRAINING_COUPLING) for name in self.training]

    def p_values(self, coupling: float, recordings: int) -> np.ndarray:
        """p values of the median temporal r of recordings that the ridge has not seen."""
        return np.array([test.median.p_value for test in self.tests(coupling, range(recordings))])

    def pooled_p_values(self) -> np.ndarray:
        """p values of groups of three null recordings."""
        numbers = range(NULL_RECORDINGS, 2 * NULL_RECORDINGS)
        scores = [test.median for test in self.tests(0.0, numbers)]
        groups = [scores[k : k + 3] for k in range(0, len(scores) - 2, 3)]
        return np.array([pooled_test(group).p_value for group in groups])

    def tests(self, coupling: float, numbers: Sequence[int]) -> Iterator[VoxelTest]:
        """Tests over time of recordings, some at a time in a store that is thrown away."""
        pairs = PairConfig()
        _, targets = pair_index(CONFIG.volumes, CONFIG.tr, pairs)
        for start in range(0, len(numbers), BATCH):
            names = [f"sub-{PEOPLE[k % len(PEOPLE)]}_task-test_run-{k}" for k in numbers[start : start + BATCH]]
            with tempfile.TemporaryDirectory() as folder:
                store = Store.open(
                    write_store(
                        Path(folder) / "store",
                        [*self.kept, *(self.record(name, coupling) for name in names)],
                        electrodes=self.study.electrodes.names,
                        frequencies=np.arange(1, self.kept[0].eeg.shape[2] + 1) / CONFIG.tr,
                        tr=CONFIG.tr,
                    )
                )
                ridge = HaemodynamicRidge().fit(store, self.training[2:], pairs, self.training[:2])
                for name in names:
                    yield surrogate_test(
                        store.bold(name)[targets[0] :],
                        ridge.predict(store, name),
                        store.mask(name),
                        tr=CONFIG.tr,
                        elapsed=float(targets[0]) * CONFIG.tr,
                        seed=int(name.rsplit("-", 1)[1]),
                    )

    def record(self, name: str, coupling: float) -> RecordingArrays:
        """Simulate one recording."""
        study = replace(self.study, config=self.study.config.model_copy(update={"coupling": coupling}))
        made = simulate_recording(study, *self.heads[name[4:6]], name)
        onsets = study.clock.volumes - study.clock.first_sample
        eeg, _ = spectrogram(made.eeg, CONFIG.sfreq, onsets, CONFIG.tr)
        bold = np.moveaxis(made.bold.data, -1, 0).astype(np.float32)
        return RecordingArrays(name, eeg, bold, mask=bold.mean(axis=0) > bold.mean() / 2)


def _uniform(name: str, p: Sequence[float]) -> Row:
    value = float(scipy.stats.kstest(p, "uniform").pvalue)
    return Row(name, value, "", ">= 0.05", value >= 0.05)
