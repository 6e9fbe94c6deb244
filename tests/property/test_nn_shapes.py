from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2fmri.core.errors import ShapeError
from eeg2fmri.models.documented.encoder import BlocksConfig, VolumeEncoder, VolumeEncoderConfig
from eeg2fmri.models.documented.na_spec import NASpec

triples = st.tuples(*[st.integers(1, 4)] * 3)
shapes = st.tuples(*[st.integers(1, 12)] * 3)


@st.composite
def specs(draw):
    n = draw(st.integers(1, 3))
    return NASpec(
        kernels=draw(st.lists(triples, min_size=n, max_size=n)),
        strides=draw(st.lists(triples, min_size=n, max_size=n)),
        maxpool=draw(st.booleans()),
        pool_kernel=draw(st.tuples(*[st.integers(1, 2)] * 3)),
        pool_stride=draw(st.tuples(*[st.integers(1, 2)] * 3)),
    )


@settings(max_examples=60, deadline=None)
@given(specs(), shapes, st.sampled_from(["shared", "local"]), st.booleans())
def test_a_valid_specification_runs_and_an_invalid_one_is_refused(spec, shape, kernels, skip):
    if spec.problems(shape, ""):
        with pytest.raises(ShapeError, match="block"):
            spec.check(shape)
        return
    blocks = BlocksConfig(na_spec=spec, channels=2, kernels=kernels, skip_connections=skip)
    encoder = VolumeEncoder(shape, (2, 1, 3), VolumeEncoderConfig(blocks=blocks), 0).eval()
    y = torch.ones(2, *shape)
    z = encoder(y)
    assert z.shape == (2, 2, 1, 3)
    assert torch.isfinite(z).all()
    with torch.no_grad():
        assert torch.allclose(encoder(y), z, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(shapes, st.sampled_from([f"{kind}-{i}" for kind in ("eeg", "fmri") for i in range(1, 16)]), shapes)
def test_presets_fit_every_shape(shape, preset, other):
    spec = NASpec.for_shape(shape, preset)
    assert spec.problems(shape, "") == []
    assert spec.adapted(shape, other).problems(other, "") == []
