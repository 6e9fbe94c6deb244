from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from eeg2fmri.nn.draws import Draws, Generated, Replayed
from eeg2fmri.nn.variational.dense import DenseFlipout, DenseVariational, normal_divergence


def test_divergence_is_that_of_torch(randn):
    loc, scale = randn(3, 4), randn(3, 4).abs() + 0.1
    expected = kl_divergence(Normal(loc, scale), Normal(torch.tensor(0.5), torch.tensor(2.0))).sum()
    assert torch.allclose(normal_divergence(loc, scale, 0.5, 2.0), expected, rtol=1e-5)


def test_dense_variational_draws_one_number_a_weight(source, randn):
    layer, x = DenseVariational(4, 3, source), randn(2, 4)
    noise = [randn(3, 4), randn(3)]
    weight = layer.weight_loc + layer.weight_scale * noise[0]
    expected = x @ weight.T + layer.bias_loc + layer.bias_scale * noise[1]
    assert torch.allclose(layer(x, Replayed(noise)), expected, atol=1e-6)
    assert torch.allclose(layer(x, Draws()), x @ layer.weight_loc.T + layer.bias_loc, atol=1e-6)
    # the share of the spread that different weights have in common: none
    with torch.no_grad():
        layer.weight_loc.zero_()
        layer.weight_scale.fill_(1.0)
        layer.bias_scale.zero_()
    units = torch.cat([layer(torch.eye(4), Generated(source)).reshape(1, 12) for _ in range(2000)])
    assert (torch.cov(units.T) - torch.eye(12)).abs().max() < 0.15


def test_dense_variational_without_bias(source, randn):
    layer = DenseVariational(4, 3, source, bias=False)
    assert {name for name, _ in layer.named_parameters()} == {"weight_loc", "weight_scale"}
    assert layer.kl().item() == pytest.approx(
        normal_divergence(layer.weight_loc, layer.weight_scale.abs()).item(), rel=1e-4
    )
    with torch.no_grad():
        layer.weight_scale.neg_()
    assert torch.isfinite(layer.kl())


def test_flipout_decorrelates_the_samples_of_a_batch(source):
    layer = DenseFlipout(3, 2, source)
    with torch.no_grad():
        layer.weight_loc.zero_()
        layer.weight_rho.fill_(1.0)
    x = torch.ones(2, 3)
    y = torch.stack([layer(x, Generated(source)) for _ in range(4000)])
    first, second = y[:, 0, 0], y[:, 1, 0]
    scale = layer.scale()[0, 0].item()
    assert first.std().item() == pytest.approx(scale * 3**0.5, rel=0.05)
    assert abs(torch.corrcoef(torch.stack([first, second]))[0, 1].item()) < 0.06
    assert layer(x, Draws()).abs().max() == 0


def test_flipout_equals_its_equation(source, randn):
    layer, x = DenseFlipout(4, 3, source), randn(5, 4)
    perturbation, signs_in, signs_out = randn(3, 4), randn(5, 4).sign(), randn(5, 3).sign()
    y = layer(x, Replayed([perturbation, signs_in, signs_out]))
    for b in range(5):
        kernel = layer.weight_loc + signs_out[b][:, None] * perturbation * signs_in[b]
        assert torch.allclose(y[b], kernel @ x[b] + layer.bias, atol=1e-5)
    expected = kl_divergence(Normal(layer.weight_loc, layer.scale()), Normal(0, 1)).sum()
    assert torch.allclose(layer.kl(), expected, rtol=1e-4)
