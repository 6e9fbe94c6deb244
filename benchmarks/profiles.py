"""Where the time of the slowest paths goes.

    python -m benchmarks.profiles step                                    operators of a training step (torch profiler)
    py-spy record -r 50 -f raw -o FILE -- python -m benchmarks.profiles prepare       or evaluate, or epoch
    python -m benchmarks.profiles shares FILE prepare                     functions of such a file, with their shares

Everything is of full size: 64 electrodes, 64 x 64 x 30 voxels.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

#: Functions within which samples are counted, in any thread: what makes the data before them is left out.
WITHIN = {
    "prepare": ("prepare", "write_bold", "_digests"),
    "evaluate": ("evaluate_run",),
    "epoch": ("_train_epoch",),
}
TOP = 10


def step() -> None:
    """Print the operators in which a step of the documented model spends its time, on one core."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    from benchmarks.bench_step import _stepper

    torch.set_num_threads(1)
    work, _ = _stepper()
    work()
    with profile(activities=[ProfilerActivity.CPU]) as found:
        for _ in range(5):
            work()
    averages = found.key_averages()
    whole = sum(each.self_cpu_time_total for each in averages)
    for each in sorted(averages, key=lambda each: -each.self_cpu_time_total)[:TOP]:
        print(f"{each.self_cpu_time_total / whole:6.1%}  {each.count // 5:4d} a step  {each.key}")


def prepare() -> None:
    """Prepare four recordings of full size."""
    from benchmarks.bench_prepare import _data_set, _write
    from eeg2fmri.data.prepare.run import prepare

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        root = _data_set(folder / "bids", _write(folder / "source"), 4)
        prepare(root, folder / "store")


def epoch() -> None:
    """Train an epoch of the documented model."""
    with tempfile.TemporaryDirectory() as name:
        _trained(Path(name))


def evaluate() -> None:
    """Evaluate the documented model on one recording, with shifted EEG, baselines and the test over time."""
    from eeg2fmri.evaluate.run import evaluate_run

    with tempfile.TemporaryDirectory() as name:
        evaluate_run(_trained(Path(name)), Path(name) / "store", device="cpu")


def _trained(folder: Path) -> Path:
    from benchmarks.random_store import random_store
    from eeg2fmri.train.run import train_run

    random_store(folder / "store", 3, volumes=60)
    settings = {"epochs": 1, "accelerator": "cpu", "split": {"train": 1, "validation": 1, "test": 1}}
    return train_run(folder / "store", folder / "run", settings).run


def shares(file: str, name: str) -> None:
    """Print the shares of functions: with what they call (ours), and by themselves (anyone's)."""
    own: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    whole = 0
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        stack, count = line.rsplit(" ", 1)
        frames = [re.sub(r":\d+\)$", ")", frame) for frame in stack.split(";")]
        starts = tuple(f"{function} (eeg2fmri" for function in WITHIN[name])
        inside = [k for k, frame in enumerate(frames) if frame.startswith(starts)]
        if not inside:
            continue
        # threads have no stack of who started them: the first of ours counts too
        below = frames[inside[0] + (frames[inside[0]].startswith(starts[0])) :]
        whole += int(count)
        own[frames[-1]] += int(count)
        for frame in {frame for frame in below if "eeg2fmri" in frame}:
            reached[frame] += int(count)
    for title, counter in (("with what it calls", reached), ("by itself", own)):
        print(title)
        for frame, count in counter.most_common(2 * TOP):
            print(f"{count / whole:6.1%}  {frame}")


if __name__ == "__main__":
    paths = {"step": step, "prepare": prepare, "epoch": epoch, "evaluate": evaluate, "shares": shares}
    paths[sys.argv[1]](*sys.argv[2:])
