"""Convolutions with shared and with unshared kernels, weights drawn from a generator."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from eeg2fmri.nn.init import glorot_

Size3 = tuple[int, int, int]


class Conv3d(nn.Conv3d):
    """3-D convolution with Glorot-uniform kernels and zero biases.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    kernel, stride : (int, int, int)
    source : torch.Generator
        Draws the initial weights.
    padding : {"valid", "same"}
        Without padding, or with zeros so that stride 1 keeps the size.
    """

    bias: nn.Parameter

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: Size3,
        stride: Size3,
        source: torch.Generator,
        padding: Literal["valid", "same"] = "valid",
    ) -> None:
        super().__init__(n_in, n_out, kernel, stride, padding)
        taps = kernel[0] * kernel[1] * kernel[2]
        glorot_(self.weight, taps * n_in, taps * n_out, source)
        nn.init.zeros_(self.bias)

    def reset_parameters(self) -> None:
        """Leave the weights to the constructor: torch would draw them from the global random state."""


class LocallyConnected3d(nn.Module):
    """A 3-D convolution whose kernel and bias are not shared between positions.

    Parameters
    ----------
    size : (int, int, int)
        Size of the input; unshared kernels tie the layer to it.
    n_in, n_out, kernel, stride, source, padding
        As `Conv3d`.

    Attributes
    ----------
    weight : Parameter, shape (d, h, w, n_out, n_in, kd, kh, kw)
        (d, h, w) is the position in the output.
    bias : Parameter, shape (n_out, d, h, w)
    """

    def __init__(
        self,
        size: Size3,
        n_in: int,
        n_out: int,
        kernel: Size3,
        stride: Size3,
        source: torch.Generator,
        padding: Literal["valid", "same"] = "valid",
    ) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        # "same" puts the odd zero at the end, as torch's convolution does
        self.padding = [((k - 1) // 2, k // 2) if padding == "same" else (0, 0) for k in kernel]
        padded = [n + sum(p) for n, p in zip(size, self.padding, strict=True)]
        out = [(n - k) // s + 1 for n, k, s in zip(padded, kernel, stride, strict=True)]
        self.weight = nn.Parameter(torch.empty(*out, n_out, n_in, *kernel))
        self.bias = nn.Parameter(torch.zeros(n_out, *out))
        taps = kernel[0] * kernel[1] * kernel[2]
        glorot_(self.weight, taps * n_in, taps * n_out, source)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, n_in, d, h, w) -> (batch, n_out, d', h', w')."""
        pad = [p for pair in reversed(self.padding) for p in pair]
        if any(pad):
            x = nn.functional.pad(x, pad)
        for axis, (kernel, stride) in enumerate(zip(self.kernel, self.stride, strict=True), start=2):
            x = x.unfold(axis, kernel, stride)
        # each position is one small matrix product: (position, batch, taps) @ (position, taps, n_out)
        return torch.einsum("bidhwxyz,dhwoixyz->bodhw", x, self.weight) + self.bias

    def extra_repr(self) -> str:
        """Name the sizes."""
        return f"weight={tuple(self.weight.shape)}, kernel={self.kernel}, stride={self.stride}"
