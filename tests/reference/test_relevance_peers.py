"""Relevance rules against captum's, for the layers and rules that captum covers."""

import pytest
import torch
from captum.attr import LRP
from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, EpsilonRule, GammaRule
from torch import nn

from eeg2fmri.explain.rules.choice import composite
from eeg2fmri.explain.rules.propagation import propagate
from eeg2fmri.models.registry import build
from eeg2fmri.nn.convolution.conv import Conv3d
from eeg2fmri.nn.dense import Dense
from eeg2fmri.nn.init import generator

#: Our name of a rule, and captum's rule of it.
PEERS = {
    "epsilon": lambda: EpsilonRule(epsilon=1e-9),
    "gamma": lambda: GammaRule(gamma=0.25),
    "z-plus": lambda: Alpha1_Beta0_Rule(),
}


class Network(nn.Module):
    """Layers that captum knows; it has no rule for a layer that flattens, and none is needed."""

    def __init__(self, first, second, third):
        super().__init__()
        self.first, self.second, self.third = first, second, third
        self.relu1, self.relu2, self.pool = nn.ReLU(), nn.ReLU(), nn.MaxPool3d(2)

    def forward(self, x):
        x = self.pool(self.relu1(self.first(x))).flatten(1)
        return self.third(self.relu2(self.second(x)))


def networks(bias):
    """The same weights in our layers and in torch's, which alone captum has rules for."""
    ours = Network(
        Conv3d(1, 3, (2, 2, 2), (1, 1, 1), generator(0, "c")),
        Dense(3 * 1 * 3 * 2, 5, generator(0, "d")),
        Dense(5, 1, generator(0, "e")),
    ).double()
    theirs = Network(nn.Conv3d(1, 3, 2), nn.Linear(18, 5), nn.Linear(5, 1)).double()
    shared = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for mine, other in zip(ours.children(), theirs.children(), strict=True):
            for name, value in mine.named_parameters():
                drawn = torch.randn(value.shape, generator=shared, dtype=torch.float64)
                # below 0, ours are mirrored and captum's are not: the last output is above
                drawn = drawn.abs() if mine is ours.third else drawn
                value.copy_(drawn * (bias if name == "bias" else 1))
            if isinstance(other, nn.Conv3d | nn.Linear):
                other.weight.copy_(mine.weight)
                other.bias.copy_(mine.bias)
    return ours.eval(), theirs.eval()


# captum favours the weights alone, where gamma and z-plus here favour biases as well: then the sum is conserved
@pytest.mark.parametrize(("name", "bias"), [("epsilon", 0.0), ("epsilon", 0.3), ("gamma", 0.0), ("z-plus", 0.0)])
def test_relevance_is_that_of_captum(name, bias):
    ours, theirs = networks(bias)
    for layer in theirs.children():
        if isinstance(layer, nn.Conv3d | nn.Linear):
            layer.rule = PEERS[name]()
    x = torch.rand(2, 1, 3, 8, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = LRP(theirs).attribute(x.clone().requires_grad_())
    found = propagate(ours, x, lambda v: {"out": ours(v).sum(1)}, composite(name))["out"]
    assert float(found.relevance.abs().sum()) > 0.1
    torch.testing.assert_close(found.relevance, expected, rtol=1e-5, atol=1e-7)


class WholeVolume(nn.Module):
    """The sum of what a synthesiser makes, since captum wants a tensor."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x).volume.flatten(1).sum(1)


def test_captum_does_not_cover_the_networks_of_this_package():
    blocks = {
        "na_spec": {
            "kernels": [(2, 2, 1)],
            "strides": [(1, 1, 1)],
            "maxpool": True,
            "pool_kernel": (1, 1, 2),
            "pool_stride": (1, 1, 1),
        },
        "channels": 2,
    }
    config = {
        "kind": "synthesizer",
        "eeg_shape": (4, 6, 3),
        "volume_shape": (4, 5, 3),
        "latent_shape": (2, 2, 2),
        "encoder": {"blocks": blocks},
        "volume_encoder": {"blocks": blocks},
    }
    model = WholeVolume(build(config)).eval()
    with pytest.raises(TypeError, match="has no rule defined"):
        LRP(model).attribute(torch.rand(1, 4, 6, 3).requires_grad_())
