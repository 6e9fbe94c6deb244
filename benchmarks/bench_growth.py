"""How processor time and memory of preparing and of a training grow with recordings, channels and the grid.

Each size has a process of its own, in one thread. Exponents are the slopes of straight lines through the logarithms:
1 is in proportion, 0 is not at all. What is paid once (imports, the first call) is left out of the times.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.common import PEAK, Row, at_most
from benchmarks.random_store import random_store
from eeg2fmri.simulate import SimulationConfig, simulate_dataset

RECORDINGS = (1, 2, 4, 8, 16)
CHANNELS = (8, 16, 32, 64)
GRIDS = ((16, 16, 12), (24, 24, 18), (32, 32, 24), (48, 48, 30))
VOXELS = tuple(int(np.prod(grid)) for grid in GRIDS)
#: Of a store that is trained on, and of a data set that is prepared, where they do not vary.
STORE = {"volumes": 60, "channels": 16, "freqs": 60, "grid": (20, 20, 16)}
DATA_SET = {"volumes": 60, "electrodes": 16, "grid": (20, 20, 16), "sfreq": 250.0, "tr": 2.0, "regions": 20, "seed": 1}

PREPARE = (
    PEAK
    + """
import json, sys, time
from eeg2fmri.data.prepare.run import prepare
warm, root, out, _ = sys.argv[1:]
prepare(warm, out + "-warm")
began = time.process_time()
prepare(root, out)
print(json.dumps([time.process_time() - began, peak()]))
"""
)
TRAIN = (
    PEAK
    + """
import json, sys, time
from eeg2fmri.train.run import train_run
_, store, out, settings = sys.argv[1:]
times = []
train_run(store, out, json.loads(settings), progress=lambda *told: times.append(time.process_time()))
# from the end of the first step to that of the last
print(json.dumps([times[-1] - times[0], peak()]))
"""
)


class Spent(NamedTuple):
    """Processor time (s) and peak memory (MB) of one process."""

    seconds: float
    megabytes: float


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return _rows("preparing", _Prepared(folder).spent) + _rows("an epoch", _Trained(folder).spent)


def _rows(what: str, spent: Callable[..., Spent]) -> list[Row]:
    by_recordings = [spent(recordings=n) for n in RECORDINGS]
    by_channels = [spent(channels=n) for n in CHANNELS]
    by_grid = [spent(grid=grid) for grid in GRIDS]
    rows = []
    for over, sizes, found in (
        ("recordings", RECORDINGS, by_recordings),
        ("channels", CHANNELS, by_channels),
        ("voxels", VOXELS, by_grid),
    ):
        span = f"{sizes[0]:,} to {sizes[-1]:,}"
        rows += [
            Row(f"time of {what} ~ {over} to the power ({span})", exponent(sizes, [s.seconds for s in found]), ""),
            Row(f"memory of {what} ~ {over} to the power", exponent(sizes, [s.megabytes for s in found]), ""),
        ]
    memory = [s.megabytes for s in by_recordings]
    flat = at_most(f"peak memory of {what}, 16 recordings", memory[-1] / memory[0], "x 1 recording", 1.05)
    return [*rows, flat, Row(f"peak memory of {what}, 16 recordings", memory[-1], "MB")]


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Slope of the straight line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


class _Prepared:
    """Preparing simulated data sets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made = 0
        self.warm = self._data_set({"subjects": 1})
        self.all = self._data_set({"subjects": RECORDINGS[-1]})

    def spent(self, recordings: int = 0, channels: int = 0, grid: tuple[int, int, int] | None = None) -> Spent:
        if recordings:
            root = self._some(recordings)
        else:
            changes = {"electrodes": channels} if channels else {"grid": grid}
            root = self._data_set({"subjects": 2, **changes})
        found = _child(PREPARE, self.warm, root, self.folder / "out")
        for path in (root, *self.folder.glob("out*")):
            shutil.rmtree(path)
        return found

    def _data_set(self, changes: dict) -> Path:
        self.made += 1
        config = SimulationConfig.make({**DATA_SET, **changes})
        return Path(simulate_dataset(self.folder / f"bids{self.made}", config))

    def _some(self, recordings: int) -> Path:
        """Make a data set of the first so many subjects, by links to the files of all."""
        root = self.folder / "some"
        shutil.copytree(self.all, root, copy_function=os.link)
        for subject in sorted(root.glob("sub-*"))[recordings:]:
            shutil.rmtree(subject)
        return root


class _Trained:
    """An epoch of a small model on stores of random numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def spent(self, recordings: int = 2, channels: int = 0, grid: tuple[int, int, int] | None = None) -> Spent:
        changes = {"channels": channels} if channels else {"grid": grid} if grid else {}
        store = self.folder / "store"
        random_store(store, recordings + 2, **{**STORE, **changes})
        split = {"train": recordings, "validation": 1, "test": 1}
        settings = {"epochs": 1, "batch_size": 4, "accelerator": "cpu", "split": split}
        found = _child(TRAIN, "", store, self.folder / "run", json.dumps(settings))
        shutil.rmtree(store)
        shutil.rmtree(self.folder / "run")
        return found


def _child(code: str, warm: Path | str, source: Path, out: Path, settings: str = "") -> Spent:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, str(warm), str(source), str(out), settings]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return Spent(*json.loads(ended.stdout.splitlines()[-1]))
