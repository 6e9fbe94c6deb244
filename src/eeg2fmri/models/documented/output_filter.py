"""Filter the decoded volume, and give every voxel a scale."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from eeg2fmri.models.documented.na_spec import Shape3
from eeg2fmri.nn.init import glorot_

FilterName = Literal["none", "convolution", "local"]


class OutputFilter(nn.Module):
    """Correct the volume by a 1 x 1 x 1 convolution: one gain and offset for all voxels, or for every voxel.

    Parameters
    ----------
    name : {"none", "convolution", "local"}
        ``local`` is the locally connected one. The seed's numbers are 0, 1, 2.
    volume_shape : (x, y, z)
    source : torch.Generator
        Draws the initial weights.
    """

    def __init__(self, name: FilterName, volume_shape: Shape3, source: torch.Generator) -> None:
        super().__init__()
        self.gain = self.offset = None
        if name != "none":
            shape = volume_shape if name == "local" else (1, 1, 1)
            self.gain = nn.Parameter(torch.empty(shape))
            self.offset = nn.Parameter(torch.zeros(shape))
            glorot_(self.gain, 1, 1, source)

    def forward(self, volume: Tensor) -> Tensor:
        """Map volume (batch, x, y, z) -> the same shape."""
        if self.gain is None or self.offset is None:
            return volume
        return volume * self.gain + self.offset


class ScaleHead(nn.Module):
    """Scale of every voxel: exp(w volume + b).

    Parameters
    ----------
    source : torch.Generator
        Draws the initial weight.
    """

    def __init__(self, source: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1))
        self.bias = nn.Parameter(torch.zeros(1))
        glorot_(self.weight, 1, 1, source)

    def forward(self, volume: Tensor) -> Tensor:
        """Map volume (batch, x, y, z) -> scale of the same shape, above 0."""
        return torch.exp(volume * self.weight + self.bias)
