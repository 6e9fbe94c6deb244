"""Training step and inference of the published models, beside a plain port and beside what the machine can do.

Sizes are those of the `_small` presets on a small recording, so that a laptop measures all in a few minutes; NeuroBOLT
and BOLDFlow have their published kind of layers in fewer of them, NT-ViT and eeg2bold their published sizes. Plain
ports are in `plain_rivals`, `plain_scan` and `plain_flow`. The floor is that of `bench_step`: the arithmetic at the
measured rate of matrix products, and the passes over the weights at the measured rate of a copy. One core, processor
time: other programs disturb little.

A step has to be within 2.5 times its floor where matrix products take at least half of its time, as torch's own
profiler counts it. Convolutions of few channels, normalisations, the softmax of many short heads and a recurrence are
no matrix products: no program comes near the floor of those, and what they are measured by is the plain port.

The selective scan is measured beside the recurrence token by token, at 1,024 tokens and several widths.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.bench_step import READ, TRAINED, _best, _rates
from benchmarks.common import Row, at_least, at_most
from benchmarks.plain_flow import PlainBoldFlow
from benchmarks.plain_rivals import PlainE2fGAN, PlainE2fNet, PlainEeg2Bold, PlainNeuroBolt, PlainNTViT
from benchmarks.plain_scan import PlainSpec2Vol, plain_scan
from eeg2fmri.models.presets import model_config
from eeg2fmri.models.registry import build
from eeg2fmri.models.rivals.published import TRAINED as KINDS
from eeg2fmri.models.rivals.published import rival
from eeg2fmri.nn.tokens.selective_scan import selective_scan

BATCH, ROUNDS = 8, 5
SPECTRA, RAW, SLICES, REGIONS = (32, 120, 10), (26, 1, 3200), (24, 28, 20), (64, 1, 1)
#: Sizes other than those of the `_small` presets; empty for the published ones.
SIZES: dict[str, dict[str, int]] = {
    "neurobolt": {"depth": 4, "spectral_depth": 2},
    "boldflow": {"width": 256, "heads": 8, "depth": 2, "hidden": 680, "spectral_depth": 1, "ensemble": 8, "steps": 10},
    "nt_vit": {},
    "eeg2bold": {},
}
PLAIN: dict[str, Callable[[nn.Module], Any]] = {
    "e2fnet": PlainE2fNet,
    "e2fgan": PlainE2fGAN,
    "neurobolt": PlainNeuroBolt,
    "spec2vol": PlainSpec2Vol,
    "nt_vit": PlainNTViT,
    "boldflow": PlainBoldFlow,
    "eeg2bold": PlainEeg2Bold,
}
#: Operations that are matrix products, and those whose arithmetic the floor counts too.
PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm")
COUNTED = ("convolution", "scaled_dot_product")
#: Share of matrix products from which a step is held against its floor, and the largest ratio then.
HALF, BESIDE_FLOOR = 0.5, 2.5
#: Tokens of a scan, and numbers of a step (4 groups of so many features with 16 states) it is measured at.
TOKENS, FEATURES = 1024, (2, 8, 32, 192)
#: Largest ratio of our step to that of the plain port.
BESIDE_PLAIN = 1.1
clock = time.thread_time


def measure() -> list[Row]:
    rows = [row for kind in KINDS for row in _rows(kind, _child(kind))]
    for features, (ours, plain) in zip(FEATURES, _child("scan").values(), strict=True):
        name = f"selective scan, {64 * features} numbers a step"
        rows += [Row(name, ours, "s"), at_least(f"{name}: token by token / ours", plain / ours, "", 10)]
    return rows


def _child(what: str) -> dict[str, Any]:
    import subprocess

    command = [sys.executable, "-m", "benchmarks.bench_rivals", what]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def _rows(kind: str, found: dict[str, float]) -> list[Row]:
    gemm, copy = found["gemm"], found["copy"]
    step_floor = found["step_flop"] / gemm + TRAINED * found["bytes"] / copy
    read_floor = found["flop"] / gemm + READ * found["bytes"] / copy
    step, name = found["step"] / step_floor, f"{kind}: step / floor"
    held = found["products"] >= HALF
    beside = found["inference"] / found["plain_inference"]
    return [
        Row(f"{kind}: step, batch {BATCH}", found["step"], "s"),
        Row(f"{kind}: share of matrix products in it", found["products"], ""),
        Row(f"{kind}: share of convolutions and attention", found["counted"], ""),
        at_most(name, step, "", BESIDE_FLOOR) if held else Row(name, step, ""),
        at_most(f"{kind}: step / step of a plain port", found["step"] / found["plain"], "", BESIDE_PLAIN),
        Row(f"{kind}: inference, batch {BATCH}", found["inference"], "s"),
        Row(f"{kind}: inference / floor", found["inference"] / read_floor, ""),
        at_most(f"{kind}: inference / inference of a plain port", beside, "", BESIDE_PLAIN),
    ]


def _model(kind: str) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    raw = rival(kind).inputs.kind == "raw"
    eeg = RAW if raw else SPECTRA
    if kind == "nt_vit":
        eeg = (26, 1, 1024)
    volume = REGIONS if rival(kind).target.kind == "regions" else SLICES
    spec: dict[str, Any] = {"preset": rival(kind).small}
    if kind in SIZES:
        spec = {"kind": kind, **SIZES[kind]}
    source = torch.Generator().manual_seed(0)
    model = build(model_config(spec, eeg, volume))
    return model, torch.randn(BATCH, *eeg, generator=source), torch.rand(BATCH, *volume, generator=source)


def _stepper(model: nn.Module, x: torch.Tensor, loss: Callable[[], torch.Tensor]) -> Callable[[], None]:
    optimiser = torch.optim.AdamW(model.parameters(), 1e-4, fused=True)

    def step() -> None:
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()

    return step


def _measured(kind: str) -> dict[str, float]:
    model, x, y = _model(kind)
    source = torch.Generator().manual_seed(1)
    model.train()
    step = _stepper(model, x, lambda: sum(model.loss(model(x, y, generator=source), y).values()))  # type: ignore
    with FlopCounterMode(display=False) as counter:
        step()
    found = {"step_flop": counter.get_total_flops(), "bytes": sum(p.nbytes for p in model.parameters())}
    before = _rates()
    found["step"] = _best(step, ROUNDS)
    found |= _shares(step)
    plain, pairs = PLAIN[kind](model), (x, y)
    plain.train()
    found["plain"] = _best(_stepper(plain, x, lambda: plain.loss(*pairs)), ROUNDS)
    model.eval()
    with FlopCounterMode(display=False) as counter:
        model(x)
    found["flop"] = counter.get_total_flops()
    with torch.no_grad():
        found["inference"] = _best(lambda: model(x), ROUNDS)
        found["plain_inference"] = _best(lambda: plain.eval()(x), ROUNDS)
    after = _rates()
    return found | {name: max(before[name], after[name]) for name in before}


def _shares(step: Callable[[], None]) -> dict[str, float]:
    """Share of matrix products, and of convolutions and attention, in the time of a step."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU]) as watched:
        step()
    spent = {event.key: event.self_cpu_time_total for event in watched.key_averages()}
    counted = sum(time_ for name, time_ in spent.items() if any(part in name for part in COUNTED))
    whole = sum(spent.values())
    return {"products": sum(spent.get(name, 0) for name in PRODUCTS) / whole, "counted": counted / whole}


def _scans() -> dict[str, tuple[float, float]]:
    """Seconds of a scan with its gradient, ours and token by token."""
    found = {}
    for features in FEATURES:
        source = torch.Generator().manual_seed(0)
        x, step = (torch.rand(TOKENS, 1, 4, features, generator=source) for _ in range(2))
        into, out = (torch.rand(TOKENS, 1, 4, 16, generator=source) for _ in range(2))
        decay = -(1 + torch.arange(16.0)).expand(4, features, 16).contiguous()
        parts = [part.requires_grad_() for part in (x, step, decay, into, out)]
        ours, plain = (
            _best(lambda scan=scan, parts=parts: scan(*parts).sum().backward(), rounds)
            for scan, rounds in ((selective_scan, ROUNDS), (plain_scan, 2))
        )
        found[str(features)] = (ours, plain)
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    import benchmarks.bench_step as of_step

    of_step.clock = clock
    print(json.dumps(_scans() if sys.argv[1] == "scan" else _measured(sys.argv[1])))
