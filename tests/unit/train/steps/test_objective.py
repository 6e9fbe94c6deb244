"""The loss of a model: weights of its parts, warm-up of the divergence, penalties of the model and of named parts."""

import pytest
import torch
from torch import nn

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.train.config import LossConfig
from eeg2fmri.train.steps.objective import Objective


class Plain(nn.Module):
    """A model with one weight, a penalty of 3 and a divergence of 40."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([2.0]))

    def regularization(self):
        return torch.tensor(3.0)

    def kl(self):
        return torch.tensor(40.0)


def test_the_divergence_rises_to_its_weight_and_is_shared_among_the_pairs():
    objective = Objective(Plain(), LossConfig(kl=0.5, kl_warmup_epochs=3), 10)
    got = [objective.penalty(epoch).item() - 3 for epoch in range(5)]
    assert got == pytest.approx([0.5 * 4 * share for share in (0.25, 0.5, 0.75, 1.0, 1.0)])


def test_without_warm_up_the_divergence_counts_whole_and_without_weight_not_at_all():
    assert Objective(Plain(), LossConfig(kl=1.0), 10).penalty(0).item() == pytest.approx(7)
    assert Objective(Plain(), LossConfig(kl=0.0), 10).penalty(0).item() == pytest.approx(3)


def test_penalties_of_named_parts_are_added():
    config = LossConfig.make({"kl": 0, "penalties": [{"part": "weight", "norm": "l2", "weight": 0.5}]})
    assert Objective(Plain(), config, 10).penalty(0).item() == pytest.approx(3 + 0.5 * 4)


def test_the_latent_distance_has_its_weight():
    objective = Objective(Plain(), LossConfig(latent=0.1), 10)
    parts = {"reconstruction": torch.tensor(2.0), "latent": torch.tensor(5.0)}
    assert objective.weighed(parts).item() == pytest.approx(2.5)
    assert objective.weighed({"reconstruction": torch.tensor(2.0)}).item() == 2


def test_channel_organisation_is_part_of_the_penalty_of_a_synthesiser():
    from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork

    def trained(factor):
        config = SynthesizerConfig.documented(
            (6, 20, 4), (8, 9, 7), latent_shape=(2, 2, 2), encoder={"attention": {"organisation": factor}}
        )
        model = SynthesizerNetwork(config).train()
        model(torch.randn(2, 6, 20, 4, generator=torch.Generator().manual_seed(1)))
        return Objective(model, LossConfig(kl=0), 10).penalty(0).item()

    assert trained(2.0) - trained(0.0) == pytest.approx(2 * (trained(1.0) - trained(0.0)), rel=1e-4)
    assert trained(1.0) > trained(0.0)


def test_the_layer_of_batch_norm_that_can_be_synchronised_is_the_only_one_in_use():
    from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork
    from eeg2fmri.nn.norm import synchronise

    model = SynthesizerNetwork(SynthesizerConfig.documented((6, 20, 4), (8, 9, 7), latent_shape=(2, 2, 2)))
    assert synchronise(model) > 0
    assert not [layer for layer in model.modules() if isinstance(layer, nn.modules.batchnorm._NormBase)]


class WithLoss(Plain):
    """A model whose loss has two parts."""

    def loss(self, out, y):
        return {"reconstruction": (out - y).square().mean(), "other": torch.tensor(0.25)}


def test_a_model_brings_its_own_loss_where_it_is_asked_for():
    config = LossConfig(reconstruction="own", latent=0, kl=0)
    objective = Objective(WithLoss(), config, 10)
    parts = objective.parts(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]))
    assert set(parts) == {"reconstruction", "other"}
    assert objective.weighed(parts).item() == pytest.approx(2.25)
    with pytest.raises(ConfigError, match="no loss of its own"):
        Objective(Plain(), config, 10)
    with pytest.raises(ConfigError, match="weighs its voxels itself"):
        LossConfig(reconstruction="own", voxels="brain")
