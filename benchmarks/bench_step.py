"""Training step and inference of the documented model against what the machine can do, measured in one run.

The floor of a step is its arithmetic at the measured rate of float32 matrix products, plus the bytes that have to move
at the measured rate of a copy: weights read forward and backward, gradients written, and Adam, which reads weights,
gradients and two moments and writes weights and moments. Activations are left out, so no program reaches the floor.
Inference of one volume has to read the weights once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common import Row, at_most, peak
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork

EEG, VOLUME, BATCH = (64, 134, 10), (64, 64, 30), 4
ROUNDS = 12
clock = time.perf_counter
#: Passes over the weights: forward 1, backward 1 and its gradient 1, Adam reads 4 and writes 3.
TRAINED, READ = 10, 1


def measure() -> list[Row]:
    rows = _measured("", "every core") + _measured("one", "one core, processor time")
    return [*rows, at_most("peak memory of the training", _child("memory")["megabytes"] / 1e3, "GB", 1.2)]


def _measured(threads: str, how: str) -> list[Row]:
    """Measure floors and times; on one core in processor time, which other programs disturb little."""
    rates, step, inference, again = (_child(what, threads) for what in ("rates", "step", "inference", "rates"))
    # the machine may be shared: what it could do is the better of before and after
    gemm, copy = (max(rates[key], again[key]) for key in ("gemm", "copy"))
    step_floor = step["flop"] / gemm + TRAINED * step["bytes"] / copy
    read_floor = inference["flop"] / gemm + READ * inference["bytes"] / copy
    return [
        Row(f"float32 matrix product, {how}", gemm / 1e9, "GFLOP/s"),
        Row(f"copy, read and written, {how}", copy / 1e9, "GB/s"),
        Row(f"floor of the documented step, batch 4, {how}", step_floor, "s"),
        Row(f"step, {how}", step["seconds"], "s"),
        at_most(f"step / floor, {how}", step["seconds"] / step_floor, "", 2.5),
        Row(f"floor of one volume from EEG, {how}", read_floor, "s"),
        Row(f"one volume from EEG, {how}", inference["seconds"], "s"),
        at_most(f"volume / floor, {how}", inference["seconds"] / read_floor, "", 3),
    ]


def _child(*what: str) -> dict[str, float]:
    """Measure in a process of its own, so that nothing is warm and no memory is left over."""
    command = [sys.executable, "-m", "benchmarks.bench_step", *what]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def _best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Shortest time of a call: the other ones were disturbed."""
    work()
    times = []
    for _ in range(rounds):
        start = clock()
        work()
        times.append(clock() - start)
    return min(times)


def _rates() -> dict[str, float]:
    a, b = torch.randn(1536, 1536), torch.randn(1536, 1536)
    source = torch.randn(48 << 20)
    target = torch.empty_like(source)
    gemm = 2 * len(a) ** 3 / _best(lambda: a @ b)
    copy = 2 * source.nbytes / _best(lambda: target.copy_(source))
    return {"gemm": gemm, "copy": copy}


def _model() -> tuple[SynthesizerNetwork, torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(0)
    x, y = torch.randn(BATCH, *EEG, generator=source), torch.randn(BATCH, *VOLUME, generator=source)
    return SynthesizerNetwork(SynthesizerConfig.documented(EEG, VOLUME)), x, y


def _stepper() -> tuple[Callable[[], None], SynthesizerNetwork]:
    model, x, y = _model()
    optimiser = torch.optim.Adam(model.parameters(), 3e-3, eps=1e-7, fused=True)

    def step() -> None:
        optimiser.zero_grad()
        out = model(x, y)
        # the loss of a training, written out: `eeg2fmri.train` would load what has no part in the step
        latent = 1 - torch.cosine_similarity(out.z_eeg.flatten(1), out.z_fmri.flatten(1)).mean()
        ((out.volume - y).abs().mean() + latent + model.regularization()).backward()
        optimiser.step()

    return step, model


def _step() -> dict[str, float]:
    step, model = _stepper()
    with FlopCounterMode(display=False) as counter:
        step()
    bytes_ = sum(p.nbytes for p in model.parameters())
    return {"flop": counter.get_total_flops(), "bytes": bytes_, "seconds": _best(step)}


def _inference() -> dict[str, float]:
    model, x, _ = _model()
    model.eval()
    one = x[:1]
    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            model(one)
        seconds = _best(lambda: model(one), 3 * ROUNDS)
    parts = [tensor for name, tensor in model.state_dict().items() if not name.startswith("fmri_encoder")]
    return {"flop": counter.get_total_flops(), "bytes": sum(t.nbytes for t in parts), "seconds": seconds}


def _memory() -> dict[str, float]:
    step, _ = _stepper()
    for _ in range(3):
        step()
    return {"megabytes": peak()}


if __name__ == "__main__":
    measured = {"rates": _rates, "step": _step, "inference": _inference, "memory": _memory}
    if sys.argv[2:] == ["one"]:
        torch.set_num_threads(1)
        clock = time.thread_time
    print(json.dumps(measured[sys.argv[1]]()))
