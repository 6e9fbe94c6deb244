"""Put attention and a feed-forward part together to a block of a Transformer."""

from __future__ import annotations

from torch import Tensor, nn

from eeg2fmri.nn.dense import Dropout
from eeg2fmri.nn.draws import Draws


def drop_path(x: Tensor, p: float, draws: Draws, training: bool) -> Tensor:
    """Set whole samples of x (batch, ...) to 0 with probability `p` in training, and scale the others."""
    if not (training and p and draws.random):
        return x
    first = x[(slice(None), *[slice(0, 1)] * (x.ndim - 1))]
    return x * draws.keep(first, 1 - p) / (1 - p)


class FeedForward(nn.Module):
    """Two linear layers with an activation between them.

    Parameters
    ----------
    width, hidden : int
    activation : nn.Module, optional
        GELU by default.
    dropout : float
        Behind the activation and behind the second layer.
    """

    def __init__(self, width: int, hidden: int, activation: nn.Module | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.activation = activation or nn.GELU()
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map tokens (..., width) -> the same shape."""
        return self.dropout(self.fc2(self.dropout(self.activation(self.fc1(x)), draws)), draws)


class Block(nn.Module):
    """A block with its normalisations in front of its parts: x + attention(norm(x)), then x + feed-forward(norm(x)).

    Parameters
    ----------
    attention : nn.Module
        From tokens to tokens.
    feed_forward : FeedForward
    width : int
    dropout : float
        Of what the attention gives.
    """

    def __init__(self, attention: nn.Module, feed_forward: FeedForward, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.mlp = attention, feed_forward
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map tokens (batch, token, width) -> the same shape."""
        x = x + self.dropout(self.attn(self.norm1(x)), draws)
        return x + self.mlp(self.norm2(x), draws)


class PostNormBlock(nn.Module):
    """A block with its normalisations behind its sums, as in the first Transformer (Vaswani et al., 2017)."""

    def __init__(self, attention: nn.Module, feed_forward: FeedForward, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.mlp = attention, feed_forward

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map tokens (batch, token, width) -> the same shape."""
        x = self.norm1(x + self.attn(x))
        out: Tensor = self.norm2(x + self.mlp(x, draws))
        return out
