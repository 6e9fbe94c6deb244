"""An exponential moving average of the weights, validated and saved in their place on request."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class WeightAverage:
    """Average of the parameters over the optimiser steps: a <- decay a + (1 - decay) w.

    Buffers (the statistics of batch norm) are averages already and are taken as they are.

    Parameters
    ----------
    model : nn.Module
        Starts the average at its present weights.
    decay : float
        Between 0 and 1.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {name: value.detach().clone() for name, value in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take the weights after one more optimiser step into the average."""
        for name, value in model.named_parameters():
            self.weights[name].lerp_(value, 1 - self.decay)

    @torch.no_grad()
    def swap_in(self, model: nn.Module) -> dict[str, Tensor]:
        """Put the average into the model and return the weights that were there."""
        kept = {name: value.detach().clone() for name, value in model.state_dict().items()}
        model.load_state_dict(self.weights, strict=False)
        return kept

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Take the average back from a saved state (names under ``average.``)."""
        for name, value in self.weights.items():
            value.copy_(tensors[f"average.{name}"])
