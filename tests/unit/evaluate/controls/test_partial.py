"""Correlation after regressors were taken out, beside least squares."""

import numpy as np
import pytest

from eeg2fmri.evaluate.controls.partial import joined, partial_r
from eeg2fmri.evaluate.significance.drifts import time_basis

N, TR = 150, 2.0


def residual(y, x):
    return y - x @ np.linalg.lstsq(x, y, rcond=None)[0]


def test_it_is_the_correlation_of_residuals(rng):
    truth, prediction, columns = rng.standard_normal((3, N, 7))
    drifts = time_basis(N, TR).drifts
    found = partial_r(truth, prediction, joined(drifts, columns))
    design = np.hstack([drifts, columns])
    y, p = residual(truth, design), residual(prediction, design)
    np.testing.assert_allclose(found, [np.corrcoef(a, b)[0, 1] for a, b in zip(y.T, p.T, strict=True)], atol=1e-10)


def test_constants_have_no_r(rng):
    basis, series = time_basis(N, TR).drifts, rng.standard_normal((N, 1))
    flat = np.full((N, 1), 1000.0)
    assert partial_r(series, flat, basis)[0] == 0
    assert np.isnan(partial_r(flat, series, basis)[0])
    assert partial_r(series, series, joined(basis, series))[0] in (0, pytest.approx(0)) or np.isnan(
        partial_r(series, series, joined(basis, series))[0]
    )


def test_columns_that_say_nothing_add_nothing(rng):
    basis = time_basis(N, TR).drifts
    assert joined(basis, np.full((N, 2), 3.0)).shape == basis.shape
    column = rng.standard_normal((N, 1))
    assert joined(basis, np.hstack([column, 2 * column, column + 5])).shape[1] == basis.shape[1] + 1


def test_many_columns_take_a_fifth_of_the_volumes_at_most(rng):
    basis = time_basis(N, TR).drifts
    assert joined(basis, rng.standard_normal((N, 100))).shape[1] == basis.shape[1] + N // 5
