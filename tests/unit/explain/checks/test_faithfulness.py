"""Curves and agreement where the right answer is known."""

import numpy as np
import pytest
import torch

from eeg2fmri.core.random import generator
from eeg2fmri.explain.checks.faithfulness import perturbation_curves, random_orders, rank_agreement


@pytest.fixture
def weights():
    return torch.randn(5, 9, 4, generator=torch.Generator().manual_seed(9), dtype=torch.float64)


def curves_of(windows, relevance, weights, offset=7.0):
    def output(x):
        return (x * weights).flatten(1).sum(1) + offset

    return perturbation_curves(output, windows, relevance, random_orders(output, windows, generator(0, "o"), steps=6))


def test_the_true_relevance_of_a_linear_model_beats_every_order(windows, weights):
    relevance = (windows * weights).numpy()
    found = curves_of(windows, relevance, weights)
    # by hand: outputs without the k most relevant elements, relative to the output without EEG
    expected = np.array([np.sort(one.ravel()) for one in relevance])[:, ::-1]
    total = relevance.sum((1, 2, 3))
    scale = np.sqrt(np.mean(total**2))
    steps = (found.fractions * 180).round().astype(int)
    insertion = [np.mean([one[:k].sum() for one in expected]) / scale for k in steps]
    np.testing.assert_allclose(found.insertion, insertion)
    np.testing.assert_allclose(found.deletion, total.mean() / scale - found.insertion, atol=1e-12)
    assert found.scale == pytest.approx(scale)
    assert found.better == 1.0
    assert found.deletion_gain > 0.5
    assert found.insertion_gain > 0.5
    np.testing.assert_allclose(found.random_deletion[[0, -1]], [total.mean() / scale, 0], atol=1e-12)
    noise = curves_of(windows, relevance + 3 * generator(1, "noise").standard_normal(relevance.shape), weights)
    assert noise.deletion_gain < found.deletion_gain


def test_the_opposite_is_worse_than_chance_and_noise_is_chance(windows, weights):
    relevance = (windows * weights).numpy()
    opposite = curves_of(windows, -relevance, weights)
    assert opposite.deletion_gain < -0.5
    assert opposite.better == 0.0
    noise = curves_of(windows, generator(1, "noise").standard_normal(relevance.shape), weights)
    assert abs(noise.deletion_gain) < 0.3 * abs(opposite.deletion_gain)


def test_an_output_that_ignores_the_window_gives_no_number(windows, weights):
    found = curves_of(windows, windows.numpy(), 0 * weights)
    assert np.isnan([found.deletion_gain, found.insertion_gain, found.better]).all()
    assert found.scale == 0.0


def test_rank_agreement_is_of_ranks():
    a = np.array([[1.0, 2.0], [3.0, 9.0]])
    assert rank_agreement(a, np.exp(a)) == pytest.approx(1)
    assert rank_agreement(a, -a) == pytest.approx(-1)
    assert np.isnan(rank_agreement(a, np.ones((2, 2))))
