import numpy as np
import pytest
import scipy.stats

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.significance.drifts import time_basis
from eeg2fmri.evaluate.significance.surrogates import ScoreNull, filled_volumes, headline_null, surrogate_test

SHAPE = (150, 3, 2, 2)


@pytest.fixture
def pair(rng, ar1):
    return ar1(rng, SHAPE, 0.6), ar1(rng, SHAPE, 0.6)


def test_observed_r_is_that_of_the_steadied_courses(pair):
    basis = time_basis(150, 2.0)
    y, p = (basis.steadied(each.reshape(150, -1)) for each in pair)
    expected = (y * p).sum(axis=0) / np.linalg.norm(y, axis=0) / np.linalg.norm(p, axis=0)
    test = surrogate_test(*pair, draws=50)
    np.testing.assert_allclose(test.r.ravel(), expected, atol=1e-5)
    assert test.median.observed == pytest.approx(np.median(expected), abs=1e-5)
    assert test.mean.observed == pytest.approx(expected.mean(), abs=1e-5)
    assert test.maximum.observed == pytest.approx(expected.max(), abs=1e-5)


def test_the_mean_alone_has_the_same_surrogates(pair):
    whole, alone = surrogate_test(*pair, seed=4, draws=80).mean, headline_null(*pair, seed=4, draws=80)
    np.testing.assert_allclose(whole.values, alone.values, atol=1e-5)
    assert not np.allclose(headline_null(*pair, seed=5, draws=80).null, alone.null, atol=1e-3)


def test_surrogates_have_the_spread_of_independent_predictions(pair, ar1):
    truth, _ = pair
    spread = surrogate_test(*pair).mean.null.std()
    others = [
        headline_null(truth, ar1(np.random.default_rng(100 + k), SHAPE, 0.6), draws=1).observed for k in range(200)
    ]
    assert spread == pytest.approx(np.std(others), rel=0.2)


def test_censored_volumes_that_were_filled_do_not_count(pair, ar1):
    gone = np.random.default_rng(3).choice(np.arange(10, 150), 50, replace=False)

    def filled(series):
        kept = np.delete(series, gone, axis=0)
        series = series + 500
        series[gone] = 499 + kept.mean(axis=0)
        return series.astype(np.float32)

    truth = filled(pair[0])
    assert filled_volumes(truth.reshape(150, -1)) == tuple(sorted(gone))
    others = [
        headline_null(truth, filled(ar1(np.random.default_rng(100 + k), SHAPE, 0.6)), draws=1).observed
        for k in range(200)
    ]
    spread = headline_null(truth, filled(pair[1])).null.std()
    assert spread == pytest.approx(np.std(others), rel=0.2)


def world(name, rng, ar1):
    """Independent truth and prediction (volume, x, y, z), each by itself badly behaved in the same way."""
    n = {"short": 60}.get(name, 200)
    y, p = (ar1(rng, (n, 4, 1, 1), {"persistent": 0.95, "short": 0.6}.get(name, 0.4)) for _ in range(2))
    y, p = y + ar1(rng, (n, 1, 1, 1), 0.6), p * 0.2 + p[:, :1]
    t = np.linspace(-1, 1, n)[:, None, None, None]
    match name:
        case "drift":
            y, p = y + 5 * t, p + 5 * t
        case "curve":
            y, p = y + 4 * t**2, p + 4 * t**2
        case "walk":
            y, p = np.cumsum(y, axis=0), np.cumsum(p, axis=0)
        case "growing":
            y, p = y * np.linspace(0.3, 3, n)[:, None, None, None], p * np.linspace(0.3, 3, n)[:, None, None, None]
        case "unsteady":
            decay = 15 * np.exp(-np.arange(n) / 2)[:, None, None, None]
            y, p = y + decay, p + decay
        case "spiky":
            for series in (y, p):
                for at in rng.choice(n - 2, 4, replace=False):
                    series[at : at + 3] += 10
        case "censored":
            at = rng.choice(n, n // 7, replace=False)
            y[at], p[at] = y.mean(axis=0), p.mean(axis=0)
    return y, p


@pytest.mark.parametrize(
    "name", ["stationary", "persistent", "drift", "curve", "walk", "growing", "unsteady", "spiky", "censored", "short"]
)
def test_independent_recordings_are_rejected_at_the_level(name, ar1):
    p = []
    for k in range(200):
        y, yhat = world(name, np.random.default_rng([k, len(name)]), ar1)
        p.append(surrogate_test(y, yhat, seed=k, draws=199).median.p_value)
    rejected = int(np.sum(np.array(p) <= 0.05))
    assert scipy.stats.binomtest(rejected, 200).proportion_ci(0.95).low <= 0.05
    # conservative is allowed, too many small p values are not
    assert scipy.stats.ks_1samp(p, scipy.stats.uniform.cdf, alternative="greater").pvalue > 0.01


def test_coupling_is_found_through_drifts(rng, ar1):
    drift = np.linspace(-8, 8, 150)[:, None, None, None]
    found = []
    for k in range(20):
        y, p = ar1(rng, SHAPE, 0.6), ar1(rng, SHAPE, 0.6)
        found.append(surrogate_test(0.4 * p + 0.9 * y - drift, p + drift, seed=k, draws=199).median.p_value)
    assert np.mean(np.array(found) <= 0.05) > 0.9


def test_a_reversed_sign_is_told(pair):
    y, p = pair
    null = headline_null(y, p - y)
    assert null.p_below < 0.01 < 0.9 < null.p_value


def test_family_of_voxels(rng, ar1):
    y, p = ar1(rng, (150, 8, 5, 1), 0.4), ar1(rng, (150, 8, 5, 1), 0.4)
    y[:, 2, 1, 0] += p[:, 2, 1, 0]
    mask = np.ones((8, 5, 1), bool)
    mask[0] = False
    test = surrogate_test(y, p, mask)
    assert np.isnan(test.r[0]).all()
    assert test.p_max[2, 1, 0] <= 0.01
    assert (test.p_max[mask] >= test.p_voxel[mask]).all()
    assert test.maximum.p_value == pytest.approx(np.nanmin(test.p_max))


def test_what_is_constant_has_nothing_to_test(pair):
    y, p = pair
    still = surrogate_test(y, np.full_like(p, 700.1, np.float32))
    assert still.median.p_value == 1
    assert (still.r == 0).all()
    y[:, 0, 0, 0] = 3.3
    assert np.isnan(surrogate_test(y, p, draws=20).r[0, 0, 0])
    with pytest.raises(InputError, match="no voxel of the mask varies"):
        surrogate_test(np.ones(SHAPE), p)


def test_what_cannot_be_tested_is_refused(pair):
    y, p = pair
    with pytest.raises(InputError, match="must have one shape"):
        surrogate_test(y, p[1:])
    with pytest.raises(InputError, match="at least 8 volumes"):
        surrogate_test(y[:5], p[:5])
    y[3, 0, 0, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        headline_null(y, p)


def test_a_difference_of_equals_is_rejected_at_the_level(rng, ar1):
    p = []
    for k in range(200):
        rng = np.random.default_rng(k)
        signal, noise = ar1(rng, (120, 1, 1, 1), 0.8), ar1(rng, (120, 4, 1, 1), 0.4)
        first, second = (
            headline_null(
                0.7 * signal + 0.7 * noise, signal + ar1(rng, (120, 1, 1, 1), 0.4) + 0 * noise, seed=k, draws=199
            )
            for _ in range(2)
        )
        p.append(first.minus(second).p_value)
    assert scipy.stats.binomtest(int(np.sum(np.array(p) <= 0.05)), 200).proportion_ci(0.95).low <= 0.05


def test_scores_of_other_volumes_cannot_be_paired():
    with pytest.raises(InputError, match="cannot be paired"):
        ScoreNull(np.zeros(100), 40).minus(ScoreNull(np.zeros(100), 41))
    with pytest.raises(InputError, match="cannot be paired"):
        ScoreNull(np.zeros(100), 40).minus(ScoreNull(np.zeros(99), 40))
    assert ScoreNull(np.ones(100), 40).minus(ScoreNull(np.zeros(1))).coordinates == 40
