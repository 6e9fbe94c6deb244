"""Does the test against time shifts hold its level on null recordings, does it find coupling, and what does it cost?

A ridge on band power is fitted to simulated recordings with coupling. It then predicts recordings of the same simulated
people whose EEG and BOLD are independent (coupling 0), which have every autocorrelation of the real thing, and others
with more and more coupling.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.stats

from benchmarks.common import Row, at_most, peak_megabytes, seconds
from eeg2fmri.data.spectrogram import spectrogram
from eeg2fmri.data.store_arrays import RecordingArrays, write_store
from eeg2fmri.data.windows import PairConfig, pair_index
from eeg2fmri.evaluate.shifts import VoxelShiftTest, shift_test
from eeg2fmri.evaluate.significance import pooled_shift_test
from eeg2fmri.models.baselines import HaemodynamicRidge
from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.recording import simulate_recording
from eeg2fmri.simulate.study import Cap, Participant, Study, make_participant, make_study, place_cap

NULL_RECORDINGS = 400
POWER_RECORDINGS = 60
COUPLINGS = (0.2, 0.4, 0.6, 0.8)
TRAINING_COUPLING = 0.8
PEOPLE = ("01", "02", "03", "04")
CONFIG = SimulationConfig(volumes=150, grid=(10, 12, 6), electrodes=16, sfreq=128, regions=20, seed=11)
BATCH = 50

COST = """
import numpy as np
from eeg2fmri.evaluate.shifts import VoxelShiftTest, shift_test
from eeg2fmri.evaluate.significance import pooled_shift_test
rng = np.random.default_rng(0)
truth, prediction = (rng.standard_normal((290, 64, 64, 30), dtype=np.float32) for _ in range(2))
test = shift_test(truth, prediction)
pooled_shift_test([test.median, test.mean], rng, draws=1000)
"""


def measure() -> list[Row]:
    cohort = Cohort(make_study(CONFIG))
    null = cohort.p_values(0.0, NULL_RECORDINGS)
    rejected = int(np.sum(null <= 0.05))
    interval = scipy.stats.binomtest(rejected, len(null), 0.05).proportion_ci(0.95)
    rows = [
        Row(
            f"rejected at .05, {len(null)} null recordings",
            rejected / len(null),
            "",
            f"95 % interval {interval.low:.3f} to {interval.high:.3f} contains .05",
            bool(interval.low <= 0.05 <= interval.high),
        ),
        _uniform("null p values uniform (Kolmogorov-Smirnov p)", null),
        _uniform("null p values of 3 recordings pooled, uniform", cohort.pooled_p_values()),
    ]
    for coupling in COUPLINGS:
        found = list(cohort.tests(coupling, range(POWER_RECORDINGS)))
        for name in ("median", "mean"):
            power = float(np.mean([getattr(test, name).p_value <= 0.05 for test in found]))
            rows.append(Row(f"power at coupling {coupling:g}, one recording of 150 volumes, {name} r", power, ""))
    rng = np.random.default_rng(0)
    truth, prediction = (rng.standard_normal((290, 64, 64, 30), dtype=np.float32) for _ in range(2))

    def shift() -> None:
        test = shift_test(truth, prediction)
        pooled_shift_test([test.median, test.mean], rng, draws=1000)

    cost = "shift test, 290 volumes of 64 x 64 x 30, 1,000 draws"
    return [
        *rows,
        at_most(cost, seconds(shift, repeats=1, warmup=0), "s", 20),
        at_most("its peak memory, with the volumes", peak_megabytes(COST), "MB", 1500),
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
        rng = np.random.default_rng(1)
        groups = [scores[k : k + 3] for k in range(0, len(scores) - 2, 3)]
        return np.array([pooled_shift_test(group, rng, draws=1000).p_value for group in groups])

    def tests(self, coupling: float, numbers: Sequence[int]) -> Iterator[VoxelShiftTest]:
        """Shift tests of recordings, some at a time in a store that is thrown away."""
        pairs = PairConfig()
        _, targets = pair_index(CONFIG.volumes, CONFIG.tr, pairs)
        for start in range(0, len(numbers), BATCH):
            names = [f"sub-{PEOPLE[k % len(PEOPLE)]}_task-test_run-{k}" for k in numbers[start : start + BATCH]]
            with tempfile.TemporaryDirectory() as folder:
                store = write_store(
                    Path(folder) / "store",
                    [*self.kept, *(self.record(name, coupling) for name in names)],
                    electrodes=self.study.electrodes.names,
                    frequencies=np.arange(1, self.kept[0].eeg.shape[2] + 1) / CONFIG.tr,
                    tr=CONFIG.tr,
                )
                ridge = HaemodynamicRidge().fit(store, self.training[2:], pairs, self.training[:2])
                for name in names:
                    yield shift_test(store.bold(name)[targets[0] :], ridge.predict(store, name), store.mask(name))

    def record(self, name: str, coupling: float) -> RecordingArrays:
        """Simulate one recording."""
        study = replace(self.study, config=self.study.config.model_copy(update={"coupling": coupling}))
        made = simulate_recording(study, *self.heads[name[4:6]], name)
        onsets = study.clock.volumes - study.clock.first_sample
        eeg, _ = spectrogram(made.eeg, CONFIG.sfreq, onsets, CONFIG.tr)
        bold = np.moveaxis(made.bold.data, -1, 0).astype(np.float32)
        return RecordingArrays(name, eeg, bold, mask=bold.mean(axis=0) > bold.mean() / 2)


def _uniform(name: str, p: np.ndarray) -> Row:
    value = float(scipy.stats.kstest(p, "uniform").pvalue)
    return Row(name, value, "", ">= 0.05", value >= 0.05)
