from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2fmri.nn.attention import TopographicalAttention, sparsemax


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["softmax", "sparsemax"]),
    st.tuples(st.integers(1, 7), st.integers(1, 5), st.integers(1, 4)),
    st.floats(-3, 3),
    st.integers(0, 2**31),
)
def test_rows_of_scores_are_on_the_simplex(scores, shape, magnitude, seed):
    source = torch.Generator().manual_seed(seed)
    layer = TopographicalAttention(shape[0], shape[1] * shape[2], source, scores=scores)
    x = 10**magnitude * torch.randn(2, *shape, generator=source)
    y, w = layer(x)
    assert w.min() >= 0
    assert torch.allclose(w.sum(-1), torch.ones(2, shape[0]), atol=1e-4)
    # a mixture lies between what it is mixed of
    slack = 1e-4 * x.abs().max()
    assert (y <= x.amax(1, keepdim=True) + slack).all()
    assert (y >= x.amin(1, keepdim=True) - slack).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8), st.floats(-20, 20))
def test_sparsemax_is_the_nearest_point_and_ignores_a_shift(values, shift):
    x = torch.tensor(values, dtype=torch.float64)
    p = sparsemax(x)
    assert torch.allclose(sparsemax(x + shift), p, atol=1e-9)
    # optimality on the simplex: x - p is the same on the support, and not larger elsewhere
    gap = x - p
    support = p > 0
    assert torch.allclose(gap[support], gap[support].max().expand(int(support.sum())), atol=1e-9)
    assert (gap[~support] <= gap[support].max() + 1e-9).all()
