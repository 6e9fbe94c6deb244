from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dctn

from eeg2fmri.nn.dct import DCT3d, InverseDCT3d

sizes = st.tuples(*[st.integers(1, 9)] * 3)
seeds = st.integers(0, 2**31)


def volume(seed: int, size: tuple[int, int, int], batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, *size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(max_examples=40, deadline=None)
@given(sizes, seeds)
def test_there_and_back(size, seed):
    x = volume(seed, size)
    spectrum = DCT3d(size).double()(x)
    np.testing.assert_allclose(spectrum, dctn(x.numpy(), axes=(1, 2, 3)), atol=1e-9)
    assert torch.allclose(InverseDCT3d(size).double()(spectrum), x, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(sizes, st.tuples(*[st.integers(0, 5)] * 3), seeds)
def test_padding_keeps_the_spectrum(size, extra, seed):
    """The padded inverse has the given low frequencies, and none above."""
    out = tuple(n + more for n, more in zip(size, extra, strict=True))
    x = volume(seed, size)
    found = DCT3d(out).double()(InverseDCT3d(out, size).double()(x))
    a, b, c = size
    assert torch.allclose(found[:, :a, :b, :c], x, atol=1e-9)
    found[:, :a, :b, :c] = 0
    assert found.abs().max() < 1e-9


@settings(max_examples=40, deadline=None)
@given(sizes, st.tuples(*[st.integers(0, 5)] * 3), st.floats(-100, 100).filter(lambda v: abs(v) > 1e-3))
def test_padding_keeps_the_sign_of_a_constant(size, extra, value):
    out = tuple(n + more for n, more in zip(size, extra, strict=True))
    constant = torch.full((1, *size), value, dtype=torch.float64)
    padded = InverseDCT3d(out, size).double()(DCT3d(size).double()(constant))
    expected = value * np.prod(size) / np.prod(out)
    assert torch.allclose(padded, torch.full_like(padded, expected), rtol=1e-9, atol=1e-10)
    assert (torch.sign(padded) == np.sign(value)).all()
