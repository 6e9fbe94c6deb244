"""Attention between electrodes, and self attention on a latent."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn

from eeg2fmri.nn.init import glorot_


def sparsemax(x: Tensor) -> Tensor:
    """Project each row (last axis) on the simplex; small entries become exactly 0.

    Martins and Astudillo, 2016, algorithm 1: the threshold tau is such that the sum of max(x - tau, 0) is 1.
    """
    ordered = x.sort(dim=-1, descending=True).values
    rank = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype, device=x.device)
    cumulated = ordered.cumsum(-1)
    support = 1 + rank * ordered > cumulated
    size = support.sum(-1, keepdim=True)
    tau = (cumulated.gather(-1, size - 1) - 1) / size
    return (x - tau).clamp_min(0)


def channel_organisation(scores: Tensor) -> Tensor:
    """-sum over columns of log(sum over rows of W + 1e-9): small if every electrode is selected by some.

    Parameters
    ----------
    scores : Tensor, shape (batch, channel, channel)

    Returns
    -------
    Tensor, shape (batch,)
    """
    return -torch.log(scores.sum(dim=-2) + 1e-9).sum(-1)


class TopographicalAttention(nn.Module):
    """Replace each electrode by a mixture of electrodes.

    With X the window as a matrix (channel, freq * time): W = softmax(X A^T) over the last axis, output W X.
    Calhas and Henriques, arXiv:2203.03481; sparsemax in place of softmax is the alternative of their later work.

    Parameters
    ----------
    n_channels, n_features : int
        Electrodes, and frequencies times volumes.
    source : torch.Generator
        Draws the initial weights.
    scores : {"softmax", "sparsemax"}
    organisation : float
        Factor of `channel_organisation` in `regularization`.
    """

    def __init__(
        self,
        n_channels: int,
        n_features: int,
        source: torch.Generator,
        *,
        scores: Literal["softmax", "sparsemax"] = "softmax",
        organisation: float = 0.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_channels, n_features))
        glorot_(self.weight, n_features, n_channels, source)
        self.scores, self.organisation = scores, organisation
        self._last: Tensor | None = None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map x (batch, channel, freq, time) -> the same shape, and scores (batch, channel, channel)."""
        flat = x.flatten(2)
        logits = flat @ self.weight.T
        scores = sparsemax(logits) if self.scores == "sparsemax" else logits.softmax(-1)
        if self.training and self.organisation:
            self._last = scores
        return (scores @ flat).view_as(x), scores

    def regularization(self) -> Tensor:
        """Penalty on the scores of the last training pass, mean over its batch; 0 if there was none."""
        if self._last is None or not self.organisation:
            return self.weight.new_zeros(())
        return self.organisation * channel_organisation(self._last).mean()

    def __getstate__(self) -> dict[str, Any]:
        # the scores of the last pass belong to its graph: copies of the layer start without them
        return {**self.__dict__, "_last": None}

    def extra_repr(self) -> str:
        """Name the sizes."""
        return f"channels={self.weight.shape[0]}, features={self.weight.shape[1]}, scores={self.scores!r}"


class SelfAttention(nn.Module):
    """Scaled dot-product self attention (Vaswani et al., 2017) over the rows of a latent.

    The first axis of the latent counts the tokens, the other two are their features; queries, keys and values are
    dense in the features; the result is added to the latent.

    Parameters
    ----------
    n_features : int
    source : torch.Generator
        Draws the initial weights.
    """

    def __init__(self, n_features: int, source: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(3, n_features, n_features))
        glorot_(self.weight, n_features, n_features, source)

    def forward(self, z: Tensor) -> Tensor:
        """Map z (batch, l1, l2, l3) -> the same shape."""
        tokens = z.flatten(2)
        query, key, value = (tokens @ weight.T for weight in self.weight)
        scores = (query @ key.mT / math.sqrt(tokens.shape[-1])).softmax(-1)
        return (tokens + scores @ value).view_as(z)


class LatentAttention(nn.Module):
    """Reduce the positions of a latent to a few mixtures of them, one for each head.

    With x the latent as a matrix (position, feature) and A of shape (position, position * head):
    the scores x^T A, as (feature, position, head), pass a softmax over the positions and weigh them.

    Parameters
    ----------
    n_positions, n_heads : int
    source : torch.Generator
        Draws the initial weights.
    """

    def __init__(self, n_positions: int, n_heads: int, source: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_positions, n_positions * n_heads))
        glorot_(self.weight, n_positions, n_positions * n_heads, source)
        self.n_heads = n_heads

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, ..., feature), the axes between flattened to positions -> (batch, head, feature)."""
        flat = x.flatten(1, -2)
        logits = (flat.mT @ self.weight).unflatten(-1, (-1, self.n_heads))
        return torch.einsum("bfph,bpf->bhf", logits.softmax(-2), flat)
