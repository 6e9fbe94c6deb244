from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from eeg2fmri.nn.convolution.block import ResidualBlock, convolved

SIZE = (8, 7, 6)
POOL = ((2, 2, 1), (1, 1, 1))


def block(source=None, **changes):
    settings = {"n_in": 2, "n_out": 3, "kernel": (3, 2, 2), "stride": (1, 2, 1), "pool": POOL, **changes}
    return ResidualBlock(SIZE, source=source or torch.Generator().manual_seed(0), **settings)


@pytest.mark.parametrize("pool", [POOL, None])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_equals_the_layers_written_out(pool, batch_norm, randn):
    layer, x = block(pool=pool, batch_norm=batch_norm).eval(), randn(2, 2, *SIZE)

    def path(conv):
        y = functional.conv3d(x, conv.weight, conv.bias, (1, 2, 1))
        return functional.max_pool3d(y, *pool) if pool else y

    main = torch.relu(layer.norm1(path(layer.conv1)))
    main = functional.conv3d(main, layer.conv2.weight, layer.conv2.bias, padding=1)
    main = torch.relu(layer.norm2(main))
    expected = torch.relu(main + layer.skip_norm(path(layer.skip_conv)))
    assert torch.allclose(layer(x), expected, atol=1e-5)
    assert tuple(expected.shape[2:]) == layer.out_size


def test_without_the_skip_path_the_main_path_is_left(randn):
    x = randn(2, 2, *SIZE)
    both, main = block().eval(), block(skip=False).eval()
    assert main.skip_conv is None
    state = {name: value for name, value in both.state_dict().items() if not name.startswith("skip")}
    main.load_state_dict(state)
    assert not torch.allclose(both(x), main(x))
    with torch.no_grad():
        both.skip_norm.weight.zero_()
        both.skip_norm.bias.zero_()
    assert torch.allclose(both(x), main(x), atol=1e-6)


def test_local_kernels_see_where_they_are(randn):
    """A pattern shifted by one position gives a shifted output with shared kernels, and another one with unshared."""
    pattern = randn(2, 3, 3)
    x = torch.zeros(2, 2, *SIZE)
    x[0, :, 3, 1:4, 1:4] = pattern
    x[1, :, 4, 1:4, 1:4] = pattern
    settings = {"stride": (1, 1, 1), "pool": None, "batch_norm": False}
    shared, local = block(**settings).eval()(x), block(local=True, **settings).eval()(x)
    assert torch.allclose(shared[0, :, :-1], shared[1, :, 1:], atol=1e-5)
    assert not torch.allclose(local[0, :, :-1], local[1, :, 1:], atol=1e-2)


def test_local_kernels_without_skip(randn):
    layer = block(local=True, skip=False)
    assert tuple(layer(randn(2, 2, *SIZE)).shape) == (2, 3, *layer.out_size)


def test_weight_decay_counts_kernels_and_biases_of_convolutions_alone():
    layer = block(weight_decay=0.1)
    with torch.no_grad():
        layer.conv1.bias += 2
    convolutions = (layer.conv1, layer.conv2, layer.skip_conv)
    expected = sum((c.weight**2).sum() + (c.bias**2).sum() for c in convolutions)
    assert torch.allclose(layer.regularization(), 0.1 * expected)
    assert block().regularization().item() == 0


def test_sizes():
    assert convolved((10, 9, 8), (3, 9, 2), (2, 1, 3)) == (4, 1, 3)
    assert min(convolved((2, 9, 8), (3, 1, 1), (1, 1, 1))) <= 0
