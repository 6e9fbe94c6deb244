import pytest
import torch
from torch import nn

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.train.config import OptimiserConfig
from eeg2fmri.train.steps.optimiser import make_optimiser


class Deep(nn.Module):
    """Two layers; the first has one above it."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)

    def layers_above(self, parameter):
        return 1 if parameter.startswith("first") else 0


def _rows(optimiser, model):
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {
        names[id(parameter)]: (group["share"], group["weight_decay"])
        for group in optimiser.param_groups
        for parameter in group["params"]
    }


def test_without_decay_it_is_adam_with_one_group():
    model = Deep()
    optimiser = make_optimiser(model, OptimiserConfig(learning_rate=0.1))
    assert type(optimiser) is torch.optim.Adam
    assert set(_rows(optimiser, model).values()) == {(1.0, 0.0)}


def test_rates_follow_the_depth_and_vectors_may_be_spared():
    model = Deep()
    config = OptimiserConfig(learning_rate=0.1, weight_decay=0.2, decay_vectors=False, layer_decay=0.5)
    optimiser = make_optimiser(model, config)
    assert type(optimiser) is torch.optim.AdamW
    assert _rows(optimiser, model) == {
        "first.weight": (0.5, 0.2),
        "first.bias": (0.5, 0.0),
        "second.weight": (1.0, 0.2),
        "second.bias": (1.0, 0.0),
    }


def test_weights_decay_by_a_share_of_the_rate():
    model = Deep()
    before = model.second.weight.detach().clone()
    optimiser = make_optimiser(model, OptimiserConfig(learning_rate=0.1, weight_decay=0.2))
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    torch.testing.assert_close(model.second.weight.detach(), before * (1 - 0.1 * 0.2))


def test_a_model_without_depth_is_told():
    with pytest.raises(ConfigError, match="no depth"):
        make_optimiser(nn.Linear(2, 2), OptimiserConfig(layer_decay=0.5))


def test_a_warm_up_has_one_length_and_the_floor_is_the_lowest():
    with pytest.raises(ConfigError, match="one length"):
        OptimiserConfig(warmup_steps=3, warmup_epochs=1)
    with pytest.raises(ConfigError, match="cannot be above"):
        OptimiserConfig(learning_rate=0.1, floor=0.2)
