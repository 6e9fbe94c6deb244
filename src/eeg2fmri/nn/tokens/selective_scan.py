"""Run the recurrence of a selective state-space model (Gu and Dao, 2023) in plain torch.

The recurrence h[t] = a[t] h[t-1] + b[t] is cut into chunks of 8 steps. All chunks take their steps at once, as if each
began at 0; then their last states are the terms of a recurrence again, 8 times shorter, which is run in the same way;
and what it gives is added, weighed by the product of the factors since a chunk began. So 1,024 steps are about 30, and
nothing is divided by: factors may be as small as they like. Where a step is so wide that its arithmetic counts, and
not the call, the steps follow each other: chunks cost three times the arithmetic. The gradient is the same recurrence
run backwards.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

#: Steps of a chunk.
SIZE = 8
#: Numbers in a step from which its arithmetic costs more than the call.
WIDE = 4096


def linear_recurrence(a: Tensor, b: Tensor) -> Tensor:
    """Compute h[t] = a[t] h[t-1] + b[t] from h[-1] = 0.

    Parameters
    ----------
    a, b : Tensor, shape (time, ...)

    Returns
    -------
    Tensor, shape (time, ...)

    Examples
    --------
    >>> linear_recurrence(torch.tensor([1.0, 0.5, 2.0]), torch.tensor([1.0, 1.0, 1.0]))
    tensor([1.0000, 1.5000, 4.0000])
    """
    if torch.compiler.is_compiling() or not (torch.is_grad_enabled() and (a.requires_grad or b.requires_grad)):
        return _run(a, b)
    h: Tensor = _Recurrence.apply(a, b)
    return h


def selective_scan(x: Tensor, step: Tensor, decay: Tensor, into: Tensor, out: Tensor) -> Tensor:
    """Run a selective state-space model over tokens.

    h[t] = exp(step[t] decay) h[t-1] + step[t] into[t] x[t], and y[t] = out[t] · h[t], for each feature with a state of
    its own.

    Parameters
    ----------
    x, step : Tensor, shape (time, batch, group, feature)
        Input, and the length of the step that it makes, above 0.
    decay : Tensor, shape (group, feature, state)
        Below 0.
    into, out : Tensor, shape (time, batch, group, state)
        What a token writes into the states, and reads from them.

    Returns
    -------
    Tensor, shape (time, batch, group, feature)
    """
    a = (step[..., None] * decay).exp()
    b = (step * x)[..., None] * into[..., None, :]
    return (linear_recurrence(a, b) @ out[..., None])[..., 0]


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        h = _run(a, b)
        ctx.save_for_backward(a, h)
        return h

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        a, h = ctx.saved_tensors
        # what reaches h[t] goes on to h[t-1] by the factor a[t]
        reached = _run(torch.cat([a[1:], torch.zeros_like(a[:1])]), grads[0], backwards=True)
        of_a = torch.zeros_like(a)
        torch.mul(reached[1:], h[:-1], out=of_a[1:])
        return of_a, reached


def _run(factors: Tensor, terms: Tensor, *, backwards: bool = False) -> Tensor:
    """Run h[t] = factors[t] h[t-1] + terms[t], or backwards h[t] = factors[t] h[t+1] + terms[t]."""
    length = len(terms)
    # the size of a batch is unknown while a graph is made
    wide = not torch.compiler.is_compiling() and terms[0].numel() >= WIDE
    size = length if length <= 2 * SIZE or wide else SIZE
    filling = -length % size
    if filling:
        zeros = terms.new_zeros((filling, *terms.shape[1:]))
        factors, terms = torch.cat([factors, zeros]), torch.cat([terms, zeros])
    factors = factors.unflatten(0, (-1, size))
    h = terms.unflatten(0, (-1, size)).clone(memory_format=torch.contiguous_format)
    order = range(size - 1, -1, -1) if backwards else range(size)
    steps = [factors[:, t] for t in order]
    states = [h[:, t] for t in order]
    for factor, last, state in zip(steps[1:], states, states[1:], strict=False):
        state.addcmul_(factor, last)
    if size < length:
        products = torch.empty_like(h)
        since = [products[:, t] for t in order]
        since[0].copy_(steps[0])
        for factor, last, product in zip(steps[1:], since, since[1:], strict=False):
            torch.mul(factor, last, out=product)
        ends = _run(since[-1], states[-1], backwards=backwards)
        # the last chunk that is run hands nothing on, the first begins at 0
        first, rest = (h[:-1], products[:-1]) if backwards else (h[1:], products[1:])
        first.addcmul_(rest, (ends[1:] if backwards else ends[:-1])[:, None])
    return h.flatten(0, 1)[:length]
