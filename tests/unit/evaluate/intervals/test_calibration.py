import numpy as np
import pytest
import scipy.stats

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.intervals.calibration import (
    LEVELS,
    Calibration,
    score_intervals,
    standard_quantile,
)
from eeg2fmri.results.scores.intervals import IntervalScores


def drawn(rng, distribution, n=20_000, claimed=1.0):
    """Calibration of values whose deviation is known, and of what is claimed of them."""
    deviation = rng.uniform(2, 9, n)
    unit = rng.standard_normal(n) if distribution == "normal" else rng.laplace(0, 1 / np.sqrt(2), n)
    mean = rng.normal(1000, 50, n)
    calibration = Calibration(distribution)
    for part in np.array_split(np.arange(n), 7):
        calibration.update((mean + deviation * unit)[part], mean[part], claimed * deviation[part])
    return calibration


@pytest.mark.parametrize("distribution", ["normal", "laplace"])
def test_right_claims_are_covered(rng, distribution):
    calibration = drawn(rng, distribution)
    np.testing.assert_allclose(calibration.coverage(), LEVELS, atol=0.012)
    assert calibration.n == 20_000
    assert calibration.mean_deviation() == pytest.approx(5.5, abs=0.1)


def test_quantiles_and_likelihood_of_scipy(rng):
    for level in (0.5, 0.8, 0.95):
        normal, laplace = scipy.stats.norm(), scipy.stats.laplace(scale=1 / np.sqrt(2))
        assert standard_quantile(level, "normal") == pytest.approx(normal.interval(level)[1])
        assert standard_quantile(level, "laplace") == pytest.approx(laplace.interval(level)[1])
    truth, mean, deviation = rng.normal(size=9), rng.normal(size=9), rng.uniform(1, 2, 9)
    for distribution, peer in (
        ("normal", scipy.stats.norm(mean, deviation)),
        ("laplace", scipy.stats.laplace(mean, deviation / np.sqrt(2))),
    ):
        calibration = Calibration(distribution)
        calibration.update(truth, mean, deviation)
        assert calibration.negative_log_likelihood() == pytest.approx(-peer.logpdf(truth).mean())


def test_overconfident_claims_are_seen_and_mended(rng):
    validation, test = (drawn(rng, "normal", claimed=0.4) for _ in range(2))
    scores = score_intervals(validation, test, passes=20)
    level = LEVELS.index(0.8)
    assert scores.observed[level] < 0.45
    np.testing.assert_allclose(scores.recalibrated, LEVELS, atol=0.015)
    assert scores.half_widths[level] == pytest.approx(standard_quantile(0.8, "normal") / 0.4, rel=0.05)
    assert scores.sharpness == pytest.approx(0.4 * 5.5, abs=0.05)
    assert scores.sharpness_recalibrated > scores.sharpness


def test_conformal_coverage_holds_for_few_exchangeable_values(rng):
    covered = []
    for _ in range(400):
        validation, test = Calibration("normal"), Calibration("normal")
        values = np.abs(rng.standard_t(3, 60))
        validation.update(values[:39], np.zeros(39), np.full(39, 0.7))
        test.update(values[39:], np.zeros(21), np.full(21, 0.7))
        covered.append(test.coverage_within(validation.conformal_half_widths()))
    mean = np.mean(covered, axis=0)
    assert (mean >= np.array(LEVELS) - 0.02).all()
    assert (mean <= np.array(LEVELS) + 1 / 40 + 0.03).all()


def test_too_few_values_give_no_finite_interval():
    calibration = Calibration("normal")
    calibration.update(np.ones(3), np.zeros(3), np.ones(3))
    assert np.isinf(calibration.conformal_half_widths()[LEVELS.index(0.95)])
    assert calibration.coverage_within(np.array([np.inf]))[0] == 1
    with pytest.raises(InputError, match="no values"):
        Calibration("normal").conformal_half_widths()


@pytest.mark.parametrize(("truth", "deviation"), [(np.nan, 1.0), (0.0, 0.0), (0.0, -1.0), (0.0, np.inf)])
def test_impossible_claims_are_refused(truth, deviation):
    with pytest.raises(InputError, match="deviations above 0"):
        Calibration("laplace").update(np.array([truth]), np.zeros(1), np.array([deviation]))


def test_a_note_tells_how_the_intervals_hold():
    levels = list(LEVELS)
    facts = {
        "distribution": "normal",
        "passes": 20,
        "levels": levels,
        "observed_coverage": [level / 2 for level in levels],
        "recalibrated_coverage": levels,
        "sharpness": 12.34,
        "negative_log_likelihood": 3.0,
    }
    text = IntervalScores.from_dict(facts).note
    assert "claim to hold 50%, 80%, 95%" in text
    assert "hold 25.0%, 40.0%, 47.5% of them, and 50.0%, 80.0%, 95.0% once" in text
    assert "12.3 BOLD units" in text
