from __future__ import annotations

import pytest
import torch

from eeg2fmri.nn.convolution.conv import Conv3d, LocallyConnected3d
from eeg2fmri.nn.convolution.rearranged import conv3d, max_pool3d, same_conv3d

SIZE, KERNEL, STRIDE = (7, 6, 5), (3, 2, 4), (2, 1, 1)


def test_weights_follow_the_generator_and_not_the_global_state(source):
    state = torch.random.get_rng_state()
    a = Conv3d(2, 3, KERNEL, STRIDE, torch.Generator().manual_seed(1))
    b = Conv3d(2, 3, KERNEL, STRIDE, torch.Generator().manual_seed(1))
    assert torch.equal(a.weight, b.weight)
    assert a.bias.abs().max() == 0
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_equal_kernels_everywhere_make_a_convolution(padding, source, randn):
    kernel, stride = (KERNEL, STRIDE) if padding == "valid" else ((3, 1, 5), (1, 1, 1))
    shared = Conv3d(2, 3, kernel, stride, source, padding)
    local = LocallyConnected3d(SIZE, 2, 3, kernel, stride, source, padding)
    with torch.no_grad():
        local.weight.copy_(shared.weight.expand_as(local.weight))
        shared.bias.copy_(randn(3))
        local.bias.copy_(shared.bias[:, None, None, None].expand_as(local.bias))
    x = randn(2, 2, *SIZE)
    assert torch.allclose(local(x), shared(x), atol=1e-5)


def test_each_position_has_a_kernel_of_its_own(source, randn):
    layer = LocallyConnected3d(SIZE, 2, 3, KERNEL, STRIDE, source)
    x = randn(2, 2, *SIZE)
    y = layer(x)
    with torch.no_grad():
        layer.weight[1, 2, 0] += 1
    changed = (layer(x) != y).nonzero()[:, 2:].unique(dim=0)
    assert changed.tolist() == [[1, 2, 0]]
    d, h, w = 1 * STRIDE[0], 2 * STRIDE[1], 0
    patch = x[:, :, d : d + 3, h : h + 2, w : w + 4]
    expected = torch.einsum("bixyz,oixyz->bo", patch, layer.weight[1, 2, 0]) + layer.bias[:, 1, 2, 0]
    assert torch.allclose(layer(x)[:, :, 1, 2, 0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("n_in", "size", "kernel", "stride"),
    [
        (1, (9, 8, 7), (3, 4, 2), (1, 1, 1)),  # plain
        (1, (9, 17, 7), (3, 7, 2), (2, 4, 1)),  # strided, single channel: kernel no multiple of the stride
        (1, (11, 8, 7), (5, 4, 2), (5, 1, 3)),  # kernel as long as the stride, the rest of the axis unused
        (1, (10, 8, 7), (2, 4, 2), (4, 1, 1)),  # kernel shorter than the stride
        (3, (9, 8, 7), (3, 4, 2), (2, 1, 3)),  # several channels, strided along the folded axis
        (3, (5, 4, 2), (5, 4, 2), (1, 2, 1)),  # one position
    ],
)
def test_rearranged_convolution_is_the_convolution(n_in, size, kernel, stride, randn):
    x, g = randn(2, n_in, *size, dtype=torch.float64), None
    weight, bias = randn(4, n_in, *kernel, dtype=torch.float64), randn(4, dtype=torch.float64)
    gradients = []
    for function in (conv3d, torch.nn.functional.conv3d):
        leaves = [t.clone().requires_grad_() for t in (x, weight, bias)]
        y = function(*leaves, stride)
        g = torch.cos(torch.arange(y.numel(), dtype=torch.float64)).view(y.shape)
        gradients.append([y, *torch.autograd.grad(y, leaves, g)])
    for ours, theirs in zip(*gradients, strict=True):
        assert ours.shape == theirs.shape
        assert torch.allclose(ours, theirs, atol=1e-10)
    with torch.no_grad():
        assert torch.allclose(conv3d(x, weight, bias, stride), gradients[0][0], atol=1e-10)


def test_rearranged_padding_and_pooling(randn):
    x, weight, bias = randn(2, 3, 5, 6, 4), randn(2, 3, 3, 3, 3), randn(2)
    expected = torch.nn.functional.conv3d(x, weight, bias, padding=1)
    assert torch.allclose(same_conv3d(x.requires_grad_(), weight, bias), expected, atol=1e-5)
    pooled = max_pool3d(x, (2, 3, 1), (1, 2, 1))
    assert torch.equal(pooled, torch.nn.functional.max_pool3d(x, (2, 3, 1), (1, 2, 1)))
