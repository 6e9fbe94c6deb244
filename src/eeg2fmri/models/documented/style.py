"""Style of the latent, chosen by name."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from eeg2fmri.nn.init import generator
from eeg2fmri.nn.style import AttentionStyle, PriorStyle

StyleName = Literal["none", "attention", "prior"]


class Style(nn.Module):
    """Multiply the latent by a style vector: of the attention scores, or learned, or not at all.

    Parameters
    ----------
    name : {"none", "attention", "prior"}
    n_channels, n_features : int
        Electrodes, and elements of the latent.
    seed : int
    """

    def __init__(self, name: StyleName, n_channels: int, n_features: int, seed: int) -> None:
        super().__init__()
        self.attention = (
            AttentionStyle(n_channels, n_features, generator(seed, "style")) if name == "attention" else None
        )
        self.prior = PriorStyle(n_features) if name == "prior" else None

    def forward(self, z: Tensor, scores: Tensor | None) -> Tensor:
        """Map z (batch, feature), scores (batch, channel, channel) or None -> (batch, feature)."""
        if self.attention is not None:
            assert scores is not None
            return self.attention(z, scores)
        return z if self.prior is None else self.prior(z)
