"""Whether loading pairs keeps up with the step of the documented model at full size."""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch

from benchmarks.common import Row, at_most
from benchmarks.random_store import random_store
from eeg2fmri.data.pairs.dataset import Pair, PairDataset
from eeg2fmri.data.pairs.loader import load_batches
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.models.presets import model_config
from eeg2fmri.models.registry import build
from eeg2fmri.train.config import LossConfig
from eeg2fmri.train.steps.losses import synthesis_loss

BATCH, STEPS, WORKERS = 4, 12, 2


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        store = random_store(Path(folder) / "store", recordings=3)
        pairs = PairDataset(store, range(3), PairConfig())
        model = build(model_config({"preset": "documented"}, (64, 134, 10), store.grid)).train()
        optimiser = torch.optim.Adam(model.parameters(), fused=True)

        def step(x: torch.Tensor, y: torch.Tensor) -> None:
            optimiser.zero_grad()
            parts = synthesis_loss(model(x, y), y, LossConfig())
            (parts["reconstruction"] + parts["latent"]).backward()
            optimiser.step()

        batches = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(0))[: BATCH * STEPS * 2]
        order = [batch.tolist() for batch in batches.split(BATCH)]
        alone = _median(itertools.repeat(pairs.batch(order[0]), STEPS), step)
        loaded = _median(itertools.islice(load_batches(pairs, order, workers=WORKERS), STEPS), step)
    return [
        Row("documented training step, batch 4, data at hand", alone, "s"),
        at_most(f"the same with the loader at {WORKERS} workers", loaded / alone, "x step alone", 1.05),
    ]


def _median(batches: Iterable[Pair], step: Callable[[torch.Tensor, torch.Tensor], None]) -> float:
    """Median time from one step's end to the next; the first two warm up."""
    ends = []
    for pair in batches:
        step(pair.x, pair.y)
        ends.append(time.perf_counter())
    return statistics.median(b - a for a, b in itertools.pairwise(ends[1:]))
