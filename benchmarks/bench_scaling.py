"""How much faster two processes train than one with the same global batch, each with one thread.

Two models: the documented one, most of whose weights are summed over processes in every step, and one without the
large layer to the volume.
"""

from __future__ import annotations

import csv
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.common import Row
from benchmarks.random_store import random_store

STORE = {"volumes": 40, "channels": 16, "freqs": 60, "grid": (24, 24, 18)}
COARSE = {"head": {"low_resolution": {"grid": [8, 8, 6]}, "transform": "dct", "up": {"kind": "padded_dct"}}}
MODELS = {"documented": {}, "with a head of low resolution": COARSE}
EPOCHS = 3


def measure() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        random_store(folder / "store", 5, **STORE)
        for model, changes in MODELS.items():
            settings = {"model": {"preset": "documented", **changes}, "epochs": EPOCHS, "accelerator": "cpu"}
            settings["split"] = {"train": 3, "validation": 1, "test": 1}
            one = _epoch(folder, {**settings, "batch_size": 8}, 1)
            two = _epoch(folder, {**settings, "batch_size": 4, "devices": 2}, 2)
            apart = {"batch_size": 4, "devices": 2, "synchronise_batch_norm": False}
            alone = _epoch(folder, {**settings, **apart}, 2)
            rows += [
                Row(f"two processes, {model}", one / two, "x speed of one"),
                Row(f"two processes, {model}, batch norm of each alone", one / alone, "x speed of one"),
            ]
    return rows


def _epoch(folder: Path, settings: dict, processes: int) -> float:
    """Median time of the epochs after the first, s."""
    (folder / "train.json").write_text(json.dumps(settings))
    start = [sys.executable]
    if processes > 1:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        start += ["-m", "torch.distributed.run", "--nproc-per-node", str(processes), "--master-port", str(port)]
    command = [*start, "-m", "eeg2fmri", "train", "store", "run", "--config", "train.json"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    with (folder / "run" / "history.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    subprocess.run(["rm", "-r", folder / "run"], check=True)
    return statistics.median(float(row["seconds"]) for row in rows[1:])
