"""Encode raw EEG as REVE does: overlapping patches, their place on the head and in time, a Transformer."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.nn.tokens.attention import Attention

#: Range of the coordinates that the lowest frequency goes through once, and length of a coordinate's unit, mm.
PERIOD, UNIT_MM = 1.8, 100.0
#: Step of the fourth coordinate from patch to patch.
PATCH_STEP = 0.1


def head_places(electrodes: Sequence[str], n_channels: int) -> np.ndarray:
    """Place channels on a head.

    Parameters
    ----------
    electrodes : sequence of str
        Names, of the 10-05 system where their places are known.
    n_channels : int

    Returns
    -------
    array, shape (channel, 3)
        In units of 10 cm. Channels without a known place are spread evenly over a sphere, each at a place of its own.
    """
    number = np.arange(n_channels)
    up = 1 - (2 * number + 1) / n_channels
    turn, radius = number * math.pi * (3 - math.sqrt(5)), np.sqrt(1 - up**2)
    places = 0.9 * np.stack([radius * np.cos(turn), radius * np.sin(turn), up], axis=-1)
    if electrodes:
        from eeg2fmri.data.eeg.electrodes.template_positions import electrode_positions

        found = electrode_positions(electrodes) / UNIT_MM
        known = np.isfinite(found).all(axis=1)
        places[known] = found[known]
    return places


def fourier_features(positions: Tensor, width: int) -> Tensor:
    """Encode places in space and time by cosines and sines of sums over the coordinates.

    Parameters
    ----------
    positions : Tensor, shape (token, 4)
    width : int
        Features: half of them cosines. The frequencies of a coordinate are 2 pi k / 1.8, k = 0 ... n - 1, with the
        least n whose combinations over four coordinates suffice: 4 for 512 features.

    Returns
    -------
    Tensor, shape (token, width)
    """
    half = -(-width // 2)
    n = next(n for n in itertools.count(1) if n**4 >= half)
    combinations = list(itertools.islice(itertools.product(range(n), repeat=4), half))
    rates = torch.tensor(combinations, dtype=positions.dtype, device=positions.device) * (2 * math.pi / PERIOD)
    angles = positions @ rates.T
    return torch.cat([angles.cos(), angles.sin()], dim=-1)[:, :width]


class Gate(nn.Module):
    """GEGLU (Shazeer, 2020): one half of the features times the GELU of the other."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., 2 feature) -> (..., feature)."""
        value, gate = x.chunk(2, dim=-1)
        return value * functional.gelu(gate)


class ReveLayer(nn.Module):
    """Attention and gated feed-forward part, each added to what it was given.

    Parameters
    ----------
    width, heads, hidden : int
    """

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width, eps=1e-6)
        self.attention = Attention(width, heads, bias=False, out_bias=False)
        self.net = nn.Sequential(
            nn.RMSNorm(width, eps=1e-6),
            nn.Linear(width, 2 * hidden, bias=False),
            Gate(),
            nn.Linear(hidden, width, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (batch, token, width) -> the same shape."""
        x = x + self.attention(self.norm(x))
        out: Tensor = x + self.net(x)
        return out


class Reve(nn.Module):
    """Raw EEG to tokens, one for each patch of each electrode.

    Parameters
    ----------
    places : array, shape (channel, 3)
        Of the electrodes, in units of 10 cm.
    n_samples : int
    patch, stride : int
        Samples of a patch, and from one to the next.
    width, depth, heads, hidden : int
    """

    features: Tensor
    positions: Tensor

    def __init__(
        self,
        places: np.ndarray,
        n_samples: int,
        *,
        patch: int = 200,
        stride: int = 180,
        width: int = 512,
        depth: int = 22,
        heads: int = 8,
        hidden: int = 1361,
    ) -> None:
        super().__init__()
        self.patch, self.stride = patch, stride
        patches = (n_samples - patch) // stride + 1
        self.to_patch_embedding = nn.Linear(patch, width)
        self.mlp4d = nn.Sequential(nn.Linear(4, width, bias=False), nn.GELU(), nn.LayerNorm(width))
        self.ln = nn.LayerNorm(width)
        self.layers = nn.ModuleList(ReveLayer(width, heads, hidden) for _ in range(depth))
        at = torch.tensor(places, dtype=torch.float32)[:, None].expand(-1, patches, -1)
        when = PATCH_STEP * torch.arange(patches, dtype=torch.float32)[None, :, None].expand(len(places), -1, -1)
        positions = torch.cat([at, when], dim=-1).flatten(0, 1)
        self.register_buffer("positions", positions, persistent=False)
        self.register_buffer("features", fourier_features(positions, width), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, channel, sample) -> (batch, token, width)."""
        tokens = self.to_patch_embedding(x.unfold(-1, self.patch, self.stride)).flatten(1, 2)
        tokens = tokens + self.ln(self.features + self.mlp4d(self.positions))
        for layer in self.layers:
            tokens = layer(tokens)
        out: Tensor = tokens
        return out
