"""Batch normalisation over the batches of all processes, on any backend that can sum and gather (gloo, NCCL).

torch's own `SyncBatchNorm` works on CUDA alone, and with torch's layer alone.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed
from torch import Tensor, nn


class _Normalise(torch.autograd.Function):
    """Normalise by the statistics of all processes: one exchange forward, one backward.

    What one process does with the statistics depends on the input of every other one, so the gradient takes sums over
    the gradients of all processes (Ioffe & Szegedy, ICML 2015, with the batch spread over processes).
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, epsilon: float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        values = _wide(x)
        var, mean = torch.var_mean(values, _others(x), correction=0)
        parts = _gathered(torch.cat([mean, var, mean.new_tensor([x.numel() / x.shape[1]])]))
        means, variances, counts = parts[:, : len(mean)], parts[:, len(mean) : -1], parts[:, -1:]
        count = counts.sum()
        mean = (counts * means).sum(0) / count
        # squares of what is centred: the mean of squares less the squared mean would lose digits
        var = (counts * (variances + (means - mean).square())).sum(0) / count
        out = nn.functional.batch_norm(values, mean, var, weight, bias, False, 0.0, epsilon)
        ctx.save_for_backward(x, weight, mean, (var + epsilon).rsqrt(), count)
        ctx.mark_non_differentiable(mean, var, count)
        return out.to(x.dtype), mean, var, count

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight, mean, scale, count = ctx.saved_tensors
        broad = (1, -1) + (1,) * (x.ndim - 2)
        dy, centred = _wide(gradients[0]), _wide(x) - mean.view(broad)
        own = torch.stack([dy.sum(_others(x)), (dy * centred).sum(_others(x))])
        total, along = _summed(own) / count
        gain = weight * scale
        dx = (dy - total.view(broad)).mul_(gain.view(broad))
        dx.addcmul_(centred, (-gain * scale.square() * along).view(broad))
        return dx.to(x.dtype), own[1] * scale, own[0], None


def _wide(x: Tensor) -> Tensor:
    # 16 bits are too few for sums over a batch
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def _others(x: Tensor) -> list[int]:
    return [0, *range(2, x.ndim)]


def _summed(x: Tensor) -> Tensor:
    total = x.clone(memory_format=torch.contiguous_format)
    torch.distributed.all_reduce(total)
    return total


def _gathered(x: Tensor) -> Tensor:
    parts = [torch.empty_like(x) for _ in range(torch.distributed.get_world_size())]
    torch.distributed.all_gather(parts, x)
    return torch.stack(parts)


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
    out, mean, var, count = _Normalise.apply(x, weight, bias, epsilon)
    with torch.no_grad():
        running_mean.lerp_(mean.to(running_mean), momentum)
        running_var.lerp_((var * count / (count - 1)).to(running_var), momentum)
    normalised: Tensor = out
    return normalised
