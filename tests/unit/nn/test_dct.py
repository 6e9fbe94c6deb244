from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.fft import dctn, idctn

from eeg2fmri.nn.dct import DCT3d, InverseDCT3d

SIZE = (5, 7, 4)


def test_equals_scipy(randn):
    x = randn(3, *SIZE, dtype=torch.float64)
    axes = (1, 2, 3)
    np.testing.assert_allclose(DCT3d(SIZE).double()(x), dctn(x.numpy(), axes=axes), atol=1e-11)
    np.testing.assert_allclose(InverseDCT3d(SIZE).double()(x), idctn(x.numpy(), axes=axes), atol=1e-11)


def test_padded_inverse_is_the_inverse_of_the_padded_spectrum(randn):
    x, out = randn(2, *SIZE, dtype=torch.float64), (8, 9, 6)
    padded = np.pad(x.numpy(), [(0, 0), *((0, m - n) for n, m in zip(SIZE, out, strict=True))])
    np.testing.assert_allclose(
        InverseDCT3d(out, SIZE).double()(x), idctn(padded, axes=(1, 2, 3)), atol=1e-12, rtol=1e-9
    )


def test_each_type_has_its_full_precision(randn):
    """Matrices made in float32 and widened would be wrong by 1e-7."""
    layer, x = DCT3d(SIZE), randn(2, *SIZE, dtype=torch.float64)
    exact = dctn(x.numpy(), axes=(1, 2, 3))
    assert np.abs(copy.deepcopy(layer).double()(x).numpy() - exact).max() < 1e-11
    assert np.abs(layer.half().double()(x).numpy() - exact).max() < 1e-11


def test_matrices_are_not_saved_and_survive_a_start_without_memory(randn):
    with torch.device("meta"):
        layer = InverseDCT3d((8, 9, 6), SIZE)
    assert layer.state_dict() == {}
    layer = layer.to_empty(device="cpu")
    x = randn(1, *SIZE)
    assert torch.equal(layer(x), InverseDCT3d((8, 9, 6), SIZE)(x))


@pytest.mark.parametrize("layer", [DCT3d(SIZE), InverseDCT3d(SIZE), InverseDCT3d((6, 8, 5), SIZE)])
def test_gradient(layer, randn):
    x = randn(1, *SIZE, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(copy.deepcopy(layer).double(), x)
