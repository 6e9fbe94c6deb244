"""Measure what a trained model costs: parameters, multiply-adds, seconds a volume, training, memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from eeg2fmri.core.disk.files import write_json
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.models.saving.hub import load
from eeg2fmri.results.training import History

#: File of a run.
COST = "cost.json"
#: Of the file: 2 since attention is counted on every device.
VERSION = 2
#: Windows that go through the model at once, and how often this is timed; the fastest counts.
BATCH, TIMES = 8, 3


def measure_cost(run: Path, device: str = "cpu") -> dict[str, Any]:
    """Measure the cost of a complete run, and keep it in its folder.

    Parameters
    ----------
    run : Path
    device : str
        Torch device on which volumes are synthesised.

    Returns
    -------
    dict
        ``parameters``; ``multiply_adds`` of one volume (products of matrices, convolutions, attention);
        ``seconds_a_volume`` in batches of 8; ``training_seconds``, ``epochs``, ``peak_memory_mb``, ``device``,
        ``precision``, ``encoder`` of the training.
    """
    file = run / COST
    if file.is_file() and (kept := dict(read_json(file))).get("version") == VERSION:
        return kept
    loaded, made = load(run), read_json(run / "environment.json")
    # the counter follows gradients wherever something asks for them
    model = loaded.model.to(device).requires_grad_(False)
    windows = torch.zeros(BATCH, *loaded.card.model["eeg_shape"], device=device)
    windows += 1e-5 * torch.randn(windows.shape, generator=torch.Generator().manual_seed(0)).to(device)
    with torch.inference_mode():
        # one kernel of attention on a processor is none that the counter knows: products are counted as products
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
            model(windows[:1])
        seconds = min(_seconds(model, windows, device) for _ in range(TIMES))
    history = History.read(run)
    epochs = int(history.epochs[-1]) if len(history.epochs) else 0
    found = {
        "version": VERSION,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "multiply_adds": counter.get_total_flops() // 2,
        "seconds_a_volume": seconds / BATCH,
        # a training that was resumed took the time of all its epochs; what has no epochs was fitted at once
        "training_seconds": history.seconds if epochs else made.get("seconds"),
        "epochs": epochs,
        "peak_memory_mb": made.get("peak_gpu_memory_mb") or made.get("peak_memory_mb"),
        "device": made.get("device"),
        "precision": made.get("precision"),
        "encoder": made.get("encoder", ""),
    }
    write_json(file, found)
    return found


def _seconds(model: torch.nn.Module, windows: torch.Tensor, device: str) -> float:
    started = time.perf_counter()
    model(windows)
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started
