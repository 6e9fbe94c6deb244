"""The losses against torch's own distributions and hand-made sums, by sample and by axis order."""

import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models.output import Synthesis
from eeg2fmri.train.config import LossConfig
from eeg2fmri.train.steps.losses import Voxels, absolute, laplace, latent_distance, squared, synthesis_loss


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_absolute_and_squared_by_hand():
    volume, target = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[0.0, 4.0], [3.0, 0.0]])
    assert absolute(volume, target).tolist() == [1.5, 1.5]
    assert squared(volume, target).tolist() == [1.25, 2.25]


def test_laplace_is_the_negative_log_likelihood():
    volume, target, scale = draw(3, 11), draw(3, 11, seed=1), draw(3, 11, seed=2).exp()
    expected = -torch.distributions.Laplace(volume, scale).log_prob(target).mean(dim=1)
    assert torch.allclose(laplace(volume, scale, target), expected, atol=1e-6)


def test_laplace_stays_finite_where_the_scale_vanishes():
    assert torch.isfinite(laplace(torch.zeros(1, 2), torch.zeros(1, 2), torch.ones(1, 2))).all()


def test_latent_distance_is_per_sample_and_keeps_the_order_of_axes():
    a = draw(3, 2, 3, 4)
    assert torch.allclose(latent_distance(a, 2 * a), torch.zeros(3), atol=1e-6)
    assert torch.allclose(latent_distance(a, -a), torch.full((3,), 2.0), atol=1e-6)
    square = draw(1, 3, 3, 3)
    assert latent_distance(square, square.transpose(1, 3)).item() > 0.1
    mixed = torch.stack([a[0], -a[1]])
    assert latent_distance(a[:2], mixed).tolist() == pytest.approx([0, 2], abs=1e-6)


def test_only_the_named_voxels_count():
    volume, target = draw(2, 3, 2, 2), draw(2, 3, 2, 2, seed=1)
    voxels = torch.tensor([0, 5, 11])
    parts = synthesis_loss(Synthesis(volume, None, None, None, None), target, LossConfig(), Voxels(voxels))
    expected = (volume - target).flatten(1)[:, voxels].abs().mean()
    assert parts.keys() == {"reconstruction"}
    assert parts["reconstruction"].item() == pytest.approx(expected.item())


def test_a_scale_output_is_trained_with_the_likelihood():
    volume, target, scale = draw(2, 3, 2, 2), draw(2, 3, 2, 2, seed=1), draw(2, 3, 2, 2, seed=2).exp()
    parts = synthesis_loss(Synthesis(volume, scale, None, None, None), target, LossConfig(reconstruction="squared"))
    expected = -torch.distributions.Laplace(volume, scale).log_prob(target).mean()
    assert parts["reconstruction"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_latents_give_their_own_part():
    z = draw(2, 1, 2, 3)
    out = Synthesis(draw(2, 3, 2, 2), None, z, -z, None)
    assert synthesis_loss(out, draw(2, 3, 2, 2), LossConfig())["latent"].item() == pytest.approx(2, abs=1e-6)


def test_voxels_outside_the_mask_count_as_much_as_they_are_told_to():
    volume, target = draw(2, 3, 2, 2), draw(2, 3, 2, 2, seed=1)
    mask = np.zeros((3, 2, 2), bool)
    mask[1] = True
    out = Synthesis(volume, None, None, None, None)

    def loss(config, outside):
        return synthesis_loss(out, target, config, Voxels.of_mask(mask, outside))["reconstruction"].item()

    error = (volume - target).abs()
    inside, all_of_it = error[:, 1].sum() / 2, error.sum() / 2
    assert loss(LossConfig(), 0.0) == pytest.approx(inside.item() / 4)
    assert loss(LossConfig(), 0.25) == pytest.approx((inside + 0.25 * (all_of_it - inside)).item() / (4 + 0.25 * 8))
    assert loss(LossConfig(), 1.0) == pytest.approx(error.mean().item())
    squares = (volume - target).square()
    expected = (squares[:, 1].sum() + 0.5 * (squares.sum() - squares[:, 1].sum())) / 2 / (4 + 0.5 * 8) / 2
    assert loss(LossConfig(reconstruction="squared"), 0.5) == pytest.approx(expected.item())


def test_the_likelihood_is_weighed_by_voxel():
    volume, scale, target = draw(2, 5), draw(2, 5, seed=1).exp(), draw(2, 5, seed=2)
    weight = torch.tensor([1.0, 0.0, 2.0, 0.0, 0.0])
    each = -torch.distributions.Laplace(volume, scale).log_prob(target)
    expected = (each[:, 0] + 2 * each[:, 2]) / 3
    assert torch.allclose(laplace(volume, scale, target, weight), expected, atol=1e-5)


def test_a_weight_outside_the_brain_needs_the_brain():
    with pytest.raises(ConfigError, match="set 'voxels' to 'brain'"):
        LossConfig.make({"outside": 0.5})
