import numpy as np
import pytest
import scipy.stats

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.significance.surrogates import ScoreNull, surrogate_test
from eeg2fmri.evaluate.significance.tests import (
    bootstrap_interval,
    effect_interval,
    effect_size,
    false_discovery,
    pooled_test,
    sign_flip_test,
    significant_shares,
)


@pytest.fixture
def scores(rng):
    """Scores of three recordings of different length without any effect, with their surrogates."""
    return [ScoreNull(rng.standard_normal(1000) * 0.02, n) for n in (50, 61, 73)]


def test_one_recording_is_tested_by_its_own_surrogates(scores):
    pooled = pooled_test(scores[:1])
    assert pooled.p_value == scores[0].p_value
    assert pooled.distinct == 2**40
    np.testing.assert_array_equal(pooled.null, scores[0].null)


def test_surrogates_of_recordings_are_averaged_draw_by_draw(scores):
    pooled = pooled_test(scores)
    assert pooled.observed == pytest.approx(np.mean([s.values[0] for s in scores]))
    np.testing.assert_allclose(pooled.null, np.mean([s.null for s in scores], axis=0))
    assert pooled.p_value == pytest.approx((1 + np.sum(pooled.null >= pooled.observed)) / 1000)
    assert pooled.p_value + pooled.p_below == pytest.approx(1.001)


def test_weights_average_within_subjects_first(scores):
    weights = [0.25, 0.25, 0.5]
    pooled = pooled_test(scores, weights)
    assert pooled.observed == pytest.approx(sum(w * s.values[0] for w, s in zip(weights, scores, strict=True)))


def test_a_consistent_effect_adds_up_over_recordings(scores):
    lifted = [ScoreNull(np.append(0.035, s.null), s.coordinates) for s in scores]  # 1.75 deviations of each null
    pooled = pooled_test(lifted)
    assert pooled.p_value < 0.01 < min(s.p_value for s in lifted)
    assert pooled.effect > 2.5


def test_a_recording_without_a_course_adds_nothing(scores):
    pooled = pooled_test([scores[0], ScoreNull(np.zeros(1))])
    np.testing.assert_allclose(pooled.null, scores[0].null / 2)
    assert pooled.p_value == scores[0].p_value


def test_constant_scores_are_never_significant():
    still = [ScoreNull(np.zeros(40), 20) for _ in range(3)]
    pooled = pooled_test(still, [0.1, 0.2, 0.7])
    assert pooled.p_value == 1
    assert pooled.effect == 0


def test_recordings_with_other_numbers_of_draws_are_refused(scores):
    with pytest.raises(InputError, match="different numbers of draws"):
        pooled_test([scores[0], ScoreNull(np.zeros(500), 50)])


def test_pooled_null_is_rejected_at_the_nominal_rate(rng, ar1):
    p = []
    for k in range(300):
        recordings = []
        for n in (60, 70):
            truth = ar1(rng, (n, 3, 2, 1), 0.7)
            prediction = (ar1(rng, (n, 1), 0.7) @ rng.standard_normal((1, 6))).reshape(truth.shape)
            recordings.append(surrogate_test(truth, prediction, seed=1000 * k + n, draws=199).median)
        p.append(pooled_test(recordings).p_value)
    low, high = scipy.stats.binom.ppf([0.025, 0.975], 300, 0.05)
    assert low <= np.sum(np.array(p) <= 0.05) <= high
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.02


def test_sign_flips_of_few_subjects_are_all_tried(rng):
    test = sign_flip_test(np.array([0.1, 0.3, 0.2]), rng)
    assert test.patterns == 8
    assert test.p_value == 1 / 8
    assert sign_flip_test(np.array([0.1, -0.3, 0.2, 0.05]), rng).p_value == pytest.approx(8 / 16)


def test_sign_flips_agree_with_scipy(rng):
    values = rng.standard_normal((9, 4)) + 0.4
    expected = scipy.stats.permutation_test(
        (values,),
        lambda x, axis: x.mean(axis=axis),
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
    )
    np.testing.assert_allclose(sign_flip_test(values, rng).p_value, expected.pvalue)


def test_largest_mean_corrects_for_all_voxels(rng):
    values = rng.standard_normal((14, 5, 4, 3))
    values[:, 2, 1, 0] += 2.5
    test = sign_flip_test(values, rng, draws=2000)
    assert test.p_max.shape == (5, 4, 3)
    assert (test.p_max >= test.p_value).all()
    assert test.p_max[2, 1, 0] < 0.05
    assert (test.p_max < 0.05).sum() == 1


def test_false_discovery_of_scipy_with_untested_voxels():
    p = np.array([[0.01, np.nan, 0.04], [0.03, 0.5, np.nan]])
    q = false_discovery(p)
    np.testing.assert_allclose(q[np.isfinite(p)], [0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert np.isnan(q[0, 1])
    assert np.isnan(false_discovery(np.full((2, 2), np.nan))).all()


def test_bootstrap_interval_of_the_mean(rng):
    values = rng.normal(0.2, 0.05, 60)
    low, high = bootstrap_interval(values, rng)
    half = 1.96 * values.std() / np.sqrt(60)
    assert low == pytest.approx(values.mean() - half, abs=0.003)
    assert high == pytest.approx(values.mean() + half, abs=0.003)
    median = bootstrap_interval(values, rng, statistic=np.median)
    assert median[0] < np.median(values) < median[1]
    assert np.isnan(bootstrap_interval(values[:1], rng)).all()


def test_interval_of_an_effect_size(rng):
    low, high = effect_interval(1 + rng.standard_normal(40), rng)
    assert low < 1 < high
    assert 0.3 < high - low < 1.2
    # three subjects: samples of one subject three times have no spread and no effect size
    assert np.isfinite(effect_interval(np.array([0.1, 0.2, 0.4]), rng)).all()
    assert np.isnan(effect_interval(np.array([0.1, 0.2]), rng)).all()
    assert np.isnan(effect_interval(np.array([0.1, 0.1, 0.1]), rng)).all()


def test_share_of_significant_voxels(rng, ar1):
    """A third of the voxels is predicted: it is found, hardly anything else is, and nothing where nothing is there."""
    truth, noise = (ar1(rng, (160, 6, 5, 4), 0.5) for _ in range(2))
    prediction = noise.copy()
    prediction[:, :2] += truth[:, :2]
    found = significant_shares(surrogate_test(truth, prediction))
    assert 0.28 < found["family_wise"] <= found["false_discovery"] < 0.42
    nothing = significant_shares(surrogate_test(truth, noise))
    assert max(nothing.values()) < 0.05


def test_effect_size(rng):
    assert effect_size(np.array([1.0, 2.0, 3.0])) == pytest.approx(2)
    assert np.isnan(effect_size(np.array([1.0])))


def test_nothing_to_test_is_an_error(rng):
    with pytest.raises(InputError, match="no recording"):
        pooled_test([])
    for values in (np.array([]), np.array([0.1, np.nan])):
        with pytest.raises(InputError, match="finite scores"):
            sign_flip_test(values, rng)


def test_intervals_of_few_subjects_are_those_of_all_that_can_be_drawn(rng):
    """Of two, each alone is drawn in a quarter of the samples; an effect size is the mean in deviations of n - 1."""
    assert bootstrap_interval([0.1, 0.3], rng) == pytest.approx((0.1, 0.3))
    values = np.array([0.1, 0.2, 0.25, 0.4])
    samples = values[np.random.default_rng(2).integers(0, 4, (10_000, 4))]
    spread = samples.std(axis=1, ddof=1)
    sizes = samples.mean(axis=1)[spread > 1e-9] / spread[spread > 1e-9]
    expected = np.quantile(sizes, [0.05, 0.95])
    assert effect_interval(values, np.random.default_rng(2), level=0.9) == pytest.approx(tuple(expected))


def test_no_effect_at_all_is_reached_by_every_pattern(rng):
    test = sign_flip_test(np.zeros((3, 2)), rng)
    assert (test.p_value.tolist(), test.p_max.tolist(), test.patterns) == ([1, 1], [1, 1], 8)
