"""Training step and inference of the published models, beside a plain port and beside what the machine can do.

Sizes are those of the `_small` presets on a small recording, so that a laptop measures all in a minute or two. A
plain port is written here from the same facts with torch's own layers and nothing of ours: attention of `torch.nn`, a
recurrence step by step. The floor is that of `bench_step`: the arithmetic at the measured rate of matrix products,
and the passes over the weights at the measured rate of a copy. One core, processor time: other programs disturb
little.

The networks of regions work on few and long sequences, where matrix products are most of the step; they have to be
within 2.5 times the floor. Convolutions of few channels, normalisations and a recurrence are no matrix products: the
floor of those is beyond any program, and their target is the plain port.
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
    "eeg2bold": {},
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
    return rows


def _model(kind: str) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    raw = rival(kind).inputs.kind == "raw"
    eeg = RAW if raw else SPECTRA
    if kind == "nt_vit":
        eeg = (26, 1, 1024)
    volume = REGIONS if rival(kind).target.kind == "regions" else SLICES
    spec: dict[str, Any] = {"preset": rival(kind).small}
    if kind in PRODUCTS:
        spec = {"kind": kind, **PRODUCTS[kind]}
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
        found["plain"] = _best(_stepper(plain, x, lambda: plain.loss(plain(pairs[0]), pairs[1])), ROUNDS)  # type: ignore
    model.eval()
    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            model(x)
        found["flop"] = counter.get_total_flops()
        found["inference"] = _best(lambda: model(x), ROUNDS)
    after = _rates()
    return found | {name: max(before[name], after[name]) for name in before}


class _PlainLinear(nn.Module):
    """A block with linear attention, as its formula says it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.out, self.first, self.second = nn.Linear(width, width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.drop = nn.Dropout(0.2)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(0.2), nn.Linear(4 * width, width), nn.Dropout(0.2)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n = self.first(x)
        q, k, v = (layer(n).unflatten(-1, (self.heads, -1)) for layer in (self.q, self.k, self.v))
        context = torch.einsum("bthf,bthg->bhfg", k.softmax(1), v)
        mixed = torch.einsum("bthf,bhfg->bthg", q.softmax(-1) * q.shape[-1] ** -0.5, context)
        x = x + self.drop(self.out(mixed.flatten(2)))
        return x + self.mlp(self.second(x))


def _plain_similarity(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Structural similarity of images (batch, 1, row, column) with an 11x11 Gaussian window, by convolutions."""
    at = torch.arange(11.0) - 5
    one = torch.exp(-(at**2) / 4.5)
    window = (one[:, None] * one / one.sum() ** 2)[None, None]
    mean = [nn.functional.conv2d(image, window) for image in (a, b, a * a, b * b, a * b)]
    product, power = mean[0] * mean[1], mean[0] ** 2 + mean[1] ** 2
    top = (2 * product + 1e-4) * (2 * (mean[4] - product) + 9e-4)
    return (top / ((power + 1e-4) * (mean[2] + mean[3] - power + 9e-4))).mean()


class _PlainNeuroBolt(nn.Module):
    """Two branches of torch's own Transformer layers on the same patches and spectra."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        config: Any = model.config
        samples = config.eeg_shape[2]
        self.patch, width = config.patch, 200
        self.convs = nn.Sequential(
            nn.Conv2d(1, 8, (1, 15), (1, 8), (0, 7)), nn.GroupNorm(4, 8), nn.GELU(),
            nn.Conv2d(8, 8, (1, 3), padding=(0, 1)), nn.GroupNorm(4, 8), nn.GELU(),
            nn.Conv2d(8, 8, (1, 3), padding=(0, 1)), nn.GroupNorm(4, 8), nn.GELU(),
        )  # fmt: skip

        one = nn.TransformerEncoderLayer(width, config.heads, 4 * width, 0.1, "gelu", batch_first=True, norm_first=True)
        self.temporal = nn.TransformerEncoder(one, config.depth, enable_nested_tensor=False)
        self.spectral = nn.Sequential(
            *(_PlainLinear(width, config.spectral_heads) for _ in range(config.spectral_depth))
        )
        self.bins = nn.ModuleList(nn.Linear(w // 2 + 1, width) for w in config.scales)
        self.frames = nn.ModuleList(nn.Linear(samples // w, samples // min(config.scales)) for w in config.scales)
        self.head, self.scales = nn.Linear(width, REGIONS[0]), config.scales

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x[:, :, 0]
        patches = x.unflatten(-1, (-1, self.patch)).flatten(1, 2)[:, None]
        a = self.temporal(self.convs(patches).permute(0, 2, 3, 1).flatten(2)).mean(1)
        tokens = 0
        for w, bins, frames in zip(self.scales, self.bins, self.frames, strict=True):
            size = x.shape[-1] // w * w
            spectra = torch.stft(
                x[..., :size].flatten(0, 1), w, w, window=torch.ones(w), center=False, return_complex=True
            ).abs()
            tokens = tokens + frames(bins(spectra.mT).mT).mT.unflatten(0, x.shape[:2])
        return self.head(nn.functional.gelu(a + self.spectral(tokens.flatten(1, 2)).mean(1)))

    def loss(self, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return nn.functional.mse_loss(out, y.flatten(1))


class _PlainE2fNet(nn.Module):
    """The convolutions of E2fNet around two levels with attention of `torch.nn`."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        config: Any = model.config
        a, b, c, d = config.widths
        self.size = config.volume_shape[:2]

        def unit(n_in: int, n_out: int, *how: Any) -> list[nn.Module]:
            return [nn.Conv2d(n_in, n_out, *(how or (3, 1, 1))), nn.BatchNorm2d(n_out), nn.ReLU()]

        def residual(n_in: int) -> nn.Module:
            return nn.Sequential(nn.GroupNorm(8, n_in), nn.SiLU(), nn.Conv2d(n_in, d, 3, 1, 1), nn.GroupNorm(8, d),
                                 nn.SiLU(), nn.Conv2d(d, d, 3, 1, 1))  # fmt: skip

        self.encoder = nn.Sequential(
            *unit(config.eeg_shape[2], a, (1, 5), (1, 2), (0, 3)), *unit(a, b, (1, 5), (1, 2), (0, 3)), *unit(b, c),
            nn.Conv2d(c, d, 3, 1, 1),
        )  # fmt: skip
        self.first, self.smaller, self.larger, self.last = (nn.Conv2d(d, d, 3, stride, 1) for stride in (1, 2, 1, 1))
        self.plain, self.wide = (nn.ModuleList(residual(n) for _ in range(4)) for n in (d, 2 * d))
        self.short = nn.ModuleList(nn.Conv2d(2 * d, d, 1) for _ in range(4))
        self.attention = nn.MultiheadAttention(d, d // 8, batch_first=True)
        self.decoder = nn.Sequential(
            *unit(d, c), *unit(c, b), *unit(b, a), nn.Conv2d(a, config.volume_shape[2], 3, 1, 1), nn.Sigmoid()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        image = nn.functional.interpolate(self.encoder(x.movedim(-1, 1)), size=self.size, mode="bicubic")
        first = self.first(image)
        fine = first + self.plain[0](first)
        reduced = self.smaller(fine)
        coarse = reduced + self.plain[1](reduced)
        middle = coarse + self.plain[2](coarse)
        tokens = middle.flatten(2).mT
        middle = middle + self.attention(tokens, tokens, tokens, need_weights=False)[0].mT.view_as(middle)
        out = middle + self.plain[3](middle)
        for number, skipped in enumerate((coarse, reduced, fine, first)):
            if number == 2:
                out = self.larger(nn.functional.interpolate(out, size=fine.shape[2:]))
            both = torch.cat([out, skipped], 1)
            out = self.short[number](both) + self.wide[number](both)
        return self.decoder(self.last(out)).movedim(1, -1)

    def loss(self, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        images = (part.movedim(-1, 1).flatten(0, 1)[:, None] for part in (out, y))
        return 0.5 * (1 - _plain_similarity(*images)) + 0.5 * nn.functional.mse_loss(out, y)


#: Plain ports by kind: one of a network of raw EEG, one of a network of volumes.
PLAIN: dict[str, Callable[[nn.Module], nn.Module]] = {"neurobolt": _PlainNeuroBolt, "e2fnet": _PlainE2fNet}


if __name__ == "__main__":
    torch.set_num_threads(1)
    import benchmarks.bench_step as of_step

    of_step.clock = clock
    print(json.dumps(_measured(sys.argv[1])))
