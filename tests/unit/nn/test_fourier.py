from __future__ import annotations

import copy
import math

import pytest
import torch

from eeg2fmri.nn.fourier import FourierFeatures, RandomFourierFeatures, angle_centring


def test_fourier_features_see_the_sum_alone(randn):
    layer, x = FourierFeatures(4, 6), randn(3, 4)
    expected = torch.cos(x.sum(1, keepdim=True) * math.pi * 2 ** (torch.arange(6) / 6))
    assert torch.allclose(layer(x), expected, atol=1e-5)
    assert not list(layer.parameters())


def test_random_features_start_as_documented(source, randn):
    layer = RandomFourierFeatures(50, 60, source)
    assert layer.scale.item() == pytest.approx(math.sqrt(25))
    assert abs(layer.kernel.mean().item()) < 0.1
    assert abs(layer.kernel.std().item() - 1) < 0.05
    assert layer.shift.min() >= 0
    assert layer.shift.max() <= 2 * math.pi
    assert {name for name, _ in layer.named_parameters()} == {"scale", "gain", "offset"}
    angles = layer(randn(3, 50))
    assert torch.allclose(angles.mean(-1), torch.full((3,), math.pi / 2), atol=1e-5)
    assert torch.allclose(angles.std(-1, unbiased=False), torch.full((3,), math.pi / 2), atol=1e-2)


def test_tanh_keeps_angles_within_half_a_period(source, randn):
    layer, x = RandomFourierFeatures(5, 7, source, "tanh"), randn(4, 5)
    angles = layer(x)
    u = x @ layer.kernel / layer.scale + layer.shift
    assert torch.allclose(angles, torch.tanh(u) * math.pi / 2 + math.pi / 2, atol=1e-6)
    assert {name for name, _ in layer.named_parameters()} == {"scale"}


def test_the_sign_of_the_scale_has_no_meaning(source, randn):
    layer, x = RandomFourierFeatures(5, 7, source), randn(4, 5)
    y = layer(x)
    with torch.no_grad():
        layer.scale.neg_()
    assert torch.equal(layer(x), y)


def test_centring_is_the_distance_from_a_right_angle(source, randn):
    layer, x = RandomFourierFeatures(5, 7, source, centring=0.2), randn(4, 5)
    assert layer.regularization().item() == 0
    angles = layer(x)
    expected = 0.2 * (angles - math.pi / 2).norm(dim=1).mean()
    assert torch.allclose(layer.regularization(), expected)
    assert torch.allclose(angle_centring(angles), (angles - math.pi / 2).norm(dim=1))
    assert copy.deepcopy(layer).regularization().item() == 0
