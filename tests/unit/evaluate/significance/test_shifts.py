import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.functions import temporal_r
from eeg2fmri.evaluate.significance.shifts import ShiftScores, autocorrelation_length, shift_test


@pytest.fixture
def pair(rng, ar1):
    """Truth and a related prediction (volume, x, y, z), and a mask."""
    truth = ar1(rng, (31, 4, 5, 3), 0.6) * 50 + 8000
    prediction = (truth - 8000) * 0.2 + 5 * ar1(rng, truth.shape, 0.6) + 300
    return truth, prediction, rng.random((4, 5, 3)) < 0.7


def test_every_shift_equals_rolling_the_prediction(pair):
    truth, prediction, mask = pair
    test = shift_test(truth, prediction, mask)
    for shift in (0, 1, 9, 30):
        r = temporal_r(truth, np.roll(prediction, -shift, axis=0), mask)[mask]
        for scores, reduce in ((test.median, np.median), (test.mean, np.mean), (test.maximum, np.max)):
            assert scores.values[shift] == pytest.approx(reduce(r), abs=1e-6)
    np.testing.assert_allclose(test.r, temporal_r(truth, prediction, mask), atol=1e-6)


def test_p_values_by_counting(pair):
    truth, prediction, mask = pair
    test = shift_test(truth, prediction, mask)
    rolled = np.stack([temporal_r(truth, np.roll(prediction, -s, axis=0), mask)[mask] for s in range(31)])
    reach = rolled[0] - 1e-6
    np.testing.assert_allclose(test.p_voxel[mask], (rolled >= reach).mean(axis=0))
    np.testing.assert_allclose(test.p_max[mask], (rolled.max(axis=1, keepdims=True) >= reach).mean(axis=0))
    medians = np.median(rolled, axis=1)
    assert test.median.p_value == pytest.approx((medians >= medians[0] - 1e-6).mean())
    assert np.isnan(test.p_max[~mask]).all()
    assert (test.p_max[mask] >= test.p_voxel[mask]).all()


def test_null_distribution_leaves_short_shifts_out_and_p_does_not():
    scores = ShiftScores(np.array([0.5, 0.7, 0.1, 0.6, 0.2, 0.1, 0.1, 0.1, 0.1, 0.7]), shortest=2)
    assert scores.observed == 0.5
    assert scores.beyond.tolist() == [0.1, 0.6, 0.2, 0.1, 0.1, 0.1, 0.1]
    assert scores.p_value == pytest.approx(4 / 10)


def test_autocorrelation_length():
    assert autocorrelation_length(np.array([1, 0.6, 0.3, 0.05, 0.3, *[0] * 15])) == 3
    assert autocorrelation_length(np.ones(20)) == 5
    assert autocorrelation_length(np.array([1.0, -0.2, 0, 0])) == 1


def test_shortest_shift_follows_the_slower_of_the_two(rng, ar1):
    white, slow = ar1(rng, (200, 3, 3, 2), 0.0), ar1(rng, (200, 3, 3, 2), 0.8)
    assert shift_test(white, white).median.shortest == 1
    assert shift_test(white, slow).median.shortest == shift_test(slow, white).median.shortest > 5


def test_constant_prediction_is_never_significant(pair):
    truth, _, mask = pair
    test = shift_test(truth, np.broadcast_to(truth.mean(axis=0), truth.shape), mask)
    assert test.median.p_value == 1
    assert (test.p_voxel[mask] == 1).all()
    assert (test.p_max[mask] == 1).all()
    assert (test.r[mask] == 0).all()


def test_voxel_of_constant_truth_is_left_out(pair):
    truth, prediction, mask = pair
    truth[:, 2, 1, 1] = 7.7
    mask[2, 1, 1] = True
    test = shift_test(truth, prediction, mask)
    assert np.isnan(test.r[2, 1, 1])
    assert np.isnan(test.p_max[2, 1, 1])
    mask[2, 1, 1] = False
    assert shift_test(truth, prediction, mask).median.p_value == test.median.p_value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y, p, m: (y, p[1:], m), "one shape"),
        (lambda y, p, m: (y[:7], p[:7], m), "at least 8 volumes"),
        (lambda y, p, m: (np.ones_like(y), p, m), "no voxel of the mask varies"),
        (lambda y, p, m: (y, np.full_like(p, np.inf), m), "not finite"),
    ],
)
def test_wrong_input_is_named(pair, change, message):
    with pytest.raises(InputError, match=message):
        shift_test(*change(*pair))


def null_p_values(rng, ar1, n, phi, recordings):
    """p values of independent truth and prediction with shared components, as brains and synthesisers have."""
    found = []
    for _ in range(recordings):
        truth = ar1(rng, (n, 4, 3, 1), phi) + ar1(rng, (n, 1, 1, 1), phi)
        prediction = ar1(rng, (n, 2), phi) @ rng.standard_normal((2, 12))
        test = shift_test(truth, prediction.reshape(n, 4, 3, 1))
        found.append((test.median.p_value, test.mean.p_value, np.nanmin(test.p_max)))
    return np.array(found).T


def test_related_recordings_are_found(rng, ar1):
    truth = ar1(rng, (120, 4, 3, 2), 0.5)
    prediction = 0.4 * truth + ar1(rng, truth.shape, 0.5)
    test = shift_test(truth, prediction)
    assert test.median.p_value < 0.02
    assert np.nanmin(test.p_max) < 0.02


@pytest.fixture
def rivals(ar1):
    """p value that the first of two predictions is better; both hold the truth, the first with some of `gain` more."""

    def p_value(rng, gain):
        shape = (120, 4, 4, 3)
        truth = ar1(rng, shape, 0.6)
        first, second = (truth + 1.5 * ar1(rng, shape, 0.6) for _ in range(2))
        measured = truth + ar1(rng, shape, 0.6)
        tests = [shift_test(measured, each) for each in (first + gain * truth, second)]
        return tests[0].median.minus(tests[1].median).p_value

    return p_value


def test_pairing_with_a_constant_prediction_changes_nothing(pair):
    truth, prediction, mask = pair
    alone = shift_test(truth, prediction, mask).median
    paired = alone.minus(ShiftScores(np.zeros(1), 0))
    np.testing.assert_array_equal(paired.values, alone.values)
    assert paired.shortest == alone.shortest


def test_scores_of_different_volumes_are_not_paired():
    with pytest.raises(InputError, match="cannot be paired"):
        ShiftScores(np.zeros(20), 1).minus(ShiftScores(np.zeros(21), 1))
