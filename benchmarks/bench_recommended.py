"""Time and memory of fitting the recommended synthesiser to 20 subjects of 300 volumes.

Random numbers: 64 electrodes, 64 x 64 x 30 voxels of which an ellipsoid is brain. A process of its own reads the
store as a training does. Seconds are those of processors, which other programs disturb little, divided by two cores.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.common import Row, at_most
from benchmarks.random_store import random_store

GRID, SUBJECTS, VOLUMES = (64, 64, 30), 20, 300


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        # a fifth of the subjects is tested
        random_store(Path(name) / "store", SUBJECTS * 5 // 4, VOLUMES, grid=GRID, mask=ellipsoid(), amplitudes=True)
        command = [sys.executable, "-m", "benchmarks.bench_recommended", name]
        environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
        ended = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        found = json.loads(ended.stdout.splitlines()[-1])
    what = f"fit of the recommended synthesiser, {SUBJECTS} subjects x {VOLUMES} volumes"
    return [
        at_most(f"{what}: two cores", found["processor"] / 2, "s", 120),
        at_most(f"{what}: memory", found["peak"], "GB", 2),
        Row(f"{what}: wall clock", found["wall"], "s"),
    ]


def ellipsoid() -> np.ndarray:
    """Voxels (x, y, z) of a brain that fills three quarters of the grid's edges."""
    axes = [np.linspace(-1, 1, size) / 0.75 for size in GRID]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    inside: np.ndarray = x**2 + y**2 + z**2 <= 1
    return inside


def fit(folder: Path) -> dict[str, float]:
    """Fit once and say what it took: s on the clock, s of processors, GB."""
    from eeg2fmri.train.run import train_run

    started, used = time.perf_counter(), time.process_time()
    train_run(folder / "store", folder / "run", {"model": {"preset": "recommended"}})
    return {
        "wall": time.perf_counter() - started,
        "processor": time.process_time() - used,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


if __name__ == "__main__":
    print(json.dumps(fit(Path(sys.argv[1]))))
