from __future__ import annotations

import torch

from eeg2fmri.nn.norm import BatchNorm


def test_running_statistics_move_by_one_hundredth_to_the_unbiased_variance(randn):
    layer, x = BatchNorm(3), randn(4, 3, 2, 5, 2) * 2 + 1
    y = layer(x)
    mean, biased = x.mean((0, 2, 3, 4)), x.var((0, 2, 3, 4), unbiased=False)
    assert torch.allclose(layer.running_mean, 0.01 * mean, atol=1e-6)
    assert torch.allclose(layer.running_var, 0.99 + 0.01 * x.var((0, 2, 3, 4), unbiased=True), atol=1e-6)
    expected = (x - mean.view(3, 1, 1, 1)) / torch.sqrt(biased.view(3, 1, 1, 1) + 1e-3)
    assert torch.allclose(y, expected, atol=1e-5)


def test_evaluation_uses_the_running_statistics(randn):
    layer, x = BatchNorm(2).eval(), randn(3, 2, 4)
    with torch.no_grad():
        layer.running_mean.copy_(torch.tensor([1.0, -1.0]))
        layer.running_var.copy_(torch.tensor([4.0, 0.25]))
        layer.weight.copy_(torch.tensor([2.0, 3.0]))
        layer.bias.copy_(torch.tensor([0.5, 0.0]))
    channel = 2 * (x[:, 0] - 1) / torch.sqrt(torch.tensor(4.001)) + 0.5
    assert torch.allclose(layer(x)[:, 0], channel, atol=1e-6)
    assert torch.equal(layer.running_mean, torch.tensor([1.0, -1.0]))


def test_no_count_of_batches_is_saved():
    assert sorted(BatchNorm(2).state_dict()) == ["bias", "running_mean", "running_var", "weight"]
