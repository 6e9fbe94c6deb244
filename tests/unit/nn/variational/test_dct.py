from __future__ import annotations

import math

import pytest
import torch
from scipy.fft import dctn
from torch.distributions import Normal, kl_divergence

from eeg2fmri.nn.draws import Draws, Generated, Replayed
from eeg2fmri.nn.variational.dct import VariationalInverseDCT3d, random_positions
from eeg2fmri.nn.von_mises import mean_resultant

N, R, M = (2, 3, 2), (1, 2, 3), (5, 6, 6)
COUNT = 3 * 5 * 5 - 2 * 3 * 2


def layer_of(source, distribution="normal", **changes) -> VariationalInverseDCT3d:
    return VariationalInverseDCT3d(N, M, R, distribution, source, **changes).double()


def spectrum_of(volume: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(dctn(volume.detach().numpy(), axes=(1, 2, 3)))


def test_coefficients_are_appended_axis_by_axis(source, randn):
    layer, x = layer_of(source, perturbed=False), randn(2, *N, dtype=torch.float64)
    numbers = torch.arange(1.0, COUNT + 1, dtype=torch.float64)[None]
    found = spectrum_of(layer(x, Replayed([numbers])))
    assert torch.allclose(found[:, :2, :3, :2], x)
    assert torch.allclose(found[0, 2, :3, :2].flatten(), numbers[0, :6])
    assert torch.allclose(found[0, :3, 3:5, :2].flatten(), numbers[0, 6:18])
    assert torch.allclose(found[0, :3, :5, 2:5].flatten(), numbers[0, 18:])
    assert found[:, 3:].abs().max() < 1e-9


def test_known_coefficients_can_stand_between_random_ones(source, randn):
    positions = [[0, 2], [0, 1, 4], [1, 3]]
    layer = layer_of(source, perturbed=False, positions=positions)
    x = randn(2, *N, dtype=torch.float64)
    found = spectrum_of(layer(x, Generated(source)))
    picked = found[:, positions[0]][:, :, positions[1]][:, :, :, positions[2]]
    assert torch.allclose(picked, x)
    assert found[:, 1, 2, 0].abs().min() > 0


def test_drawn_positions_begin_with_the_mean_and_depend_on_the_seed():
    drawn = {seed: random_positions(N, R, seed) for seed in range(8)}
    for positions in drawn.values():
        assert [len(p) for p in positions] == list(N)
        assert all(p[0] == 0 and p == sorted(set(p)) for p in positions)
        assert all(p[-1] < n + r for p, n, r in zip(positions, N, R, strict=True))
    assert len({str(p) for p in drawn.values()}) > 1
    assert drawn[3] == random_positions(N, R, 3)


def test_heads_are_mixed_by_the_spectrum(source, randn):
    layer, x = layer_of(source, heads=3, perturbed=False), randn(2, *N, dtype=torch.float64)
    values = randn(3, COUNT, dtype=torch.float64)
    found = spectrum_of(layer(x, Replayed([values])))
    vectors = values * layer.gain
    weights = [torch.softmax(x.flatten(1) @ w, -1) for w in layer.mixing]
    assert torch.allclose(found[:, 2, :3, :2].flatten(1), weights[0] @ vectors[:, :6])
    assert torch.allclose(found[:, :3, 3:5, :2].flatten(1), weights[1] @ vectors[:, 6:18])
    assert torch.allclose(found[:, :3, :5, 2:5].flatten(1), weights[2] @ vectors[:, 18:])


def test_without_draws_the_means_are_used(source, randn):
    x = randn(1, *N, dtype=torch.float64)
    normal, mises = layer_of(source), layer_of(source, "von_mises")
    with torch.no_grad():
        normal.loc += 1.5
    assert spectrum_of(normal(x, Draws()))[0, 2, 0, 0].item() == pytest.approx(1.5)
    expected = torch.cos(mises.loc[0, 0]) * mean_resultant(mises.scale[0, 0])
    assert spectrum_of(mises(x, Draws()))[0, 2, 0, 0].item() == pytest.approx(expected.item(), rel=1e-5)


def test_draws_vary_and_have_the_mean_of_the_distribution(source, randn):
    layer, x = layer_of(source, "von_mises"), randn(1, *N, dtype=torch.float64)
    with torch.no_grad():
        layer.scale.fill_(4.0)
    drawn = torch.stack([layer(x, Generated(source)) for _ in range(800)])
    assert drawn.std(0).min() > 0
    assert (drawn.mean(0) - layer(x, Draws())).abs().max() < 0.2 * drawn.std(0).max()


@pytest.mark.parametrize("distribution", ["normal", "von_mises"])
def test_divergence(distribution, source):
    layer = layer_of(source, distribution)
    factor = torch.nn.functional.softplus(layer.known_rho) + 1e-7
    known = kl_divergence(Normal(layer.known_loc, factor), Normal(1.0, 1.0)).sum()
    rest = layer.kl() - known
    if distribution == "normal":
        expected = kl_divergence(Normal(layer.loc, layer.scale + 1e-7), Normal(0.0, 1.0)).sum()
    else:
        k = (layer.scale + 1e-7).detach()
        expected = (k * mean_resultant(k) - torch.log(torch.special.i0(k))).sum()
    assert rest.item() == pytest.approx(expected.item(), rel=1e-6)
    layer.kl().backward()
    assert layer.scale.grad.abs().min() > 0


def test_angles_start_all_around_the_circle(source):
    layer = layer_of(source, "von_mises")
    assert layer.loc.min() < -math.pi / 2
    assert layer.loc.max() > math.pi / 2


def test_places_survive_a_start_without_memory(source, randn):
    positions = [[0, 2], [0, 1, 4], [1, 3]]
    with torch.device("meta"):
        empty = VariationalInverseDCT3d(N, M, R, "normal", source, positions=positions)
    layer = VariationalInverseDCT3d(N, M, R, "normal", source, positions=positions)
    empty = empty.to_empty(device="cpu")
    empty.load_state_dict(layer.state_dict())
    x = randn(2, *N)
    assert torch.equal(empty(x, Draws()), layer(x, Draws()))
