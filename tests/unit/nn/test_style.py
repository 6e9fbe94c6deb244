from __future__ import annotations

import torch

from eeg2fmri.nn.style import AttentionStyle, PriorStyle


def test_attention_style_multiplies_by_a_dense_layer_of_the_scores(source, randn):
    layer, z, scores = AttentionStyle(3, 5, source), randn(2, 5), randn(2, 3, 3).softmax(-1)
    assert torch.allclose(layer(z, scores), z * (scores.reshape(2, 9) @ layer.weight.T), atol=1e-6)
    assert [name for name, _ in layer.named_parameters()] == ["kernel"]


def test_prior_style_starts_without_effect(randn):
    layer, z = PriorStyle(5), randn(2, 5)
    assert torch.equal(layer(z), z)
    with torch.no_grad():
        layer.weight.copy_(torch.arange(5.0))
    assert torch.equal(layer(z), z * torch.arange(5.0))
