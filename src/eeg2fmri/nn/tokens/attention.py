"""Attend between tokens: every pair of them, or by sums over all of them (linear attention)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def check_heads(features: int, *heads: int) -> None:
    """Refuse features that attention heads cannot share alike.

    Raises
    ------
    ValueError
        With the first number of heads that does not fit.
    """
    for one in heads:
        if features % one:
            raise ValueError(f"{one} heads cannot share {features} features alike")


class Attention(nn.Module):
    """Multi-head scaled dot-product self attention (Vaswani et al., 2017).

    Parameters
    ----------
    width, heads : int
        Features of a token; heads that share them.
    bias : bool
        Of queries, keys and values.
    out_bias : bool
        Of the layer behind the heads.
    normed : bool
        With a layer normalisation of each head's queries and keys.
    causal : bool
        Whether a token sees only those before it and itself.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        bias: bool = True,
        out_bias: bool = True,
        normed: bool = False,
        causal: bool = False,
    ) -> None:
        super().__init__()
        check_heads(width, heads)
        self.heads, self.causal = heads, causal
        self.qkv = nn.Linear(width, 3 * width, bias=bias)
        self.q_norm = nn.LayerNorm(width // heads) if normed else nn.Identity()
        self.k_norm = nn.LayerNorm(width // heads) if normed else nn.Identity()
        self.proj = nn.Linear(width, width, bias=out_bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (batch, token, width) -> the same shape."""
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(
            self.q_norm(query), self.k_norm(key), value, is_causal=self.causal
        )
        out: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return out


class CrossAttention(nn.Module):
    """Attention of some tokens, the queries, to others."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, queries: Tensor, tokens: Tensor) -> Tensor:
        """Map queries (batch, query, width) and tokens (batch, token, width) -> (batch, query, width)."""
        query = self.query(queries).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        key, value = self.key_value(tokens).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return out


class LinearAttention(nn.Module):
    """Self attention whose cost grows with the number of tokens, not with its square.

    Shen, Zhang, Zhao, Yi and Li, "Efficient attention" (WACV 2021): queries pass a softmax over their features, keys
    one over the tokens; the output is Q (K^T V) / sqrt(features of a head).

    Parameters
    ----------
    width, heads : int
        Queries, keys and values have no bias.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        check_heads(width, heads)
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (batch, token, width) -> the same shape."""
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        context = key.softmax(-2).mT @ value
        mixed = (query.softmax(-1) @ context) * query.shape[-1] ** -0.5
        out: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return out


def sinusoid(positions: Tensor, width: int) -> Tensor:
    """Encode positions by sines and cosines of periods from 1 to 10,000, spaced geometrically (Vaswani et al., 2017).

    Parameters
    ----------
    positions : Tensor, shape (position,)
    width : int
        Features; an odd last one is 0.

    Returns
    -------
    Tensor, shape (position, width)
        Sines, then cosines.
    """
    half = width // 2
    rates = 10_000.0 ** (-torch.arange(half, device=positions.device, dtype=positions.dtype) / max(1, half))
    angles = positions[:, None] * rates
    return functional.pad(torch.cat([angles.sin(), angles.cos()], dim=-1), (0, width - 2 * half))
