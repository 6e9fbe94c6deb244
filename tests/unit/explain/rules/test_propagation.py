"""Relevance through whole models: conserved, accounted for, and never silently wrong."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.explain.inputs.targets import region as region_of
from eeg2fmri.explain.rules.choice import composite, composites
from eeg2fmri.explain.rules.propagation import propagate, relative_error
from eeg2fmri.explain.windows.of_one_recording import explain_latent, explain_windows
from eeg2fmri.models.registry import kinds
from eeg2fmri.models.rivals.published import TRAINED
from eeg2fmri.nn.convolution.conv import Conv3d
from eeg2fmri.nn.dense import Dense
from eeg2fmri.nn.init import generator


@pytest.fixture
def region():
    """Weights of a region (x, y, z): half of the voxels."""
    return (torch.arange(4 * 6 * 5).reshape(4, 6, 5) % 2).double()


def outputs_of(model, weights, **named):
    return lambda x: {"region": (model(x, **named).volume * weights).flatten(1).sum(1)}


def test_relevance_is_conserved_without_biases(make_model, synthesizer_config, windows, region):
    model = make_model(synthesizer_config, biases=False)
    found = propagate(model, windows, outputs_of(model, region), composite("default"))["region"]
    assert float(found.explained.abs().min()) > 1e-3
    assert found.error() < 1e-6


@pytest.mark.parametrize("rules", list(composites()))
def test_relevance_is_accounted_for_with_biases(make_model, synthesizer_config, windows, region, rules):
    model = make_model(synthesizer_config)
    found = propagate(model, windows, outputs_of(model, region), composite(rules))["region"]
    torch.testing.assert_close(found.explained, outputs_of(model, region)(windows)["region"].detach())
    assert found.unaccounted() < 1e-4
    assert float(found.absorbed().abs().sum()) > 1e-3
    assert float(found.relevance.abs().sum()) > 1e-3
    spread = propagate(model, windows, outputs_of(model, region), composite(rules, biases="spread"))["region"]
    # where a window leaves all units of a layer silent, there is nothing to spread its biases over
    live = spread.relevance.abs().sum((1, 2, 3)) > 0
    assert live.any()
    assert relative_error(spread.total()[live], spread.explained[live]) < 1e-4
    assert spread.unaccounted() < 1e-4


def test_pairs_and_ways_share_out_the_same_relevance(make_model, configs, windows, region):
    for name in ("documented", "sparsemax"):
        model = make_model(configs[name])
        found = propagate(model, windows, outputs_of(model, region), composite("default"))["region"]
        (pairs,) = found.account.pairs.values()
        assert pairs.shape == (3, 5, 5)
        torch.testing.assert_close(pairs.sum((1, 2)), found.total())
        torch.testing.assert_close(sum(found.account.branches.values()), found.relevance)


def test_the_epsilon_rule_of_a_piecewise_linear_model_is_gradient_times_input(make_model, configs, windows, region):
    for name in ("dense", "local"):
        model = make_model(configs[name])
        found = propagate(model, windows, outputs_of(model, region), composite("epsilon"))["region"]
        x = windows.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(outputs_of(model, region)(x)["region"].sum(), x)
        torch.testing.assert_close(found.relevance, windows * gradient, rtol=1e-5, atol=1e-6)
        gamma = propagate(model, windows, outputs_of(model, region), composite("default"))["region"]
        assert not torch.allclose(gamma.relevance, found.relevance, rtol=0.1)


def test_windows_are_explained_independently(make_model, configs, windows, region):
    model = make_model(configs["documented"])
    together = propagate(model, windows, outputs_of(model, region), composite("default"))["region"]
    alone = propagate(model, windows[1:2], outputs_of(model, region), composite("default"))["region"]
    torch.testing.assert_close(together.relevance[1:2], alone.relevance)


def test_one_pass_explains_several_outputs(make_model, configs, windows, region):
    model = make_model(configs["documented"])

    def both(x):
        volume = model(x).volume
        return {"region": (volume * region).flatten(1).sum(1), "rest": (volume * (1 - region)).flatten(1).sum(1)}

    found = propagate(model, windows, both, composite("default"))
    alone = propagate(model, windows, outputs_of(model, region), composite("default"))["region"]
    torch.testing.assert_close(found["region"].relevance, alone.relevance)
    torch.testing.assert_close(found["region"].absorbed(), alone.absorbed())
    whole = propagate(model, windows, outputs_of(model, torch.ones(4, 6, 5)), composite("epsilon"))["region"]
    parts = propagate(model, windows, both, composite("epsilon"))
    # the epsilon rule is linear in the output
    torch.testing.assert_close(parts["region"].relevance + parts["rest"].relevance, whole.relevance)


def test_a_pass_with_draws_explains_what_that_pass_gives(make_model, configs, windows, region):
    for name in ("variational dense", "normal", "von Mises of the spectrum", "flipout"):
        model = make_model(configs[name])

        def seeded(x, model=model):
            return outputs_of(model, region, generator=torch.Generator().manual_seed(3))(x)

        found = propagate(model, windows, seeded, composite("default"))["region"]
        torch.testing.assert_close(found.explained, seeded(windows)["region"].detach())
        assert found.unaccounted() < 1e-6


def test_the_model_and_the_random_state_are_left_as_they_were(make_model, configs, windows, region):
    model = make_model(configs["documented"]).train()
    model.fmri_encoder.eval()
    model.head.requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    modes = [part.training for part in model.modules()]
    learned = [weight.requires_grad for weight in model.parameters()]
    state = torch.get_rng_state()
    propagate(model, windows, outputs_of(model, region), composite("default"))

    def broken(x):
        model(x)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        propagate(model, windows, broken, composite("default"))
    assert torch.equal(torch.get_rng_state(), state)
    assert modes == [part.training for part in model.modules()]
    assert learned == [weight.requires_grad for weight in model.parameters()]
    assert not any("forward" in vars(part) for part in model.modules())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(weight.grad is None for weight in model.parameters())


def test_kinds_that_say_so_are_refused_with_what_can_be_explained(unexplained, windows):
    assert set(TRAINED) < set(unexplained)
    for model in unexplained.values():
        with pytest.raises(InputError, match="not explained by relevance") as caught:
            propagate(model, windows, lambda x: {"out": x.flatten(1).sum(1)}, composite("default"))
        assert "--preset recommended" in caught.value.problems[0].hint


def test_every_other_registered_kind_is_explained(make_model, configs, unexplained, windows, volumes):
    explained = set(kinds()) - set(unexplained)
    assert explained == {config["kind"] for config in configs.values()}
    wider = torch.cat([windows, windows[:, :1]], dim=1)
    inputs = {"view_classifier": wider, "recommended": windows, "linear_view": windows}
    for kind in sorted(explained - {"synthesizer"}):
        for biases in (False, True):
            model = make_model(configs[kind], biases=biases)

            def outputs(x, model=model):
                out = model(x)
                tensor = out if isinstance(out, torch.Tensor) else getattr(out, "logit", None)
                return {"out": (out.volume if tensor is None else tensor).flatten(1)[:, ::3].sum(1)}

            found = propagate(model, inputs.get(kind, volumes), outputs, composite("default"))["out"]
            torch.testing.assert_close(found.explained, outputs(inputs.get(kind, volumes))["out"].detach())
            assert (found.unaccounted() if biases else found.error()) < 1e-4, kind


@pytest.mark.parametrize("rules", ["epsilon", "gamma", "alpha-beta", "z-plus"])
def test_rules_differ_and_conserve_in_the_recommended_synthesiser(make_model, configs, windows, rules):
    model = make_model(configs["recommended"], biases=False)
    target = region_of(np.indices((4, 6, 5)).sum(0) % 2, (4, 6, 5))

    def relevance(name):
        return explain_windows(model, windows, [target], name)[target.name]

    found, plain = relevance(rules), relevance("default")
    assert found.error < 1e-6
    x = windows.clone().requires_grad_()
    (gradient,) = torch.autograd.grad((model(x).volume * torch.as_tensor(target.weights)).sum(), x)
    np.testing.assert_allclose(plain.relevance, (x.detach() * gradient).numpy(), rtol=1e-4, atol=1e-5)
    assert np.allclose(found.relevance, plain.relevance, rtol=1e-4) == (rules == "epsilon")


def test_the_courses_of_a_volume_are_explained(make_model, configs, windows, volumes):
    model = make_model(configs["recommended"], biases=False)
    for what in ("agreement", "sum"):
        found = explain_latent(model, volumes, windows, what=what)
        assert found.relevance.shape == tuple(volumes.shape)
        assert found.error < 1e-6
    courses = model(windows, volumes).z_fmri
    np.testing.assert_allclose(found.explained, courses.sum((1, 2, 3)).detach().numpy(), rtol=1e-6)


def test_the_latent_of_the_volume_is_explained(make_model, configs, volumes):
    model = make_model(configs["documented"], biases=False).fmri_encoder
    found = propagate(model, volumes, lambda y: {"latent": model(y).flatten(1).sum(1)}, composite("default"))["latent"]
    assert found.relevance.shape == volumes.shape
    assert found.error() < 1e-6


class Recomposed(nn.Module):
    """Layers joined as no model of the package joins them: shared, concatenated, multiplied, padded, averaged."""

    def __init__(self):
        super().__init__()
        self.conv = Conv3d(1, 2, (2, 2, 2), (1, 1, 1), generator(0, "c"))
        self.dense = Dense(2 * 4 * 8 * 3, 6, generator(0, "d"))
        self.again = Dense(12, 6, generator(0, "e"))
        self.dropout = nn.Dropout(0.9)

    def forward(self, x):
        a = self.conv(x.unsqueeze(1))
        b = self.conv(0.5 * x.roll(1, 2).unsqueeze(1))
        first = self.dense(torch.nn.functional.leaky_relu(a + b).flatten(1))
        second = self.dense(self.dropout((a - b).relu()).flatten(1))
        third = self.again(torch.cat([first, second], dim=-1))
        gated = self.again(torch.stack([first, third], 1).mean(1).repeat(1, 2)) * third / 2
        return gated - third


def test_layers_may_be_joined_in_any_way(windows):
    model = Recomposed().double().eval()
    assert not any(float(value.detach().abs().sum()) for name, value in model.named_parameters() if "bias" in name)
    found = propagate(model, windows, lambda x: {"out": model(x).sum(1)}, composite("default"))["out"]
    torch.testing.assert_close(found.explained, model(windows).sum(1).detach())
    assert found.error() < 1e-6


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (lambda x: nn.functional.layer_norm(x, x.shape[-1:]), "layer_norm"),
        (lambda x: x @ x.mT, "matmul"),
        (lambda x: x.softmax(-1), "softmax"),
        (lambda x: x / x.sum(), "div"),
        (lambda x: nn.functional.linear(x, torch.ones(2, x.shape[-1]).double()), "linear"),
    ],
)
def test_an_operation_without_a_rule_is_an_error_that_names_it(windows, operation, name):
    model = nn.Identity()
    with pytest.raises(ConfigError, match="no relevance rule") as caught:
        propagate(model, windows, lambda x: {"out": operation(model(x)).flatten(1).sum(1)}, composite("default"))
    assert name in caught.value.problems[0].where
    assert "rule_for" in caught.value.problems[0].hint


def test_what_is_added_outside_a_layer_is_a_bias(windows):
    model = nn.Identity()
    found = propagate(model, windows, lambda x: {"out": (3 - 2 * model(x)).flatten(1).sum(1)}, composite("default"))
    torch.testing.assert_close(found["out"].relevance, -2 * windows)
    torch.testing.assert_close(found["out"].absorbed(), torch.full((3,), 3.0 * 5 * 9 * 4, dtype=torch.float64))


def test_an_output_that_ignores_the_input_is_an_error(windows):
    with pytest.raises(ConfigError, match="does not depend on the input"):
        propagate(nn.Identity(), windows, lambda x: {"out": torch.ones(3)}, composite("default"))


def test_what_the_model_does_not_read_has_no_relevance(windows):
    model = nn.Identity()
    found = propagate(model, windows, lambda x: {"out": model(x)[:, 2, 3:5].flatten(1).sum(1)}, composite("default"))
    seen = found["out"].relevance.abs().sum((0, 3)) > 0
    assert seen.nonzero().tolist() == [[2, 3], [2, 4]]


def test_the_error_is_relative_to_the_output():
    assert relative_error(torch.tensor([1.0, -2.0]), torch.tensor([1.5, -2.5])) == pytest.approx(0.25)
    assert relative_error(torch.zeros(2), torch.zeros(2)) == 0.0
