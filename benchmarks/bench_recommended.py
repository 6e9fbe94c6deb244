"""Time and memory of fitting the recommended synthesiser to a large group.

    python -m benchmarks.bench_recommended [--subjects 20] [--volumes 300]

Random numbers: 64 electrodes, 64 x 64 x 30 voxels of which an ellipsoid is brain. Prints seconds and the largest memory
of the process, which reads the store as a training does.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.random_store import random_store
from eeg2fmri.train.run import train_run

GRID = (64, 64, 30)


def ellipsoid() -> np.ndarray:
    """Voxels (x, y, z) of a brain that fills three quarters of the grid's edges."""
    axes = [np.linspace(-1, 1, size) / 0.75 for size in GRID]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    inside: np.ndarray = x**2 + y**2 + z**2 <= 1
    return inside


def main() -> None:
    """Fit once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=20)
    parser.add_argument("--volumes", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=None, help="where the store is made; a temporary one by default")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        # a fifth of the subjects is tested
        stored = chosen.subjects * 5 // 4
        random_store(folder / "store", stored, chosen.volumes, grid=GRID, mask=ellipsoid(), amplitudes=True)
        started, used = time.perf_counter(), time.process_time()
        result = train_run(folder / "store", folder / "run", {"model": {"preset": "recommended"}})
        seconds, used = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{chosen.subjects} subjects x {chosen.volumes} volumes, {int(ellipsoid().sum())} voxels of brain")
    print(f"{seconds:.0f} s ({used:.0f} s of processors), {peak:.2f} GB; {result.summary()}")


if __name__ == "__main__":
    main()
