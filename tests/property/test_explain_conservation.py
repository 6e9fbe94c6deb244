"""Relevance is conserved whatever the architecture, the weights and the window are."""

from typing import Any

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2fmri.explain.inputs.targets import region
from eeg2fmri.explain.rules.choice import composite
from eeg2fmri.explain.windows.inference import t_test
from eeg2fmri.explain.windows.of_one_recording import explain_windows
from eeg2fmri.models.registry import build

VOLUME = (4, 6, 5)
PROJECTIONS: list[dict[str, Any]] = [
    {"kind": "dense"},
    {"kind": "fourier"},
    {"kind": "random_fourier"},
    {"kind": "random_fourier", "normalization": "tanh"},
]
HEADS: list[dict[str, Any]] = [
    {},
    {"up": {"kind": "padded_dct"}},
    {"low_resolution": {"grid": (2, 3, 2), "layer": "dense_variational"}, "transform": "dct"},
    {"up": {"kind": "variational_dct", "coefficients": (1, 1, 1), "distribution": "normal"}},
    {"up": {"kind": "dense", "layer": "dense_flipout"}},
]


@st.composite
def models(draw):
    """Draw a synthesiser without biases, its size, weights and composition."""
    eeg = (draw(st.integers(3, 6)), draw(st.integers(4, 8)), draw(st.integers(3, 5)))
    pool = draw(st.booleans())
    scores = draw(st.sampled_from([None, "softmax", "sparsemax"]))
    blocks = {
        "na_spec": {
            "kernels": [(2, 2, 1)],
            "strides": [(1, draw(st.integers(1, 2)), 1)],
            "maxpool": pool,
            "pool_kernel": (1, 1, 2),
            "pool_stride": (1, 1, 1),
        },
        "channels": draw(st.integers(1, 3)),
        "batch_norm": draw(st.booleans()),
        "skip_connections": draw(st.booleans()),
        "kernels": draw(st.sampled_from(["shared", "local"])),
    }
    config = {
        "kind": "synthesizer",
        "eeg_shape": eeg,
        "volume_shape": VOLUME,
        "latent_shape": (2, 3, 2),
        "encoder": {"blocks": blocks, "attention": None if scores is None else {"scores": scores}},
        "volume_encoder": {"blocks": {"na_spec": blocks["na_spec"] | {"strides": [(1, 1, 1)]}}},
        "projection": draw(st.sampled_from(PROJECTIONS)),
        "style": draw(st.sampled_from(["none", "prior"] if scores is None else ["none", "prior", "attention"])),
        "head": draw(st.sampled_from(HEADS)),
        "output_filter": draw(st.sampled_from(["none", "convolution", "local"])),
        "seed": draw(st.integers(0, 2**31)),
    }
    model = build(config).double()
    with torch.no_grad():
        for name, value in model.named_buffers():
            if name.endswith("shift"):
                value.zero_()
    window = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    return model, torch.randn(2, *eeg, generator=window, dtype=torch.float64)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(models(), st.sampled_from(["default", "epsilon", "gamma", "z-plus"]), st.integers(0, 2**31))
def test_relevance_sums_to_the_output(drawn, rules, seed):
    model, x = drawn
    mask = np.random.default_rng(seed).random(VOLUME) < 0.5
    mask[0, 0, 0] = True
    target = region(mask, VOLUME)
    found = explain_windows(model, x, [target], rules)[target.name]
    expected = (model.eval()(x).volume.detach().numpy() * mask).sum((1, 2, 3))
    np.testing.assert_allclose(found.explained, expected, rtol=1e-9, atol=1e-9)
    size = np.abs(found.relevance).sum()
    assert np.abs(found.relevance.sum((1, 2, 3)) - expected).sum() < 1e-5 * size + 1e-9
    if found.pairs is not None:
        np.testing.assert_allclose(found.pairs.sum((1, 2)), found.relevance.sum((1, 2, 3)), atol=1e-6 * size + 1e-9)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(models(), st.integers(1, 4))
def test_relevance_of_the_parts_adds_up_to_that_of_the_whole(drawn, cut):
    """The epsilon rule is linear in what is explained."""
    model, x = drawn
    first = np.zeros(VOLUME)
    first[:, :cut] = 1
    parts = [region(first, VOLUME, "a"), *([region(1 - first, VOLUME, "b")] if cut < VOLUME[1] else [])]
    found = explain_windows(model, x, [*parts, region(np.ones(VOLUME), VOLUME, "all")], composite("epsilon"))
    total = sum(found[part.name].relevance for part in parts)
    scale = np.abs(found["all"].relevance).max() + 1e-9
    np.testing.assert_allclose(total / scale, found["all"].relevance / scale, atol=1e-6)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(2, 9), st.integers(1, 12), st.integers(0, 2**31))
def test_corrected_p_values_are_never_below_the_uncorrected(n_subjects, n_columns, seed):
    rng = np.random.default_rng(seed)
    found = t_test(rng.standard_normal((n_subjects, n_columns)), rng)
    assert (found.p_fdr >= found.p - 1e-12).all()
    assert (found.p_max >= found.smallest_p_max).all()
    # the largest t has the smallest corrected p
    assert found.p_max[np.argmax(np.abs(found.t))] == found.p_max.min()
