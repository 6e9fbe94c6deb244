"""Integrated gradients are complete, and right where the answer is known."""

import torch

from eeg2fmri.explain.windows.gradients import integrated_gradients


def test_a_product_is_shared_half_and_half():
    x = torch.tensor([[3.0, -2.0], [1.0, 4.0]], dtype=torch.float64)
    attribution, error = integrated_gradients(lambda v: v[:, 0] * v[:, 1], x)
    torch.testing.assert_close(attribution, (x[:, :1] * x[:, 1:] / 2).expand(2, 2))
    assert error < 1e-7


def test_the_path_starts_at_the_baseline():
    x = torch.tensor([[3.0, -2.0]], dtype=torch.float64)
    attribution, _ = integrated_gradients(lambda v: v.square().sum(1), x, baseline=torch.ones_like(x))
    torch.testing.assert_close(attribution, x.square() - 1)


def test_the_attribution_of_a_model_is_complete(make_model, configs, windows):
    model = make_model(configs["documented"])
    state = torch.get_rng_state()
    attribution, error = integrated_gradients(lambda x: model(x).volume.sum((1, 2, 3)), windows, points=64)
    assert attribution.shape == windows.shape
    assert error < 0.01
    _, coarse = integrated_gradients(lambda x: model(x).volume.sum((1, 2, 3)), windows, points=3)
    assert coarse > error
    assert torch.equal(torch.get_rng_state(), state)
