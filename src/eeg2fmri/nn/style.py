"""Style: a vector that multiplies the latent element by element."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eeg2fmri.nn.dense import Dense


class AttentionStyle(Dense):
    """Style vector from the attention scores: a dense layer without bias of the flattened scores.

    Parameters
    ----------
    n_channels, n_features : int
        Electrodes, and elements of the latent.
    source : torch.Generator
        Draws the initial weights.
    """

    def __init__(self, n_channels: int, n_features: int, source: torch.Generator) -> None:
        super().__init__(n_channels**2, n_features, source, bias=False)

    def forward(self, z: Tensor, scores: Tensor) -> Tensor:  # type: ignore[override]
        """Map z (batch, feature), scores (batch, channel, channel) -> (batch, feature)."""
        return z * super().forward(scores.flatten(1))


class PriorStyle(nn.Module):
    """One learned style vector for all windows, starting at 1."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n_features))

    def forward(self, z: Tensor) -> Tensor:
        """Map z (batch, feature) -> the same shape."""
        return z * self.weight
