"""Proper scores beside integrals and draws, and lowest where the claim is true."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats

from eeg2fmri.evaluate.intervals.calibration import Calibration, score_intervals
from eeg2fmri.evaluate.intervals.proper import crps, energy_score
from eeg2fmri.results.scores.intervals import IntervalScores

SHAPES = {"normal": lambda s: scipy.stats.norm(0, s), "laplace": lambda s: scipy.stats.laplace(0, s / np.sqrt(2))}


@pytest.mark.parametrize("shape", SHAPES)
def test_crps_is_the_integral_of_its_definition(shape):
    errors, deviations = np.array([0.0, 0.7, -2.5, 4.0]), np.array([1.0, 0.3, 2.0, 0.5])
    found = crps(errors, deviations, shape)
    for error, deviation, value in zip(errors, deviations, found, strict=True):
        claimed = SHAPES[shape](deviation)
        below = scipy.integrate.quad(lambda x, c=claimed: c.cdf(x) ** 2, -40, error, limit=300)[0]
        above = scipy.integrate.quad(lambda x, c=claimed: c.sf(x) ** 2, error, 40, limit=300)[0]
        assert value == pytest.approx(below + above, rel=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_crps_is_that_of_draws_and_the_energy_score_of_one_voxel(shape, rng):
    error, deviation = np.array([1.3]), np.array([0.8])
    x, other = SHAPES[shape](0.8).rvs((2, 200_000), random_state=rng)
    drawn = np.abs(x - 1.3).mean() - np.abs(x - other).mean() / 2
    assert crps(error, deviation, shape)[0] == pytest.approx(drawn, abs=0.01)
    one = energy_score(error, deviation, shape, rng, draws=200_000)
    assert one == pytest.approx(drawn, abs=0.01)


def test_the_energy_score_is_that_of_many_draws_and_of_a_volume(rng):
    error, deviation = rng.standard_normal(50), np.full(50, 0.7)
    x, other = 0.7 * rng.standard_normal((2, 20_000, 50))
    drawn = np.linalg.norm(x - error, axis=1).mean() - np.linalg.norm(x - other, axis=1).mean() / 2
    found = np.mean([energy_score(error, deviation, "normal", rng) for _ in range(300)])
    assert found == pytest.approx(drawn / np.sqrt(50), rel=0.01)


def test_both_are_lowest_for_the_true_deviation_and_reach_the_file(rng):
    scores = {}
    for claimed in (0.4, 1.0, 2.5):
        validation, test = Calibration("normal"), Calibration("normal")
        for _ in range(20):
            for calibration in (validation, test):
                calibration.update(rng.standard_normal(300), np.zeros(300), np.full(300, claimed))
        scores[claimed] = score_intervals(validation, test, 2)
    for name in ("crps", "energy_score"):
        values = {claimed: getattr(found, name) for claimed, found in scores.items()}
        assert min(values, key=values.get) == 1.0
        assert getattr(IntervalScores.from_dict(scores[1.0].to_dict()), name) == pytest.approx(values[1.0])
    assert scores[1.0].crps == pytest.approx(1 / np.sqrt(np.pi), rel=0.03)
    old = {key: value for key, value in scores[1.0].to_dict().items() if key not in ("crps", "energy_score")}
    assert np.isnan(IntervalScores.from_dict(old).crps)
