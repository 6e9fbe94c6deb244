"""Rules against their definitions, written out with loops."""

import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.explain.rules.affine import Affine, FlipoutAffine
from eeg2fmri.explain.rules.choice import (
    AlphaBetaRule,
    Composite,
    EpsilonRule,
    GammaRule,
    ZPlusRule,
    composite,
    composites,
    stabilised,
)
from eeg2fmri.explain.rules.tracer import Tracer

X = np.array([[1.5, -0.5, 2.0, 0.0], [-1.0, 0.75, 0.5, 3.0]])
W = np.array([[1.0, -2.0, 0.5, 1.0], [-0.5, -1.5, -2.0, 0.25], [0.3, 0.2, 1.0, -1.0]])
B = np.array([0.5, -1.0, 0.0])
C = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])


def epsilon(products, z, bias):
    return products / z


def gamma(products, z, bias, gamma=0.25):
    favoured = np.where(np.sign(products) == np.sign(z), products, 0)
    total = z + gamma * (favoured.sum() + (bias if np.sign(bias) == np.sign(z) else 0))
    return (products + gamma * favoured) / total


def alpha_beta(products, z, bias, alpha=2.0, beta=1.0):
    agreeing = np.where(np.sign(products) == np.sign(z), products, 0)
    opposing = products - agreeing
    a = agreeing.sum() + (bias if np.sign(bias) == np.sign(z) else 0)
    o = z - a
    return agreeing / a if o == 0 else alpha * agreeing / a - beta * opposing / o


def z_plus(products, z, bias):
    return alpha_beta(products, z, bias, 1.0, 0.0)


def shares(rule, bias):
    """Relevance of X by the definition: R_i = sum over j of share_ij R_j, with R_j = z_j c_j."""
    relevance = np.zeros_like(X)
    for b, j in np.ndindex(C.shape):
        products = X[b] * W[j]
        z = products.sum() + bias[j]
        relevance[b] += rule(products, z, bias[j]) * z * C[b, j]
    return relevance


def propagated(rule, bias, layer=None):
    x = torch.tensor(X, requires_grad=True)
    layer = layer or Affine(torch.nn.functional.linear, torch.tensor(W), torch.tensor(bias))
    tracer = Tracer(torch.nn.Identity(), Composite())
    out = tracer.affine("layer", rule, layer, x)
    (gradient,) = torch.autograd.grad((out * torch.tensor(C)).sum(), x)
    return out.detach().numpy(), (x.detach() * gradient).numpy(), tracer.account


@pytest.mark.parametrize("bias", [B, np.zeros(3)], ids=["with bias", "without"])
@pytest.mark.parametrize(
    ("rule", "definition"),
    [(EpsilonRule(), epsilon), (GammaRule(), gamma), (AlphaBetaRule(), alpha_beta), (ZPlusRule(), z_plus)],
    ids=lambda one: getattr(one, "kind", ""),
)
def test_a_rule_is_its_definition(rule, definition, bias):
    value, relevance, account = propagated(rule, bias)
    np.testing.assert_allclose(value, X @ W.T + bias)
    np.testing.assert_allclose(relevance, shares(definition, bias), rtol=1e-7, atol=1e-7)
    explained = (value * C).sum(1)
    absorbed = account.absorbed["layer"].numpy()
    np.testing.assert_allclose(relevance.sum(1) + absorbed, explained, rtol=1e-7)
    if not bias.any():
        np.testing.assert_allclose(absorbed, 0)


@pytest.mark.parametrize("rule", [AlphaBetaRule(), ZPlusRule(), GammaRule()], ids=lambda rule: rule.kind)
def test_relevance_is_kept_where_all_products_have_one_sign(rule):
    layer = Affine(torch.nn.functional.linear, torch.tensor(-np.abs(W)))
    x = torch.tensor(np.abs(X), requires_grad=True)
    shared = rule.share(layer, x)
    (gradient,) = torch.autograd.grad((shared.surrogate * torch.tensor(C)).sum(), x)
    torch.testing.assert_close((x * gradient).sum(1).detach(), (shared.value * torch.tensor(C)).sum(1))


def test_a_large_epsilon_takes_relevance_from_weak_outputs():
    _, strict, _ = propagated(EpsilonRule(), np.zeros(3))
    _, weak, _ = propagated(EpsilonRule(epsilon=1.0), np.zeros(3))
    assert np.abs(weak).sum() < 0.7 * np.abs(strict).sum()


def test_the_stabiliser_has_the_sign_of_what_it_stabilises():
    z = torch.tensor([[1e-30, -1e-30, 0.0, 2.0]], dtype=torch.float64)
    moved = stabilised(z, 0.1) - z
    assert moved.sign().tolist() == [[1, -1, 1, 1]]
    torch.testing.assert_close(moved.abs(), torch.full_like(z, 0.1))
    assert torch.isfinite(1 / stabilised(torch.zeros(2, 3))).all()


@pytest.mark.parametrize("rule", [EpsilonRule(), GammaRule(), AlphaBetaRule()], ids=lambda rule: rule.kind)
def test_a_flipped_kernel_is_shared_out_for_each_sample_on_its_own(rule):
    generator = torch.Generator().manual_seed(0)
    perturbation = torch.randn(3, 4, generator=generator, dtype=torch.float64)
    s = torch.tensor([[1.0, -1, 1, -1], [-1, -1, 1, 1]], dtype=torch.float64)
    r = torch.tensor([[-1.0, 1, 1], [1, -1, 1]], dtype=torch.float64)
    together = FlipoutAffine(torch.nn.functional.linear, torch.tensor(W), torch.tensor(B), perturbation, s, r)
    value, relevance, _ = propagated(rule, B, together)
    for b in range(2):
        kernel = torch.tensor(W) + torch.outer(r[b], s[b]) * perturbation
        one_value, one, _ = propagated(rule, B, Affine(torch.nn.functional.linear, kernel, torch.tensor(B)))
        np.testing.assert_allclose(value[b], one_value[b])
        np.testing.assert_allclose(relevance[b], one[b])


def test_composites_have_names():
    assert list(composites()) == ["default", "epsilon", "gamma", "alpha-beta", "z-plus"]
    assert composite("z-plus").convolution == ZPlusRule()
    assert composite("default", gates="values").gates == "values"
    assert composite(composite("gamma"), nodes=7) == composite("gamma", nodes=7)


def test_an_unknown_composite_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match="did you mean 'gamma'") as caught:
        composite("gama")
    assert "z-plus" in caught.value.problems[0].expected


def test_alpha_and_beta_that_do_not_conserve_are_refused():
    with pytest.raises(ConfigError, match="only conserved"):
        composite("alpha-beta", convolution={"kind": "alpha-beta", "alpha": 2, "beta": 0.5})
