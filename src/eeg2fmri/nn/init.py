"""Initial weights drawn from a generator that is passed in, never from the global random state."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from eeg2fmri.core.random import child_seed


def generator(seed: int, *names: str | int) -> torch.Generator:
    """Return a CPU generator for the part called `names`, unrelated to those of other names."""
    return torch.Generator().manual_seed(child_seed(seed, *names))


@torch.no_grad()
def uniform_(tensor: Tensor, low: float, high: float, source: torch.Generator) -> Tensor:
    """Fill `tensor` with draws between `low` and `high`; the same values on every device."""
    if tensor.device == source.device:
        return tensor.uniform_(low, high, generator=source)
    if tensor.is_meta:
        return tensor
    return tensor.copy_(torch.empty(tensor.shape, dtype=tensor.dtype).uniform_(low, high, generator=source))


@torch.no_grad()
def normal_(tensor: Tensor, mean: float, std: float, source: torch.Generator) -> Tensor:
    """Fill `tensor` with draws from a Normal; the same values on every device."""
    if tensor.device == source.device:
        return tensor.normal_(mean, std, generator=source)
    if tensor.is_meta:
        return tensor
    return tensor.copy_(torch.empty(tensor.shape, dtype=tensor.dtype).normal_(mean, std, generator=source))


def glorot_(tensor: Tensor, fan_in: int, fan_out: int, source: torch.Generator) -> Tensor:
    """Fill `tensor` with draws between +-sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    bound = math.sqrt(6 / (fan_in + fan_out))
    return uniform_(tensor, -bound, bound, source)
