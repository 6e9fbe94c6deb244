"""Every layer has a rule, and each rule gives what the layer gives and shares out all of it."""

import importlib
import inspect
import pkgutil

import pytest
import torch
from torch import nn

import eeg2fmri.nn
from eeg2fmri.explain.rules.choice import composite
from eeg2fmri.explain.rules.propagation import propagate
from eeg2fmri.explain.rules.registry import rule_of
from eeg2fmri.nn.attention import LatentAttention, SelfAttention, TopographicalAttention
from eeg2fmri.nn.draws import Draws, Generated
from eeg2fmri.nn.fourier import FourierFeatures, RandomFourierFeatures
from eeg2fmri.nn.init import generator
from eeg2fmri.nn.norm import BatchNorm
from eeg2fmri.nn.style import AttentionStyle
from eeg2fmri.nn.variational.dct import VariationalInverseDCT3d
from eeg2fmri.nn.variational.dense import DenseFlipout, DenseVariational


def layer_classes():
    for module in pkgutil.walk_packages(eeg2fmri.nn.__path__, "eeg2fmri.nn."):
        for name, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            # a class whose name starts with an underscore is a base of others and never a layer itself
            if issubclass(found, nn.Module) and found.__module__ == module.name and not name.startswith("_"):
                yield found


def test_every_layer_has_a_rule_but_those_of_models_that_are_refused(unexplained):
    classes = list(layer_classes())
    assert sum(rule_of(one) is not None for one in classes) >= 18
    refused = {type(part) for model in unexplained.values() for part in model.modules()}
    missing = [one.__name__ for one in classes if rule_of(one) is None and one not in refused]
    assert not missing, f"layers without a relevance rule: {missing}; register one with rule_for"


def test_a_subclass_does_not_take_the_rule_of_its_base():
    class Different(BatchNorm):
        def forward(self, x):
            return super().forward(x) ** 2

    assert rule_of(BatchNorm) is not None
    assert rule_of(Different) is None


def draw(*shape, seed=3):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def relevance_of(layer, x, c, rules="epsilon", **changes):
    """Relevance of x for sum(layer(x) * c), by sample."""

    def outputs(v):
        return {"out": (layer(v) * c).flatten(1).sum(1)}

    return propagate(layer, x, outputs, composite(rules, **changes))["out"]


def integrated(function, x, c, steps=1000):
    """x times the mean gradient along the straight path from 0, by the midpoint rule: what path rules approximate."""
    t = ((torch.arange(steps, dtype=x.dtype) + 0.5) / steps).reshape(-1, *[1] * x.ndim)
    points = (t * x).flatten(0, 1).detach().requires_grad_()
    weights = c.expand(steps, *c.shape).flatten(0, 1)
    (gradient,) = torch.autograd.grad((function(points) * weights).sum(), points)
    return x * gradient.unflatten(0, (steps, len(x))).mean(0)


@pytest.mark.parametrize("scores", ["softmax", "sparsemax"])
def test_attention_is_shared_out_along_the_path_from_zero(scores):
    layer = TopographicalAttention(5, 12, generator(0, "a"), scores=scores).double()
    with torch.no_grad():
        layer.weight.mul_(3)
    x, c = draw(2, 5, 4, 3), draw(2, 5, 4, 3, seed=4)
    found = propagate(layer, x, lambda v: {"out": (layer(v)[0] * c).flatten(1).sum(1)}, composite("default"))["out"]
    torch.testing.assert_close(found.relevance, integrated(lambda v: layer(v)[0], x, c), rtol=2e-3, atol=2e-3)
    assert found.error() < 1e-12


@pytest.mark.parametrize("scores", ["softmax", "sparsemax"])
def test_scores_of_attention_are_shared_out_along_the_path_too(scores):
    layer = TopographicalAttention(5, 12, generator(0, "a"), scores=scores).double()
    x, c = draw(2, 5, 4, 3), draw(2, 5, 5, seed=4)
    rules = composite("default", constants="absorb")
    found = propagate(layer, x, lambda v: {"out": (layer(v)[1] * c).flatten(1).sum(1)}, rules)["out"]
    torch.testing.assert_close(found.relevance, integrated(lambda v: layer(v)[1], x, c), rtol=2e-3, atol=2e-3)
    # even scores need no input
    torch.testing.assert_close(found.absorbed(), c.flatten(1).sum(1) / 5)


def test_attention_tells_its_pairs_and_ways_apart():
    layer = TopographicalAttention(5, 12, generator(0, "a")).double()
    x, c = draw(2, 5, 4, 3), draw(2, 5, 4, 3, seed=4)

    def outputs(v):
        return {"out": (layer(v)[0] * c).flatten(1).sum(1)}

    both = propagate(layer, x, outputs, composite("default"))["out"]
    pairs = both.account.pairs["model"]
    scores, flat = layer(x)[1], x.flatten(2)
    expected = torch.einsum("bik,bkf,bif->bik", scores, flat, c.flatten(2))
    torch.testing.assert_close(pairs, expected.detach())
    values, through_scores = (both.account.branches["model", way] for way in ("values", "scores"))
    torch.testing.assert_close(values + through_scores, both.relevance)
    assert through_scores.abs().sum() > 0.05 * values.abs().sum()
    alone = propagate(layer, x, outputs, composite("default", gates="values"))["out"]
    torch.testing.assert_close(alone.relevance, (x * (scores.mT @ c.flatten(2)).view_as(x)).detach())


def test_style_at_rest_belongs_to_the_latent_and_the_rest_to_both():
    attention = TopographicalAttention(4, 6, generator(0, "a")).double()
    style = AttentionStyle(4, 3, generator(0, "s")).double()
    x, c = draw(2, 4, 3, 2), draw(2, 3, seed=9)
    model = nn.ModuleList([attention, style])

    def outputs(v):
        latent = v.flatten(1)[:, :3]
        return {"out": (style(latent, attention(v)[1]) * c).sum(1)}

    found = propagate(model, x, outputs, composite("default"))["out"]
    assert found.error() < 1e-3
    # the reference: the deviation of the scores from even ones is followed along the path, the latent is linear
    even = torch.full((2, 4, 4), 0.25, dtype=torch.float64)
    scores = attention(x)[1].detach()
    gain = nn.functional.linear((even + scores).flatten(1) / 2, style.weight).detach()
    expected = integrated(
        lambda v: nn.functional.linear(attention(v)[1].flatten(1), style.weight), x, c * x.flatten(1)[:, :3] / 2
    )
    expected.view(2, -1)[:, :3] += x.flatten(1)[:, :3] * gain * c
    torch.testing.assert_close(found.relevance, expected.detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(SelfAttention(8, generator(0, "x")), (2, 3, 2, 4)), (LatentAttention(6, 3, generator(0, "x")), (2, 3, 2, 4))],
    ids=["self", "latent"],
)
def test_attention_on_a_latent_is_shared_out_along_the_path(layer, shape):
    layer, x = layer.double(), draw(*shape)
    c = draw(*layer(x).shape, seed=4)
    found = relevance_of(layer, x, c)
    torch.testing.assert_close(found.relevance, integrated(layer, x, c), rtol=1e-4, atol=1e-5)
    assert found.error() < 1e-6
    values = relevance_of(layer, x, c, gates="values")
    assert values.error() < 1e-6
    assert not torch.allclose(values.relevance, found.relevance, rtol=1e-2)


class Cosine(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return torch.cos(self.layer(x))


@pytest.mark.parametrize("normalization", ["layer", "tanh"])
def test_a_cosine_of_random_features_is_shared_out_from_the_angle_without_input(normalization):
    layer = Cosine(RandomFourierFeatures(4, 6, generator(0, "f"), normalization)).double()
    x, c = draw(3, 4), draw(3, 6, seed=4)
    found = relevance_of(layer, x, c)
    assert found.unaccounted() < 1e-9
    assert float(found.absorbed().abs().sum()) > 0.1
    features = layer.layer
    if normalization == "tanh":
        # nothing is normalised by the input: what stays with the shift is the output of an input of 0
        torch.testing.assert_close(found.absorbed(), (layer(torch.zeros_like(x)) * c).sum(1).detach())
    with torch.no_grad():
        features.shift.zero_()
    assert relevance_of(layer, x, c).error() < 1e-9


def test_a_small_deviation_of_the_angle_gives_a_small_relevance():
    """The documented rule divides by the cosine, and by the angle: near pi / 2 and near 0 it would explode."""
    layer = Cosine(RandomFourierFeatures(4, 6, generator(0, "f"), "tanh")).double()
    with torch.no_grad():
        layer.layer.shift.zero_()
    x = 1e-6 * draw(3, 4)
    found = relevance_of(layer, x, torch.ones(3, 6, dtype=torch.float64))
    assert float(found.relevance.abs().max()) < 1e-5
    torch.testing.assert_close(found.total(), found.explained, rtol=1e-6, atol=0)


def test_two_cosines_of_fourier_features_are_shared_out_from_the_sum():
    layer = Cosine(FourierFeatures(4, 6)).double()
    x, c = draw(3, 4), draw(3, 6, seed=4)
    found = relevance_of(layer, x, c, constants="absorb")
    # only the sum of the input is seen, so every input gets its share of the sum
    share = x / x.sum(1, keepdim=True)
    start = torch.cos(torch.tensor(1.0, dtype=torch.float64))
    torch.testing.assert_close(found.relevance, share * ((layer(x) - start) * c).sum(1, keepdim=True))
    assert relevance_of(layer, x, c).error() < 1e-9


@pytest.mark.parametrize("kind", [DenseVariational, DenseFlipout])
@pytest.mark.parametrize("rules", ["epsilon", "gamma", "alpha-beta", "z-plus"])
def test_variational_layers_are_explained_for_the_numbers_they_draw(kind, rules):
    layer = kind(4, 6, generator(0, "v")).double()
    with torch.no_grad():
        (layer.weight_scale if kind is DenseVariational else layer.weight_rho).add_(0.5)
        (layer.bias_loc if kind is DenseVariational else layer.bias).add_(0.3)
    x, c = draw(3, 4), draw(3, 6, seed=4)

    def outputs(v, seed=7):
        return {"out": (layer(v, Generated(torch.Generator().manual_seed(seed))) * c).sum(1)}

    found = propagate(layer, x, outputs, composite(rules))["out"]
    torch.testing.assert_close(found.explained, outputs(x)["out"].detach())
    assert found.unaccounted() < 1e-6
    other = propagate(layer, x, lambda v: outputs(v, 8), composite(rules))["out"]
    assert not torch.allclose(other.relevance, found.relevance, rtol=1e-3)
    mean = propagate(layer, x, lambda v: {"out": (layer(v, Draws()) * c).sum(1)}, composite(rules))["out"]
    assert mean.unaccounted() < 1e-6


@pytest.mark.parametrize("heads", [None, 3])
@pytest.mark.parametrize("distribution", ["normal", "von_mises"])
def test_random_coefficients_that_the_spectrum_does_not_choose_are_biases(distribution, heads):
    layer = VariationalInverseDCT3d((2, 3, 2), (5, 6, 4), (1, 2, 1), distribution, generator(0, "i"), heads=heads)
    layer = layer.double()
    x, c = draw(2, 2, 3, 2), draw(2, 5, 6, 4, seed=4)

    def outputs(v):
        return {"out": (layer(v, Generated(torch.Generator().manual_seed(7))) * c).flatten(1).sum(1)}

    found = propagate(layer, x, outputs, composite("default"))["out"]
    torch.testing.assert_close(found.explained, outputs(x)["out"].detach())
    torch.testing.assert_close(found.absorbed(), outputs(torch.zeros_like(x))["out"].detach())
    assert found.unaccounted() < 1e-6
