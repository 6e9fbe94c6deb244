"""Generated architectures are valid for any shape and differ; the space makes settings that build."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eeg2fmri.models.documented.na_spec import NASpec
from eeg2fmri.tune.architectures import random_na_spec

SHAPES = st.tuples(*[st.integers(1, 70)] * 3)


@settings(max_examples=150, deadline=None)
@given(shape=SHAPES, seed=st.integers(0, 2**32 - 1))
def test_every_draw_is_valid(shape, seed):
    spec = random_na_spec(shape, np.random.default_rng(seed))
    assert spec.problems(shape, "") == []
    assert 1 <= len(spec.kernels) <= 3


def test_draws_differ_and_repeat_with_their_seed():
    draws = [random_na_spec((20, 40, 8), np.random.default_rng(k)) for k in range(12)]
    assert len({draw.model_dump_json() for draw in draws}) == 12
    assert draws[3] == random_na_spec((20, 40, 8), np.random.default_rng(3))


@pytest.mark.parametrize("shape", [(64, 134, 10), (64, 64, 30)])
def test_the_output_of_large_inputs_stays_within_what_was_asked_for(shape):
    for k in range(50):
        spec = random_na_spec(shape, np.random.default_rng(k), output=(20, 500))
        assert _positions(spec, shape) <= 4 * 500


def _positions(spec: NASpec, shape):
    sizes = np.array(shape)
    for kernel, stride in zip(spec.kernels, spec.strides, strict=True):
        sizes = (sizes - kernel) // np.array(stride) + 1
        sizes = (sizes - spec.pool_kernel) // np.array(spec.pool_stride) + 1
    return int(np.prod(sizes))
