"""Convolution and pooling written so that the CPU kernels behind torch run at speed; the results are the same.

What each form does was measured on a CPU with oneDNN (see `benchmarks/bench_step.py`):

* A convolution of few channels is slow in its backward pass, because the kernels are made for many. Taps along one
  axis become channels: a 2-D convolution over the other two axes (`_folded`, in training alone).
* A strided convolution of a single channel has neither channels nor dense reads. Each run of `stride` positions
  becomes a pixel with `stride` channels, and the stride is gone (`_space_to_depth`).
* Max pooling is four times as fast with the channels last in memory.

Accelerators have kernels of their own for all of these, and so get the plain form.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from eeg2fmri.nn.convolution.conv import Size3

#: Stride from which a single-channel convolution gains by `_space_to_depth`.
LONG_STRIDE = 3


def conv3d(x: Tensor, weight: Tensor, bias: Tensor, stride: Size3) -> Tensor:
    """3-D convolution without padding.

    Parameters
    ----------
    x : Tensor, shape (batch, n_in, d, h, w)
    weight : Tensor, shape (n_out, n_in, kd, kh, kw)
    bias : Tensor, shape (n_out,)
    stride : (int, int, int)

    Returns
    -------
    Tensor, shape (batch, n_out, d', h', w')
    """
    if x.device.type == "cpu":
        if x.shape[1] > 1 and torch.is_grad_enabled():
            return _folded(x, weight, bias, stride)
        if x.shape[1] == 1 and max(stride) >= LONG_STRIDE:
            return _space_to_depth(x, weight, bias, stride)
    return functional.conv3d(x, weight, bias, stride)


def max_pool3d(x: Tensor, kernel: Size3, stride: Size3) -> Tensor:
    """Max pooling of x (batch, channel, d, h, w)."""
    if x.device.type == "cpu":
        x = x.contiguous(memory_format=torch.channels_last_3d)
        return functional.max_pool3d(x, kernel, stride).contiguous()
    return functional.max_pool3d(x, kernel, stride)


def same_conv3d(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """3-D convolution with odd kernels, stride 1 and as much padding as keeps the size."""
    padding = [k // 2 for k in weight.shape[2:]]
    if x.device.type == "cpu" and torch.is_grad_enabled():
        x = x.contiguous(memory_format=torch.channels_last_3d)
        weight = weight.contiguous(memory_format=torch.channels_last_3d)
        return functional.conv3d(x, weight, bias, padding=padding).contiguous()
    return functional.conv3d(x, weight, bias, padding=padding)


def _folded(x: Tensor, weight: Tensor, bias: Tensor, stride: Size3) -> Tensor:
    """Turn taps along w into channels, and positions along w into samples."""
    taps = weight.shape[4]
    windows = x.unfold(4, taps, stride[2])  # (batch, n_in, d, h, w', taps)
    n, n_in, d, h, w, _ = windows.shape
    # channels last in memory: (batch, w', d, h, n_in, taps)
    images = windows.permute(0, 4, 2, 3, 1, 5).reshape(n * w, d, h, n_in * taps).permute(0, 3, 1, 2)
    kernel = weight.permute(0, 1, 4, 2, 3).reshape(len(weight), n_in * taps, *weight.shape[2:4])
    out = functional.conv2d(images, kernel, bias, stride[:2])
    return out.unflatten(0, (n, w)).permute(0, 2, 3, 4, 1)


def _space_to_depth(x: Tensor, weight: Tensor, bias: Tensor, stride: Size3) -> Tensor:
    """Turn runs of `stride` positions along the axis with the longest stride into channels."""
    axis = stride.index(max(stride))
    step, dim = stride[axis], axis + 2
    n_out = (x.shape[dim] - weight.shape[dim]) // step + 1
    kernel_runs = -(-weight.shape[dim] // step)
    runs = n_out + kernel_runs - 1
    weight = _runs(_padded(weight, dim, kernel_runs * step), dim, step)
    x = x.narrow(dim, 0, min(x.shape[dim], runs * step))
    x = _runs(_padded(x, dim, runs * step), dim, step)
    rest = [1 if k == axis else s for k, s in enumerate(stride)]
    return functional.conv3d(x, weight, bias, rest)


def _padded(x: Tensor, dim: int, size: int) -> Tensor:
    """Append zeros along `dim` up to `size`."""
    pad = [0, 0] * (x.ndim - dim - 1) + [0, size - x.shape[dim]]
    return functional.pad(x, pad) if size > x.shape[dim] else x


def _runs(x: Tensor, dim: int, step: int) -> Tensor:
    """Cut `dim` into runs of `step`, and make the position in the run the channel (which is of length 1 before)."""
    return x.unflatten(dim, (-1, step)).movedim(dim + 1, 1).squeeze(2)
