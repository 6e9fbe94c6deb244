"""How time and memory of a training grow: with recordings, channels, the grid, and processes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.common import Row, at_most
from benchmarks.random_store import random_store

SMALL = {"volumes": 60, "channels": 16, "freqs": 60, "grid": (20, 20, 16)}
RECORDINGS = (1, 2, 4, 8, 16)
CHANNELS = (8, 16, 32, 64)
GRIDS = ((16, 16, 12), (24, 24, 18), (32, 32, 24), (48, 48, 30))


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        by_recordings = [_train(folder / f"r{n}", n) for n in RECORDINGS]
        by_channels = [_train(folder / f"c{n}", 2, channels=n) for n in CHANNELS]
        by_grid = [_train(folder / f"g{k}", 2, grid=grid) for k, grid in enumerate(GRIDS)]
        plain = {"model": {"preset": "documented", "encoder": {"blocks": {"batch_norm": False}}}}
        one = _train(folder / "p1", 4, settings={**plain, "batch_size": 8})
        two = _train(folder / "p2", 4, settings={**plain, "batch_size": 4, "devices": 2}, processes=2)
    memory = [peak for _, peak in by_recordings]
    voxels = [int(np.prod(grid)) for grid in GRIDS]
    return [
        Row("time of an epoch ~ recordings to the power", _exponent(RECORDINGS, by_recordings, 0), ""),
        at_most("peak memory, 16 recordings", memory[-1] / memory[0], "x 1 recording", 1.05),
        Row("peak memory, 16 recordings", memory[-1], "MB"),
        Row("time of an epoch ~ channels to the power", _exponent(CHANNELS, by_channels, 0), ""),
        Row("time of an epoch ~ voxels to the power", _exponent(voxels, by_grid, 0), ""),
        Row("peak memory ~ voxels to the power", _exponent(voxels, by_grid, 1), ""),
        Row("two processes, same global batch", one[0] / two[0], "x speed of one"),
    ]


def _train(folder, training, settings=None, processes=1, **shape) -> tuple[float, float]:
    """Train one epoch on `training` recordings; seconds of the epoch, peak MB."""
    folder.mkdir()
    random_store(folder / "store", training + 2, **{**SMALL, **shape})
    split = {"train": training, "validation": 1, "test": 1}
    config = {"epochs": 1, "batch_size": 4, "accelerator": "cpu", "split": split, **(settings or {})}
    (folder / "train.json").write_text(json.dumps(config))
    start = [sys.executable]
    if processes > 1:
        start += ["-m", "torch.distributed.run", "--nproc-per-node", str(processes), "--master-port", "29573"]
    command = [*start, "-m", "eeg2fmri", "train", "store", "run", "--config", "train.json"]
    threads = {"OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env={**os.environ, **threads})
    with (folder / "run" / "history.csv").open() as stream:
        (row,) = csv.DictReader(stream)
    facts = json.loads((folder / "run" / "environment.json").read_text())
    subprocess.run(["rm", "-r", folder / "store"], check=True)
    return float(row["seconds"]), float(facts["peak_memory_mb"])


def _exponent(sizes, measured, which) -> float:
    values = [each[which] for each in measured]
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])
