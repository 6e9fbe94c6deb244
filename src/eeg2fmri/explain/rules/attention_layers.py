"""Rules of attention: through the values that are mixed, and through the scores that mix them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eeg2fmri.explain.rules.path import nodes, path_surrogate
from eeg2fmri.explain.rules.registry import rule_for
from eeg2fmri.explain.rules.tracer import Tracer
from eeg2fmri.nn.attention import LatentAttention, SelfAttention, TopographicalAttention, sparsemax


@rule_for(TopographicalAttention)
def topographical_attention(layer: TopographicalAttention, tracer: Tracer, x: Tensor) -> tuple[Tensor, Tensor]:
    """Share out W(x) x along the path from an input of 0, where all scores are 1 / C.

    With t from 0 to 1 along the path, the part through the scores is the integral of t dW/dt x, and the part through
    the values is the rest, W x minus that: the sum is exact whatever the accuracy of the integral. A pair of
    electrodes (i, k) carries W_ik times the product of electrode k with the gradient at the mixed electrode i.
    """
    name, composite = tracer.name(layer), tracer.composite
    values, scored = x.view_as(x), x.view_as(x)
    flat = x.detach().flatten(2)
    logits = scored.flatten(2) @ layer.weight.T
    sparse = layer.scores == "sparsemax"
    scores = sparsemax(logits.detach()) if sparse else logits.detach().softmax(-1)
    even = torch.full_like(scores, 1 / scores.shape[-1])
    moved, late = _sparsemax_path(logits) if sparse else _softmax_path(logits, composite.nodes)
    if composite.gates == "values":
        moved, late = moved.detach() * 0, late.detach() * 0
    mixed = (scores - late.detach()) @ values.flatten(2) + late @ flat
    out = tracer.output(name, (scores @ flat).view_as(x), mixed.view_as(x), x)
    deviation = tracer.output(name, scores - even, moved, x)
    given = tracer.output(name, scores, deviation, x, constant=even)
    tracer.remember(name, given, deviation, lambda d: d + even)
    tracer.watch_branch(name, "values", values)
    tracer.watch_branch(name, "scores", scored)
    tracer.watch_pairs(name, out, lambda c: scores * (c.flatten(2) @ flat.mT))
    tracer.watch_pairs(name, deviation, lambda c: (scores - even) * c)
    return out, given


def _softmax_path(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Integrate J(t l) l and t J(t l) l over t from 0 to 1, J the Jacobian of the softmax; linear in the logits l."""
    moved = late = torch.zeros_like(logits)
    for t, w in nodes(count):
        scores = (t * logits.detach()).softmax(-1)
        step = scores * (logits - (scores * logits).sum(-1, keepdim=True))
        moved, late = moved + w * step, late + w * t * step
    return moved, late


def _sparsemax_path(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Do the same for sparsemax, exactly: along the path the Jacobian changes where an element leaves the support.

    With the logits in falling order, the k largest are the support from t_(k+1) to t_k, where t_k is the inverse of
    the sum of l_j - l_k over the j < k.
    """
    ordered, order = logits.detach().sort(dim=-1, descending=True)
    rank = order.argsort(-1)
    size = torch.arange(1, logits.shape[-1] + 1, dtype=logits.dtype, device=logits.device)
    ends = (1 / (ordered.cumsum(-1) - size * ordered).clamp_min(torch.finfo(logits.dtype).tiny)).clamp_max(1)
    moved = late = torch.zeros_like(logits)
    for k in range(logits.shape[-1]):
        end = ends[..., k : k + 1]
        start = ends[..., k + 1 : k + 2] if k + 1 < logits.shape[-1] else torch.zeros_like(end)
        step = (rank <= k) * (logits - ((rank <= k) * logits).sum(-1, keepdim=True) / (k + 1))
        moved, late = moved + (end - start) * step, late + (end**2 - start**2) / 2 * step
    return moved, late


@rule_for(SelfAttention, LatentAttention)
def latent_attention(layer: nn.Module, tracer: Tracer, x: Tensor) -> Tensor:
    """Share out along the path from 0; an input of 0 gives 0."""
    forward = type(layer).forward
    if tracer.composite.gates == "values":
        surrogate = _values_alone(layer, x)
    else:
        surrogate = path_surrogate(lambda v: forward(layer, v), [x], tracer.composite.nodes)
    return tracer.output(tracer.name(layer), forward(layer, x), surrogate, x)


def _values_alone(layer: nn.Module, x: Tensor) -> Tensor:
    if isinstance(layer, LatentAttention):
        flat = x.flatten(1, -2)
        logits = (flat.detach().mT @ layer.weight).unflatten(-1, (-1, layer.n_heads))
        return torch.einsum("bfph,bpf->bhf", logits.softmax(-2), flat)
    assert isinstance(layer, SelfAttention)
    tokens = x.flatten(2)
    query, key = (tokens.detach() @ weight.T for weight in layer.weight[:2])
    scores = (query @ key.mT / tokens.shape[-1] ** 0.5).softmax(-1)
    return (tokens + scores @ (tokens @ layer.weight[2].T)).view_as(x)
