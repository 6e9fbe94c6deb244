"""Running statistics of batch normalisation taken again from the training windows.

Keras' momentum moves them by a hundredth a batch: after the few dozen steps that small groups allow they still are half
of what they started as, and evaluation would see other numbers than training did.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from eeg2fmri.nn.norm import BatchNorm


@torch.no_grad()
def retake_statistics(model: nn.Module, windows: Tensor, batch_size: int = 32) -> None:
    """Set the running mean and variance of every `BatchNorm` to those over the windows.

    Layers behind others see what these give with the statistics of their batch; dropout is off.

    Parameters
    ----------
    model : nn.Module
        In evaluation mode afterwards.
    windows : Tensor, shape (window, channel, freq, time)
        Of the training fold alone.
    batch_size : int
    """
    layers = [layer for layer in model.modules() if isinstance(layer, BatchNorm)]
    model.eval()
    if not layers:
        return
    sums: dict[BatchNorm, list[Tensor]] = {layer: [torch.zeros(3, len(layer.weight)).double()] for layer in layers}

    def gather(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        assert isinstance(layer, BatchNorm)
        x = inputs[0].detach().double().movedim(1, 0).flatten(1)
        count = torch.full((len(x),), float(x.shape[1]), dtype=torch.float64)
        sums[layer].append(torch.stack([count, x.sum(1), x.square().sum(1)]).cpu())

    handles = [layer.register_forward_pre_hook(gather) for layer in layers]
    try:
        for layer in layers:
            layer.training = True
        for start in range(0, len(windows), batch_size):
            model(windows[start : start + batch_size])
    finally:
        for handle in handles:
            handle.remove()
        model.eval()
    for layer in layers:
        count, total, squares = torch.stack(sums[layer]).sum(0)
        mean = total / count
        variance = (squares / count - mean.square()).clamp_min(0) * count / (count - 1).clamp_min(1)
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(variance)
