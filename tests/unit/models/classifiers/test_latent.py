from __future__ import annotations

import pytest
import torch

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models import LinearClassifier, PolynomialClassifier
from eeg2fmri.models.classifiers.latent import Classifier, LinearClassifierConfig

SHAPE = (4, 3, 2)
X = torch.randn(5, *SHAPE, generator=torch.Generator().manual_seed(2))


def test_linear_classifier_flattens_and_weighs():
    model = LinearClassifier(SHAPE, 3)
    out = model(X)
    assert torch.allclose(out.logit, X.flatten(1) @ model.layer.kernel + model.layer.bias, atol=1e-6)
    assert out.scale is None


@pytest.mark.parametrize(("scale", "function"), [("exponential", torch.exp), ("softplus", torch.nn.Softplus())])
def test_aleatoric_scale(scale, function):
    config = LinearClassifierConfig(input_shape=SHAPE, n_classes=2, scale=scale)
    model = Classifier(config)
    out = model(X)
    assert torch.allclose(out.scale, function(model.scale(out.logit)))
    assert LinearClassifier(SHAPE, aleatoric=True)(X).scale.shape == (5, 1)


def test_polynomial_weighs_every_power_without_bias():
    model = PolynomialClassifier(SHAPE, 2, degree=3)
    kernel = model.layer.kernel.reshape(24, 4, 2)
    expected = sum((X.flatten(1) ** power) @ kernel[:, power] for power in range(4))
    assert torch.allclose(model(X).logit, expected, atol=1e-5)
    assert model.layer.bias is None


@pytest.mark.parametrize(("name", "size"), [("L1", lambda w: w.abs().sum()), ("L2", lambda w: (w**2).sum())])
def test_penalty_on_the_kernel(name, size):
    model = LinearClassifier(SHAPE, regularizer=name, regularizer_const=0.3)
    assert torch.allclose(model.regularization(), 0.3 * size(model.layer.kernel))
    variational = LinearClassifier(SHAPE, regularizer=name, regularizer_const=0.3, variational=True)
    assert torch.allclose(variational.regularization(), 0.3 * size(variational.layer.weight_loc))
    assert LinearClassifier(SHAPE).regularization().item() == 0


def test_variational_weights_are_drawn_from_a_generator():
    model = LinearClassifier(SHAPE, variational=True, seed=4)
    drawn = [model(X, generator=torch.Generator().manual_seed(seed)).logit for seed in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert torch.equal(model.eval()(X).logit, model(X).logit)
    assert model.kl() > 0
    assert LinearClassifier(SHAPE).kl().item() == 0


def test_seed_draws_the_weights():
    kernels = [LinearClassifier(SHAPE, seed=seed).layer.kernel for seed in (1, 1, 2)]
    assert torch.equal(kernels[0], kernels[1])
    assert not torch.equal(kernels[0], kernels[2])


def test_wrong_settings():
    with pytest.raises(ConfigError, match="n_classes"):
        LinearClassifier(SHAPE, 0)
    with pytest.raises(ConfigError, match="degree"):
        PolynomialClassifier(SHAPE, degree=0)
