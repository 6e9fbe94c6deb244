"""Penalties count the parts that they name, and no others."""

import pytest
import torch
from torch import nn

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.train.config import PenaltyConfig
from eeg2fmri.train.steps.penalties import Penalties


@pytest.fixture
def model():
    model = nn.ModuleDict({"head": nn.Linear(2, 3), "header": nn.Linear(2, 2), "body": nn.Linear(1, 2)})
    for k, parameter in enumerate(model.parameters(), start=1):
        parameter.data.fill_(-float(k))
    return model


def test_the_named_part_counts_and_not_one_whose_name_begins_alike(model):
    penalties = Penalties(model, [PenaltyConfig(part="head", norm="l1", weight=0.5)])
    assert penalties().item() == pytest.approx(0.5 * (6 * 1 + 3 * 2))


def test_squares_of_one_parameter_and_their_gradient(model):
    total = Penalties(model, [PenaltyConfig(part="body.weight", weight=2.0)])()
    assert total.item() == pytest.approx(2 * 2 * 25)
    total.backward()
    assert torch.allclose(model["body"].weight.grad, 4 * model["body"].weight)
    assert model["head"].weight.grad is None


def test_every_unknown_part_is_named(model):
    with pytest.raises(ConfigError, match="2 problems") as caught:
        Penalties(model, [PenaltyConfig(part=name, weight=1.0) for name in ("heads", "body.scale")])
    assert "heads" in str(caught.value)
    assert "one of body, head, header" in str(caught.value)


def test_a_penalty_shrinks_its_part_in_training(toy_training):
    plain = toy_training("plain").run().weights["encode.weight"].norm()
    held = {"penalties": [{"part": "encode", "norm": "l2", "weight": 10.0}]}
    assert toy_training("held", loss=held).run().weights["encode.weight"].norm() < 0.9 * plain
