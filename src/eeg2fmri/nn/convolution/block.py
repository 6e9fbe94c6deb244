"""Residual block of the encoders (after He et al., 2016), on 3-D inputs.

Main path: convolution, pooling, normalisation, ReLU, 3 x 3 x 3 convolution, normalisation, ReLU.
Skip path: convolution, pooling, normalisation. Output: ReLU(main + skip).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from eeg2fmri.nn.convolution.conv import Conv3d, LocallyConnected3d, Size3
from eeg2fmri.nn.convolution.rearranged import conv3d, max_pool3d, same_conv3d
from eeg2fmri.nn.dense import squared_norm
from eeg2fmri.nn.norm import BatchNorm


def convolved(size: Size3, kernel: Size3, stride: Size3) -> Size3:
    """Size behind an unpadded convolution or pooling; an axis that is too short gives 0 or less."""
    d, h, w = ((n - k) // s + 1 for n, k, s in zip(size, kernel, stride, strict=True))
    return d, h, w


class ResidualBlock(nn.Module):
    """One residual block.

    Parameters
    ----------
    size : (int, int, int)
        Size of the input.
    n_in, n_out : int
        Channels.
    kernel, stride : (int, int, int)
        Of the first convolution of both paths.
    pool : (kernel, stride) or None
        Max pooling behind the first convolution of both paths.
    batch_norm, skip : bool
        With normalisation; with the skip path.
    local : bool
        Kernels that are not shared between positions, in all convolutions of the block.
    weight_decay : float
        Factor of the squared kernels and biases of the convolutions in `regularization`.
    source : torch.Generator
        Draws the initial weights.

    Attributes
    ----------
    out_size : (int, int, int)
    """

    def __init__(
        self,
        size: Size3,
        n_in: int,
        n_out: int,
        kernel: Size3,
        stride: Size3,
        pool: tuple[Size3, Size3] | None,
        *,
        source: torch.Generator,
        batch_norm: bool = True,
        skip: bool = True,
        local: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.pool, self.weight_decay = kernel, stride, pool, weight_decay
        middle = convolved(size, kernel, stride)
        self.out_size = convolved(middle, *pool) if pool else middle
        one: Size3 = (1, 1, 1)
        three: Size3 = (3, 3, 3)

        def first() -> nn.Module:
            if local:
                return LocallyConnected3d(size, n_in, n_out, kernel, stride, source)
            return Conv3d(n_in, n_out, kernel, stride, source)

        self.conv1 = first()
        self.norm1 = BatchNorm(n_out) if batch_norm else nn.Identity()
        self.conv2 = (
            LocallyConnected3d(self.out_size, n_out, n_out, three, one, source, "same")
            if local
            else Conv3d(n_out, n_out, three, one, source, "same")
        )
        self.norm2 = BatchNorm(n_out) if batch_norm else nn.Identity()
        self.skip_conv = first() if skip else None
        self.skip_norm = BatchNorm(n_out) if skip and batch_norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, n_in, d, h, w) -> (batch, n_out, d', h', w')."""
        main, skip = self._first(x)
        main = torch.relu(self.norm1(main))
        main = torch.relu(self.norm2(self._second(main)))
        return main if skip is None else torch.relu(main + self.skip_norm(skip))

    def _first(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """First convolution and pooling of both paths: one convolution with twice the channels where it can be."""
        main, skip = self.conv1, self.skip_conv
        if isinstance(main, LocallyConnected3d):
            return self._pool(main(x)), None if skip is None else self._pool(skip(x))
        assert isinstance(main, Conv3d)
        if not isinstance(skip, Conv3d):
            return self._pool(conv3d(x, main.weight, main.bias, self.stride)), None
        weight, bias = torch.cat([main.weight, skip.weight]), torch.cat([main.bias, skip.bias])
        a, b = self._pool(conv3d(x, weight, bias, self.stride)).chunk(2, dim=1)
        return a, b

    def _second(self, x: Tensor) -> Tensor:
        if isinstance(self.conv2, Conv3d):
            return same_conv3d(x, self.conv2.weight, self.conv2.bias)
        out: Tensor = self.conv2(x)
        return out

    def _pool(self, x: Tensor) -> Tensor:
        return max_pool3d(x, *self.pool) if self.pool else x

    def regularization(self) -> Tensor:
        """weight_decay times the sum of the squared kernels and biases of the convolutions, a scalar."""
        if not self.weight_decay:
            return cast(Tensor, self.conv1.weight).new_zeros(())
        convolutions = [c for c in (self.conv1, self.conv2, self.skip_conv) if c is not None]
        parts = [cast(Tensor, part) for c in convolutions for part in (c.weight, c.bias)]
        return self.weight_decay * squared_norm(*parts)
