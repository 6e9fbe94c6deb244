"""t tests against peers, and under the null hypothesis."""

import itertools

import numpy as np
import pytest
from mne.stats import fdr_correction, permutation_t_test
from scipy import stats

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.explain.windows.inference import t_test


@pytest.fixture
def values():
    draws = generator(0, "values").standard_normal((7, 4, 3))
    draws[:, 1, 2] += 2
    return draws


def test_t_and_p_are_those_of_scipy_and_mne(values):
    found = t_test(values, generator(0, "t"))
    expected = stats.ttest_1samp(values, 0)
    np.testing.assert_allclose(found.t, expected.statistic)
    np.testing.assert_allclose(found.p, expected.pvalue)
    np.testing.assert_allclose(found.p_fdr.ravel(), fdr_correction(expected.pvalue.ravel())[1])
    _, p, _ = permutation_t_test(values.reshape(7, -1), n_permutations="all", verbose="error")
    # the peer leaves out one of the 64 patterns
    np.testing.assert_allclose(found.p_max.ravel(), p, atol=1 / 63)
    signs = np.array(list(itertools.product([1, -1], repeat=7)))
    largest = [np.abs(stats.ttest_1samp(s[:, None, None] * values, 0).statistic).max() for s in signs]
    exact = (np.array(largest)[:, None, None] >= np.abs(expected.statistic) - 1e-9).mean(0)
    np.testing.assert_allclose(found.p_max, exact)
    assert found.smallest_p_max == 1 / 64
    assert found.p_max[1, 2] == found.p_max.min()
    np.testing.assert_allclose(found.mean, values.mean(0))


def test_many_subjects_are_flipped_at_random():
    values = generator(1, "values").standard_normal((20, 5))
    values[:, 3] += 1.5
    found = t_test(values, generator(0, "t"), flips=499)
    assert found.smallest_p_max == 1 / 500
    assert found.p_max[3] == 1 / 500
    assert (np.delete(found.p_max, 3) > 0.01).all()
    again = t_test(values, generator(0, "t"), flips=499)
    assert np.array_equal(found.p_max, again.p_max)


def test_the_largest_t_controls_the_family_wise_error():
    rng = generator(2, "null")
    false = [t_test(rng.standard_normal((6, 30)), rng).p_max.min() <= 0.1 for _ in range(200)]
    # 32 patterns: p of at most 0.1 in 3 of them
    assert np.mean(false) == pytest.approx(3 / 32, abs=0.06)


def test_one_subject_has_no_p():
    found = t_test(np.ones((1, 3)), generator(0, "t"))
    assert np.isnan(found.p).all()
    assert np.isnan(found.p_max).all()
    assert found.smallest_p_max == 1.0


def test_a_constant_column_has_no_p_and_does_not_disturb_the_others():
    values = generator(0, "values").standard_normal((6, 2))
    found = t_test(np.column_stack([values, np.ones(6)]), generator(0, "t"))
    assert np.isnan(found.p_max[2])
    np.testing.assert_allclose(found.p_max[:2], t_test(values, generator(0, "t")).p_max)
    np.testing.assert_allclose(found.p_fdr[:2], t_test(values, generator(0, "t")).p_fdr)


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(InputError, match="finite"):
        t_test(np.array([[1.0, np.nan]]), generator(0, "t"))
