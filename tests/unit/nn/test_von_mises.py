from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.special import i0e, i1e

from eeg2fmri.nn.von_mises import attach_gradient, divergence_from_uniform, mean_resultant, sample_von_mises

CONCENTRATIONS = [1e-6, 0.1, 1.0, 7.0, 300.0, 1e5]


@pytest.mark.parametrize("k", CONCENTRATIONS)
def test_draws_follow_the_distribution(k, source):
    angles = sample_von_mises(torch.full((20_000,), k, dtype=torch.float64), source).numpy()
    assert np.abs(angles).max() <= math.pi
    # beyond 1e3 the distribution is a normal one, and scipy's function of it is not exact
    distribution = stats.vonmises(k).cdf if k < 1e3 else stats.norm(scale=1 / math.sqrt(k)).cdf
    assert stats.kstest(angles, distribution).pvalue > 1e-3
    assert np.cos(angles).mean() == pytest.approx(i1e(k) / i0e(k), abs=4 / math.sqrt(20_000))


@pytest.mark.parametrize("k", [0.1, 1.0, 7.0, 300.0])
def test_gradient_is_that_of_the_quantile(k):
    """A draw is the quantile function at a fixed probability: its derivative is known by differences."""
    q = np.array([0.02, 0.3, 0.5, 0.77, 0.99])
    angle = stats.vonmises(k).ppf(q)
    step = 1e-4 * k
    expected = (stats.vonmises(k + step).ppf(q) - stats.vonmises(k - step).ppf(q)) / (2 * step)
    concentration = torch.full((5,), k, dtype=torch.float64, requires_grad=True)
    loc = torch.full((5,), 0.4, dtype=torch.float64, requires_grad=True)
    drawn = attach_gradient(torch.from_numpy(angle) + 0.4, loc, concentration)
    drawn.sum().backward()
    np.testing.assert_allclose(drawn.detach(), angle + 0.4)
    np.testing.assert_allclose(concentration.grad, expected, atol=1e-5 * np.abs(expected).max(), rtol=1e-4)
    np.testing.assert_allclose(loc.grad, 1)


@pytest.mark.parametrize("k", [0.5, 3.0])
def test_gradient_of_a_moment(k, source):
    """d E[cos] / dk = 1 - A / k - A^2, estimated from draws."""
    concentration = torch.full((40_000,), k, dtype=torch.float64, requires_grad=True)
    loc = torch.zeros_like(concentration)
    angles = attach_gradient(sample_von_mises(concentration.detach(), source), loc, concentration)
    torch.cos(angles).mean().backward()
    a = i1e(k) / i0e(k)
    assert concentration.grad.sum().item() == pytest.approx(1 - a / k - a**2, abs=0.01)


def test_mean_resultant_and_its_gradient():
    k = torch.tensor([1e-6, 0.5, 20.0, 1e6], dtype=torch.float64, requires_grad=True)
    a = mean_resultant(k)
    a.sum().backward()
    values = k.detach().numpy()
    expected = i1e(values) / i0e(values)
    np.testing.assert_allclose(a.detach(), expected)
    np.testing.assert_allclose(k.grad, 1 - expected / values - expected**2, rtol=1e-5, atol=1e-9)


def test_divergence_from_the_uniform_circle():
    k = 2.5
    angles = np.linspace(-math.pi, math.pi, 20_001)
    p = stats.vonmises(k).pdf(angles)
    integral = np.trapezoid(p * np.log(2 * math.pi * p), angles)
    found = divergence_from_uniform(torch.tensor([k, 1e-9], dtype=torch.float64))
    assert found[0].item() == pytest.approx(integral, rel=1e-6)
    assert found[1].item() == pytest.approx(0, abs=1e-12)
