"""Batch normalisation over the batches of all processes, on any backend that can sum (gloo, NCCL).

torch's own `SyncBatchNorm` works on CUDA alone, and with torch's layer alone.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed
from torch import Tensor


class _Sum(torch.autograd.Function):
    """Sum of a tensor over processes.

    What one process does with the sum depends on the input of every other one, so the gradient is the sum of the
    gradients of all processes.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return _summed(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _summed(gradients[0])


def _summed(x: Tensor) -> Tensor:
    total = x.clone(memory_format=torch.contiguous_format)
    torch.distributed.all_reduce(total)
    return total


def synchronised_batch_norm(
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Tensor,
    bias: Tensor,
    momentum: float,
    epsilon: float,
) -> Tensor:
    """Normalise with the mean and variance over the samples of all processes, and move the running statistics.

    Gives each process its part of what `torch.nn.functional.batch_norm` gives for the whole batch, and, if the
    gradients of parameters are averaged over processes, the gradients of the mean of their losses. Every process has
    to call it. The running statistics are the same in every process afterwards.

    Parameters
    ----------
    x : Tensor, shape (batch, channel, ...)
        Samples of this process; processes may have different numbers of them.
    running_mean, running_var : Tensor, shape (channel,)
        Changed in place, by the unbiased variance.
    weight, bias : Tensor, shape (channel,)
    momentum : float
        Share of the new batch in the running statistics.
    epsilon : float
        Added to the variance.

    Returns
    -------
    Tensor, shape (batch, channel, ...)
    """
    # 16 bits are too few for sums over a batch
    values = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    others = [0, *range(2, x.ndim)]
    broad = (1, -1) + (1,) * (x.ndim - 2)
    n = values.new_tensor([x.numel() / x.shape[1]])
    first = _Sum.apply(torch.cat([values.sum(others), n]))
    count = first[-1].detach()
    mean = first[:-1] / count
    centred = values - mean.view(broad)
    # the squares of what is centred: the mean of squares less the squared mean would lose digits
    var = _Sum.apply(centred.square().sum(others)) / count
    with torch.no_grad():
        running_mean.lerp_(mean.to(running_mean), momentum)
        running_var.lerp_((var * count / (count - 1)).to(running_var), momentum)
    out = centred * ((var + epsilon).rsqrt() * weight).view(broad) + bias.view(broad)
    return out.to(x.dtype)
