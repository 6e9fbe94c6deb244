"""What the table of baselines and the controls of an evaluation cost.

The baselines, slow ones included, are fitted to and scored on 8 subjects of 300 volumes of 32 x 32 x 16; the controls
are those of two test recordings of 290 volumes of 64 x 64 x 30 with motion and a task. Numbers are random: what is in
them does not matter to time and memory, but for the sparse lasso, which has nothing to find.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from benchmarks.common import Row, at_most
from benchmarks.random_store import random_store
from eeg2fmri.core.random import generator
from eeg2fmri.data.pairs.scaling import BoldScaler, group_statistics
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.splits.make import Split
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.open_run import OpenRun

#: What the whole table may take on two cores, s.
TABLE_S = 180
#: What the controls of an evaluation may take, s and GB.
CONTROLS_S, CONTROLS_GB = 30, 1.5
PAIRS = PairConfig(target="dynamics")


def measure() -> list[Row]:
    table, controls = _child("table"), _child("controls")
    return [
        at_most("every baseline fitted and scored, 8 subjects of 300 volumes of 32 x 32 x 16", table[0], "s", TABLE_S),
        Row("the same, processor time", table[1], "s"),
        Row("its peak memory", table[2], "GB"),
        at_most("all controls of 2 recordings of 290 volumes of 64 x 64 x 30", controls[0], "s", CONTROLS_S),
        Row("the same, processor time", controls[1], "s"),
        at_most("its peak memory", controls[2], "GB", CONTROLS_GB),
    ]


def _child(what: str) -> tuple[float, float, float]:
    """Measure in a process of its own: wall time (s), processor time (s), peak memory (GB)."""
    command = [sys.executable, "-m", "benchmarks.bench_baselines", what]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    wall, processor, peak = map(float, ended.stdout.split()[-3:])
    return wall, processor, peak


def _run(store: Store, test: int) -> OpenRun:
    """Make a run of a model that gives one volume whatever its EEG: the last `test` recordings test it."""
    import torch
    from torch import nn

    from eeg2fmri.models.output import Synthesis

    names = tuple(recording.id for recording in store.recordings)
    left = len(names) - test - 1
    split = Split(train=names[:left], validation=names[left:-test], test=names[-test:], protocol="fixed-subjects")
    statistics = group_statistics(store, split.train)

    class Constant(nn.Module):
        config = SimpleNamespace(eeg_shape=(len(store.electrodes), len(store.frequencies), 10), volume_shape=store.grid)

        def __init__(self) -> None:
            super().__init__()
            self.nothing = nn.Parameter(torch.zeros(1))

        def forward(self, x: Any, y: Any = None, *, generator: Any = None) -> Synthesis:
            return Synthesis(x.new_zeros((len(x), *store.grid)), None, x.flatten(1), None, None)

    loaded = SimpleNamespace(model=Constant(), card=SimpleNamespace(pairs=PAIRS), statistics=statistics)
    return OpenRun(store.path, store, split, cast(Any, loaded), BoldScaler(PAIRS, statistics))


def _table(folder: Path) -> None:
    from eeg2fmri.core.progress import silent
    from eeg2fmri.evaluate.recordings.scoring import Recording, Scores
    from eeg2fmri.evaluate.run import score_baselines
    from eeg2fmri.models.baselines import all_baselines

    run = _run(random_store(folder / "store", 8, 300, 32, 80, (32, 32, 16), amplitudes=True), 2)
    start = time.perf_counter(), time.process_time()
    recordings = [Recording.of([run], name) for name in run.split.test]
    score_baselines(run, all_baselines(), recordings, Scores(silent))
    _tell(*start)


def _controls(folder: Path) -> None:
    from eeg2fmri.evaluate.controls.study import ControlStudy
    from eeg2fmri.evaluate.recordings.scoring import Recording

    rng = generator(0, "benchmark of controls")
    names = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z", "task_1", "heart_rate", "respiration_volume")
    nuisance = {name: rng.standard_normal(290) * 0.05 for name in names}
    run = _run(random_store(folder / "store", 8, 290, 32, 120, nuisance=nuisance), 2)
    recordings = [Recording.of([run], name) for name in run.split.test]
    predictions = [np.asarray(one.truth) + rng.standard_normal(one.truth.shape, np.float32) for one in recordings]
    start = time.perf_counter(), time.process_time()
    study = ControlStudy(run)
    for recording, prediction in zip(recordings, predictions, strict=True):
        study.add(recording, prediction)
    found = study.result()
    assert found.informative
    _tell(*start)


def _tell(wall: float, processor: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(time.perf_counter() - wall, time.process_time() - processor, peak)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        {"table": _table, "controls": _controls}[sys.argv[1]](Path(made))
