"""Run a selective state-space model (Gu and Dao, 2023) in plain torch.

The states of all tokens would be many times larger than what goes in and comes out. So tokens are taken in blocks that
stay in the processor's cache, and only the state behind each block is kept; the gradient makes the states of a block
again. Within a block, h[t] = a[t] h[t-1] + b[t] is run step by step where a step is wide. Where it is narrow, so that
the call costs more than its arithmetic, the block is cut into chunks of 8 steps, which take their steps at once, as if
each began at 0; their last states are the terms of a recurrence again, 8 times shorter, which is run in the same way;
and what it gives is added, weighed by the product of the factors since a chunk began. Nothing is divided by: factors
may be as small as they like. The gradient is the same recurrence run backwards.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

#: Steps of a chunk.
SIZE = 8
#: Numbers in a step from which its arithmetic costs more than the call, on a processor.
WIDE = 1024
#: Numbers in the states of a block: on a processor, and on a device, where calls count and the cache does not.
BLOCK, DEVICE_BLOCK = 1 << 17, 1 << 24


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

    Examples
    --------
    >>> one = torch.ones(3, 1, 1, 1)
    >>> selective_scan(one, one, torch.full((1, 1, 1), -0.6931472), one, one).flatten()
    tensor([1.0000, 1.5000, 1.7500])
    """
    if torch.compiler.is_compiling():
        return _run(x, step, decay, into, out, len(x))[0]
    block = BLOCK if x.device.type == "cpu" else DEVICE_BLOCK
    rows = max(1, block // max(1, x[0].numel() * decay.shape[-1]))
    y: Tensor = _Scan.apply(x, step, decay, into, out, rows)
    return y


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, step: Tensor, decay: Tensor, into: Tensor, out: Tensor, rows: int) -> Tensor:
        y, ends = _run(x, step, decay, into, out, rows)
        ctx.rows = rows
        ctx.save_for_backward(x, step, decay, into, out, *ends)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, step, decay, into, out, *ends = ctx.saved_tensors
        u, decay = step * x, decay.mT.contiguous()
        found: list[tuple[Tensor, ...]] = []
        of_decay = torch.zeros_like(decay)
        later = None  # what reaches the last state of a block from those behind it
        starts = [None, *ends[:-1]]
        parts = zip(*(part.split(ctx.rows) for part in (step, u, into, out, grads[0])), starts, strict=True)
        for step_, u_, into_, out_, of_y, before in reversed(list(parts)):
            a, h = _states(step_, u_, decay, into_, before)
            reached = out_[..., None] * of_y[..., None, :]
            if later is not None:
                reached[-1] += later
            _advance(a[1:], reached, backwards=True)
            of_out = (h * of_y[..., None, :]).sum(-1)
            of_u, of_into = (into_[..., None] * reached).sum(-2), (reached * u_[..., None, :]).sum(-1)
            a *= reached
            later = a[0].clone()
            a[1:] *= h[:-1]
            a[0] *= 0 if before is None else before
            # now a is the gradient of the exponent, step * decay
            found.append((of_u, torch.mul(a, decay, out=reached).sum(-2), of_into, of_out))
            of_decay += a.mul_(step_[..., None, :]).sum((0, 1))
        of_u, of_step, of_into, of_out = (torch.cat(part[::-1]) for part in zip(*found, strict=True))
        return of_u * step, of_step.addcmul_(of_u, x), of_decay.mT, of_into, of_out, None


def _run(x: Tensor, step: Tensor, decay: Tensor, into: Tensor, out: Tensor, rows: int) -> tuple[Tensor, list[Tensor]]:
    """Scan block by block: what comes out, and the state behind each block."""
    decay, found, ends = decay.mT.contiguous(), [], []
    before = None
    parts = (part.split(rows) for part in (step, step * x, into, out))
    for step_, u, into_, out_ in zip(*parts, strict=True):
        _, h = _states(step_, u, decay, into_, before)
        found.append((out_[..., None] * h).sum(-2))
        before = h[-1].clone()
        ends.append(before)
    return torch.cat(found), ends


def _states(step: Tensor, u: Tensor, decay: Tensor, into: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
    """Make factors and states (time, batch, group, state, feature) of a block that follows the state `before`."""
    # features last: they are many, and lie side by side
    a = (step[..., None, :] * decay).exp()
    h = u[..., None, :] * into[..., None]
    if before is not None:
        h[0].addcmul_(a[0], before)
    _advance(a[1:], h)
    return a, h


def _advance(factors: Tensor, h: Tensor, *, backwards: bool = False) -> None:
    """Run h[t+1] += factors[t] h[t] from step to step in place, or backwards h[t] += factors[t] h[t+1]."""
    length = len(h)
    # the size of a batch is unknown while a graph is made
    wide = not torch.compiler.is_compiling() and h.device.type == "cpu" and h[0].numel() >= WIDE
    if length <= 2 * SIZE or wide:
        order = range(length - 1, 0, -1) if backwards else range(length - 1)
        for t in order:
            last, state = (h[t], h[t - 1]) if backwards else (h[t], h[t + 1])
            state.addcmul_(factors[t - 1] if backwards else factors[t], last)
        return
    whole = length - length % SIZE
    rest = (factors[whole - 1 :], h[whole - 1 :])
    if backwards:
        _advance(*rest, backwards=True)
    _advance_chunks(factors[: whole - 1], h[:whole], backwards)
    if not backwards:
        _advance(*rest)


def _advance_chunks(factors: Tensor, h: Tensor, backwards: bool) -> None:
    """Run whole chunks at once, then their last states, and bring these into the chunks behind them."""
    # the factor of a step beside its state; the first chunk's own is not used
    beside = torch.cat([factors, factors[-1:]] if backwards else [factors[:1], factors]).unflatten(0, (-1, SIZE))
    chunks, products = h.unflatten(0, (-1, SIZE)), torch.empty_like(beside)
    order = range(SIZE - 1, -1, -1) if backwards else range(SIZE)
    steps, states, since = ([part[:, t] for t in order] for part in (beside, chunks, products))
    since[0].copy_(steps[0])
    for t in range(1, SIZE):
        states[t].addcmul_(steps[t], states[t - 1])
        torch.mul(steps[t], since[t - 1], out=since[t])
    ends = states[-1].clone()
    if backwards:
        _advance(since[-1][:-1], ends, backwards=True)
        chunks[:-1].addcmul_(products[:-1], ends[1:, None])
    else:
        _advance(since[-1][1:], ends)
        chunks[1:].addcmul_(products[1:], ends[:-1, None])
