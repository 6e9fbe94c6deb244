from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2fmri.nn.draws import Draws, Generated, Replayed
from eeg2fmri.nn.variational.dense import DenseFlipout, DenseVariational

sizes = st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(1, 4))


@settings(max_examples=15, deadline=None)
@given(sizes, st.integers(0, 2**31))
def test_mean_over_flipout_draws_is_the_mean_kernel(size, seed):
    n_in, n_out, batch = size
    source = torch.Generator().manual_seed(seed)
    layer = DenseFlipout(n_in, n_out, source)
    x = torch.randn(batch, n_in, generator=source)
    with torch.no_grad():
        drawn = torch.stack([layer(x, Generated(source)) for _ in range(400)])
        mean = layer(x, Draws())
        spread = torch.sqrt(x.square() @ layer.scale().square().T)
    # six standard errors: out of a thousand numbers none is expected beyond
    assert ((drawn.mean(0) - mean).abs() <= 6 * spread / 20 + 1e-6).all()


@settings(max_examples=30, deadline=None)
@given(sizes, st.integers(0, 2**31))
def test_opposite_draws_cancel(size, seed):
    n_in, n_out, batch = size
    source = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, n_in, generator=source)
    flipout, dense = DenseFlipout(n_in, n_out, source), DenseVariational(n_in, n_out, source)
    noise = torch.randn(n_out, n_in, generator=source)
    signs = [torch.ones(batch, n_in), torch.ones(batch, n_out)]
    pairs = [
        (flipout, [noise, *signs], [-noise, *signs]),
        (dense, [noise, noise[:, 0]], [-noise, -noise[:, 0]]),
    ]
    for layer, one, other in pairs:
        mean = (layer(x, Replayed(one)) + layer(x, Replayed(other))) / 2
        assert torch.allclose(mean, layer(x, Draws()), atol=1e-4)
