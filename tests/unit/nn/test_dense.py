from __future__ import annotations

import torch

from eeg2fmri.nn.dense import Dense, Dropout, flatten_channels_last, squared_norm
from eeg2fmri.nn.draws import Draws, Generated, Replayed


def test_dense_is_the_linear_layer_of_torch(source, randn):
    layer, x = Dense(4, 7, source), randn(3, 4)
    with torch.no_grad():
        layer.bias += randn(7)
    assert torch.allclose(layer(x), torch.nn.functional.linear(x, layer.weight, layer.bias), atol=1e-6)
    bare = Dense(4, 7, source, bias=False)
    assert torch.allclose(bare(x), x @ bare.kernel)
    assert [name for name, _ in bare.named_parameters()] == ["kernel"]


def test_flattened_order_is_that_of_channels_last():
    x = torch.arange(2 * 3 * 4 * 5 * 6).reshape(2, 3, 4, 5, 6)
    assert torch.equal(flatten_channels_last(x), x.permute(0, 2, 3, 4, 1).reshape(2, -1))


def test_dropout_drops_the_asked_share_and_keeps_the_mean(source):
    layer, x = Dropout(0.25), torch.ones(200, 100)
    y = layer(x, Generated(source))
    assert abs((y == 0).float().mean().item() - 0.25) < 0.02
    assert abs(y.mean().item() - 1) < 0.03
    assert set(y.unique().tolist()) == {0.0, torch.tensor(1 / 0.75).item()}


def test_dropout_does_nothing_in_evaluation_or_without_draws(source, randn):
    layer, x = Dropout(0.5), randn(3, 4)
    assert torch.equal(layer(x, Draws()), x)
    assert torch.equal(layer.eval()(x, Generated(source)), x)
    assert torch.equal(Dropout(0.0)(x, Generated(source)), x)


def test_dropout_repeats_recorded_masks(randn):
    x, mask = randn(2, 3), torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    assert torch.allclose(Dropout(0.5)(x, Replayed([mask])), 2 * x * mask)


def test_squared_norm_sums_over_all_tensors():
    assert squared_norm(torch.tensor([1.0, 2.0]), None, torch.tensor([[3.0]])).item() == 14
