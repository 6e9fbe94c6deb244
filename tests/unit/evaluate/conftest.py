"""Series with known correlation and autocorrelation."""

import numpy as np
import pytest
import scipy.signal


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def ar1():
    """Make stationary AR(1) series of unit variance along the first axis."""

    def make(rng, shape, phi):
        noise = rng.standard_normal((shape[0] + 200, *shape[1:])) * np.sqrt(1 - phi**2)
        return scipy.signal.lfilter([1], [1, -phi], noise, axis=0)[200:]

    return make
