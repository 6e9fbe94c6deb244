"""Training step and inference of the published models, beside a plain port and beside what the machine can do.

Sizes are those of the `_small` presets on a small recording, so that a laptop measures all in a few minutes; NeuroBOLT
and BOLDFlow have their published kind of layers in fewer of them, eeg2bold its published sizes. Plain ports are in
`plain_rivals`. The floor is that of `bench_step`: the arithmetic at the measured rate of matrix products, and the
passes over the weights at the measured rate of a copy. One core, processor time: other programs disturb little.

Steps of NeuroBOLT and BOLDFlow are mostly matrix products: they have to be within 2.5 times the floor. Convolutions of
few channels, normalisations, the softmax of many short heads and a recurrence are no matrix products: no program comes
near the floor of those, and what they are measured by is the plain port.
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
from benchmarks.common import Row, at_most
from benchmarks.plain_rivals import PLAIN
from eeg2fmri.models.presets import model_config
from eeg2fmri.models.registry import build
from eeg2fmri.models.rivals.published import TRAINED as KINDS
from eeg2fmri.models.rivals.published import rival

BATCH, ROUNDS = 8, 5
SPECTRA, RAW, SLICES, REGIONS = (32, 120, 10), (26, 1, 3200), (24, 28, 20), (64, 1, 1)
#: Networks whose step is mostly matrix products: they are measured at sizes where this is so.
PRODUCTS = {
    "neurobolt": {"depth": 4, "spectral_depth": 2},
    "boldflow": {"width": 256, "heads": 8, "depth": 2, "hidden": 680, "spectral_depth": 1, "ensemble": 8, "steps": 10},
}
#: Largest ratio of our step to that of the plain port.
BESIDE_PLAIN = 1.1
clock = time.thread_time


def measure() -> list[Row]:
    import subprocess

    rows = []
    for kind in KINDS:
        command = [sys.executable, "-m", "benchmarks.bench_rivals", kind]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        rows += _rows(kind, json.loads(ended.stdout.splitlines()[-1]))
    return rows


def _rows(kind: str, found: dict[str, float]) -> list[Row]:
    gemm, copy = found["gemm"], found["copy"]
    step_floor = found["step_flop"] / gemm + TRAINED * found["bytes"] / copy
    read_floor = found["flop"] / gemm + READ * found["bytes"] / copy
    step = found["step"] / step_floor
    rows = [
        Row(f"{kind}: step, batch {BATCH}", found["step"], "s"),
        at_most(f"{kind}: step / floor", step, "", 2.5) if kind in PRODUCTS else Row(f"{kind}: step / floor", step, ""),
        Row(f"{kind}: inference, batch {BATCH}", found["inference"], "s"),
        Row(f"{kind}: inference / floor", found["inference"] / read_floor, ""),
    ]
    if "plain" in found:
        rows.append(at_most(f"{kind}: step / step of a plain port", found["step"] / found["plain"], "", BESIDE_PLAIN))
        beside = found["inference"] / found["plain_inference"]
        rows.append(at_most(f"{kind}: inference / inference of a plain port", beside, "", BESIDE_PLAIN))
    return rows


def _model(kind: str) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    raw = rival(kind).inputs.kind == "raw"
    eeg = RAW if raw else SPECTRA
    if kind == "nt_vit":
        eeg = (26, 1, 1024)
    volume = REGIONS if rival(kind).target.kind == "regions" else SLICES
    spec: dict[str, Any] = {"preset": rival(kind).small}
    if kind in PRODUCTS or kind == "eeg2bold":
        spec = {"kind": kind, **PRODUCTS.get(kind, {})}
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
    if kind in PLAIN:
        plain, pairs = PLAIN[kind](model), (x, y)
        plain.train()
        found["plain"] = _best(_stepper(plain, x, lambda: plain.loss(*pairs)), ROUNDS)
    model.eval()
    with FlopCounterMode(display=False) as counter:
        model(x)
    found["flop"] = counter.get_total_flops()
    with torch.no_grad():
        found["inference"] = _best(lambda: model(x), ROUNDS)
        if kind in PLAIN:
            found["plain_inference"] = _best(lambda: plain.eval()(x), ROUNDS)
    after = _rates()
    return found | {name: max(before[name], after[name]) for name in before}


if __name__ == "__main__":
    torch.set_num_threads(1)
    import benchmarks.bench_step as of_step

    of_step.clock = clock
    print(json.dumps(_measured(sys.argv[1])))
