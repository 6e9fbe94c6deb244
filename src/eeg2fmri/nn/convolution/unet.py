"""Refine an image at two resolutions: a U-Net with attention in its middle, as diffusion models have it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.nn.tokens.attention import Attention, sinusoid


def group_norm(width: int) -> nn.GroupNorm:
    """Make a normalisation of 32 groups of channels, or of as many as there can be."""
    return nn.GroupNorm(next(n for n in (32, 16, 8, 4, 2, 1) if width % n == 0 and n <= width), width)


class ResidualUnit(nn.Module):
    """GroupNorm, SiLU, convolution, twice, with a vector added between and the input added at the end.

    Parameters
    ----------
    n_in, n_out : int
        Channels; where they differ, the input passes a 1x1 convolution.
    embedding : int
        Features of the vector.
    """

    def __init__(self, n_in: int, n_out: int, embedding: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = group_norm(n_in), nn.Conv2d(n_in, n_out, 3, padding=1)
        self.embed = nn.Linear(embedding, n_out)
        self.norm2, self.conv2 = group_norm(n_out), nn.Conv2d(n_out, n_out, 3, padding=1)
        self.shortcut = nn.Identity() if n_in == n_out else nn.Conv2d(n_in, n_out, 1)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        """Map x (batch, n_in, row, column) and a vector (embedding,) -> (batch, n_out, row, column)."""
        inner = self.conv1(functional.silu(self.norm1(x)))
        inner = inner + self.embed(functional.silu(embedding))[:, None, None]
        out: Tensor = self.shortcut(x) + self.conv2(functional.silu(self.norm2(inner)))
        return out


class ImageAttention(nn.Module):
    """Self attention between the pixels of an image, added to it.

    Parameters
    ----------
    width : int
        Channels, a head of attention for each 8.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = group_norm(width)
        self.attention = Attention(width, max(1, width // 8))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, width, row, column) -> the same shape."""
        tokens = self.attention(self.norm(x).flatten(2).mT)
        return x + tokens.mT.unflatten(2, x.shape[2:])


class UNet(nn.Module):
    """A U-Net of two levels of equal width, one residual unit a level on the way down and two on the way up.

    It has the time input of a diffusion model, which is fixed at 0: a learned constant, with the weights of one.

    Parameters
    ----------
    width : int
        Channels of the input, the output and both levels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width, time = width, 4 * width
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.time = nn.Sequential(nn.Linear(width, time), nn.SiLU(), nn.Linear(time, time))
        self.down1, self.down2 = (ResidualUnit(width, width, time) for _ in range(2))
        self.smaller = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.middle1, self.middle2 = (ResidualUnit(width, width, time) for _ in range(2))
        self.attention = ImageAttention(width)
        self.up = nn.ModuleList(ResidualUnit(2 * width, width, time) for _ in range(4))
        self.larger = nn.Conv2d(width, width, 3, padding=1)
        self.norm, self.last = group_norm(width), nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, width, row, column) -> the same shape; any number of rows and columns."""
        now = self.time(sinusoid(x.new_zeros(1), self.width)[0])
        # channels behind one another in memory: torch normalises groups of interleaved ones 20 times slower
        first = self.first(x.contiguous())
        fine = self.down1(first, now)
        reduced = self.smaller(fine)
        coarse = self.down2(reduced, now)
        x = self.middle2(self.attention(self.middle1(coarse, now)), now)
        x = self.up[0](torch.cat([x, coarse], dim=1), now)
        x = self.up[1](torch.cat([x, reduced], dim=1), now)
        # to the size of what it meets: an odd number of rows was halved with its last one alone
        x = self.larger(functional.interpolate(x, size=fine.shape[2:], mode="nearest"))
        x = self.up[2](torch.cat([x, fine], dim=1), now)
        x = self.up[3](torch.cat([x, first], dim=1), now)
        out: Tensor = self.last(functional.silu(self.norm(x)))
        return out
