from __future__ import annotations

import copy

import entmax
import pytest
import torch

from eeg2fmri.nn.attention import (
    LatentAttention,
    SelfAttention,
    TopographicalAttention,
    channel_organisation,
    sparsemax,
)


def test_sparsemax_equals_entmax_with_its_gradient(randn):
    x = (randn(5, 4, 6, dtype=torch.float64) * 2).requires_grad_()
    g = randn(5, 4, 6, dtype=torch.float64)
    ours, theirs = sparsemax(x), entmax.sparsemax(x, dim=-1)
    assert torch.allclose(ours, theirs)
    assert (ours == 0).any()
    assert torch.allclose(*(torch.autograd.grad(y, x, g)[0] for y in (ours, theirs)))


@pytest.mark.parametrize("scores", ["softmax", "sparsemax"])
def test_electrodes_are_mixed_by_scores(scores, source, randn):
    layer, x = TopographicalAttention(4, 6, source, scores=scores), randn(2, 4, 3, 2)
    y, w = layer(x)
    flat = x.reshape(2, 4, 6)
    logits = flat @ layer.weight.T
    expected = torch.softmax(logits, -1) if scores == "softmax" else entmax.sparsemax(logits, dim=-1)
    assert torch.allclose(w, expected, atol=1e-6)
    assert torch.allclose(y, (w @ flat).reshape(2, 4, 3, 2), atol=1e-6)


def test_organisation_is_smallest_if_every_electrode_is_selected():
    everyone, one = torch.eye(4)[None], torch.eye(4)[0].expand(1, 4, 4)
    assert channel_organisation(everyone).item() == pytest.approx(0, abs=1e-6)
    assert channel_organisation(one).item() > 10


def test_penalty_is_on_the_last_training_pass(source, randn):
    layer, x = TopographicalAttention(4, 6, source, organisation=0.3), randn(5, 4, 3, 2)
    assert layer.regularization().item() == 0
    _, scores = layer(x)
    assert torch.allclose(layer.regularization(), 0.3 * channel_organisation(scores).mean())
    layer.regularization().backward()
    assert layer.weight.grad.abs().max() > 0
    # a copy can be made although the scores belong to a graph, and starts without them
    assert copy.deepcopy(layer).regularization().item() == 0
    layer.eval()(randn(5, 4, 3, 2))
    assert torch.allclose(layer.regularization(), 0.3 * channel_organisation(scores).mean())


def test_self_attention_mixes_rows_of_the_latent(source, randn):
    layer, z = SelfAttention(6, source), randn(2, 4, 3, 2)
    y = layer(z)
    assert y.shape == z.shape
    tokens = z.reshape(2, 4, 6)
    query, key, value = (tokens @ w.T for w in layer.weight)
    scores = torch.softmax(query @ key.transpose(1, 2) / 6**0.5, -1)
    assert torch.allclose(y, (tokens + scores @ value).reshape(z.shape), atol=1e-5)
    other = z.clone()
    other[:, 3] += 1
    assert not torch.allclose(layer(other)[:, 0], y[:, 0])


def test_latent_attention_weighs_positions(source, randn):
    layer, x = LatentAttention(6, 2, source), randn(3, 2, 3, 4)
    y = layer(x)
    assert tuple(y.shape) == (3, 2, 4)
    flat = x.reshape(3, 6, 4)
    assert (y <= flat.max(1, keepdim=True).values + 1e-6).all()
    assert (y >= flat.min(1, keepdim=True).values - 1e-6).all()
