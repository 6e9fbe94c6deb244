"""What scoring costs at the size of a real recording: 290 volumes of 64 x 64 x 30, with surrogates of every voxel.

Volumes lie in files and are read by memory map, as in a store; a prediction is in memory, as an evaluation has it. The
999 surrogates are drawn.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.common import Row, at_most

SHAPE, DRAWS = (290, 64, 64, 30), 1000
#: What one recording and method may cost on two cores.
SECONDS, GIGABYTES = 20, 1.5


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder))
        shift, both = (_child(Path(folder), what) for what in ("shift", "everything"))
    what = f"{SHAPE[0]} volumes of {' x '.join(map(str, SHAPE[1:]))}"
    return [
        at_most(f"surrogates of every voxel, {DRAWS:,} draws, {what}", shift[0], "s", SECONDS),
        Row("the same, processor time", shift[1], "s"),
        at_most("its peak memory", shift[2], "GB", GIGABYTES),
        at_most("every metric and the test of one method", both[0], "s", SECONDS),
        Row("the same, processor time", both[1], "s"),
        at_most("peak memory of both", both[2], "GB", GIGABYTES),
    ]


def _write(folder: Path) -> None:
    """Write truth and prediction: a brain of half the box that wavers by some per cent, and a related prediction."""
    rng = np.random.default_rng(0)
    at = np.indices(SHAPE[1:]) - (np.array(SHAPE[1:]) / 2)[:, None, None, None]
    mask = np.sqrt(((at / (np.array(SHAPE[1:])[:, None, None, None] / 2)) ** 2).sum(axis=0)) < 0.985
    np.save(folder / "mask.npy", mask)
    for name in ("truth", "prediction"):
        volumes = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, SHAPE)
        for volume in volumes:
            volume[:] = (1000 + 15 * rng.standard_normal(SHAPE[1:], np.float32)) * mask


def _child(folder: Path, what: str) -> tuple[float, float, float]:
    """Measure in a process of its own: wall time (s), processor time (s), peak memory (GB)."""
    command = [sys.executable, "-m", "benchmarks.bench_evaluate", str(folder), what]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    wall, processor, peak = map(float, ended.stdout.split())
    return wall, processor, peak


def _work(folder: Path, what: str) -> None:
    from eeg2fmri.core.progress import silent
    from eeg2fmri.evaluate.inputs.methods import Method
    from eeg2fmri.evaluate.metrics.measured import value_range
    from eeg2fmri.evaluate.recordings.scoring import Recording, Scores
    from eeg2fmri.evaluate.significance.surrogates import surrogate_test
    from eeg2fmri.evaluate.significance.tests import pooled_test

    truth, mask = np.load(folder / "truth.npy", mmap_mode="r"), np.load(folder / "mask.npy")
    prediction = np.load(folder / "prediction.npy")
    start, processor = time.perf_counter(), time.process_time()
    if what == "shift":
        test = surrogate_test(truth, prediction, mask, draws=DRAWS)
        pooled_test([test.median, test.mean])
    else:
        # as an evaluation does it
        recording = Recording("sub-01", np.arange(len(truth)), truth, mask, value_range(truth, mask), 2.0, mask)
        Scores(silent).add_mapped(Method("model", "a model", "EEG", "model"), recording, prediction)
    ended = time.perf_counter() - start, time.process_time() - processor
    print(*ended, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9)


if __name__ == "__main__":
    _work(Path(sys.argv[1]), sys.argv[2])
