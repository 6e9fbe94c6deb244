"""Tests and scores of few numbers, worked out by hand: what each p value counts, and what is refused in which words."""

import math

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.significance import drifts, surrogates
from eeg2fmri.evaluate.significance.drifts import is_constant, time_basis
from eeg2fmri.evaluate.significance.sessions import session_test
from eeg2fmri.evaluate.significance.surrogates import (
    PreparedTruth,
    ScoreNull,
    coordinates,
    filled_volumes,
    headline_null,
    surrogate_test,
)
from eeg2fmri.evaluate.significance.tests import (
    bootstrap_interval,
    effect_interval,
    effect_size,
    false_discovery,
    pooled_test,
    sign_flip_test,
    significant_shares,
)


def words(call):
    with pytest.raises(InputError) as caught:
        call()
    (problem,) = caught.value.problems
    return problem.what, problem.got, problem.expected, problem.hint


def test_p_values_count_what_reaches_the_observed_score():
    score = ScoreNull(np.array([0.5, 0.1, 0.5, 0.7, -0.2]), 30)
    assert score.observed == 0.5
    assert score.null.tolist() == [0.1, 0.5, 0.7, -0.2]
    assert (score.p_value, score.p_below) == (3 / 5, 4 / 5)
    # a tie is one to the sixth digit, also about 0
    near = np.array([0.5, 0.5 - 4e-7, 0.5 - 6e-7, 0.5 + 4e-7, 0.5 + 6e-7])
    assert (ScoreNull(near).p_value, ScoreNull(near).p_below) == (4 / 5, 4 / 5)
    negative = ScoreNull(np.array([-0.5, -0.5 - 4e-7, -0.5 - 6e-7, 0.0]))
    assert (negative.p_value, negative.p_below) == (3 / 4, 3 / 4)
    still = ScoreNull(np.array([0.0, 5e-13, -5e-13, 2e-12, -2e-12]))
    assert (still.p_value, still.p_below) == (4 / 5, 4 / 5)


def test_a_difference_is_taken_draw_by_draw():
    ours, theirs = ScoreNull(np.array([0.5, 0.1, 0.2]), 30), ScoreNull(np.array([0.4, 0.3, -0.1]), 30)
    np.testing.assert_allclose(ours.minus(theirs).values, [0.1, -0.2, 0.3])
    assert ours.minus(theirs).coordinates == 30
    constant = ScoreNull(np.zeros(1))
    np.testing.assert_allclose(constant.minus(theirs).values, -theirs.values)
    assert constant.minus(theirs).coordinates == 30
    assert constant.minus(constant).coordinates == 0
    assert words(lambda: ours.minus(ScoreNull(np.zeros(4), 30))) == (
        "scores of different volumes or draws cannot be paired", "[3, 4] values, [30] coordinates", "", "",
    )  # fmt: skip
    assert words(lambda: ours.minus(ScoreNull(np.zeros(3), 31)))[1] == "[3] values, [30, 31] coordinates"


@pytest.fixture
def small(rng):
    """A truth and a prediction of three voxels, one of which the mask leaves out, and a constant one."""
    y, p = rng.standard_normal((2, 24, 2, 2, 1))
    p = p + 0.8 * y
    y[:, 1, 1, 0] = 5.0
    mask = np.ones((2, 2, 1), bool)
    mask[0, 1, 0] = False
    return y, p, mask


def test_every_draw_of_every_voxel_is_what_the_signs_make_of_it(small, monkeypatch):
    """Maps, means and p values of three draws, by the equation of the module."""
    y, p, mask = small
    monkeypatch.setattr(surrogates, "CHUNK", 1)
    monkeypatch.setattr(surrogates, "BATCH", 2)
    told = []
    test = surrogate_test(
        y,
        p,
        mask,
        tr=1.5,
        elapsed=40.0,
        seed=3,
        draws=6,
        progress=lambda what, done, total: told.append((what, done, total)),
    )
    basis = time_basis(24, 1.5, 40.0)
    unit = []
    for series in (y, p):
        found = basis.rest.T @ basis.steadied(series[:, [0, 1], 0, 0] - series[:, [0, 1], 0, 0].mean(axis=0))
        unit.append(found / np.linalg.norm(found, axis=0))
    products = unit[0] * unit[1]
    drawn = np.random.default_rng(3).integers(0, 2, (6, len(products)), dtype=np.int8)
    draws = np.vstack([np.ones(len(products)), 2.0 * drawn - 1]) @ products
    np.testing.assert_allclose(test.r[[0, 1], 0, 0], products.sum(axis=0), atol=1e-6)
    assert np.isnan(test.r[:, 1, 0]).all()
    np.testing.assert_allclose(test.median.values, np.median(draws, axis=1), atol=1e-6)
    np.testing.assert_allclose(test.mean.values, draws.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(test.maximum.values, draws.max(axis=1), atol=1e-6)
    np.testing.assert_allclose(test.p_voxel[[0, 1], 0, 0], (draws >= draws[0] - 1e-6).mean(axis=0))
    reached = draws.max(axis=1)[:, None] >= draws[0] - 1e-6
    np.testing.assert_allclose(test.p_max[[0, 1], 0, 0], reached.mean(axis=0))
    assert {one.coordinates for one in (test.median, test.mean, test.maximum)} == {len(products)}
    assert told == [
        ("Taking out drifts", 1, 2), ("Taking out drifts", 2, 2),
        ("Drawing signs", 2, 7), ("Drawing signs", 4, 7), ("Drawing signs", 6, 7), ("Drawing signs", 7, 7),
    ]  # fmt: skip
    alone = headline_null(y, p, mask, tr=1.5, elapsed=40.0, seed=3, draws=6)
    np.testing.assert_allclose(alone.values, draws.mean(axis=1), atol=1e-6)
    assert alone.coordinates == len(products)


def test_what_is_not_said_is_999_draws_of_seed_0_at_two_seconds_from_the_start(small):
    y, p, mask = small
    said = {"tr": 2.0, "elapsed": 0.0, "seed": 0, "draws": 999}
    for plain, whole in (
        (surrogate_test(y, p, mask).mean, surrogate_test(y, p, mask, **said).mean),
        (headline_null(y, p, mask), headline_null(y, p, mask, **said)),
        (
            PreparedTruth.of(y, mask).headline(p),
            PreparedTruth.of(y, mask, tr=2.0, elapsed=0.0).headline(p, seed=0, draws=999),
        ),
    ):
        np.testing.assert_array_equal(plain.values, whole.values)
    # three powers, two decays and five unsteady volumes; later the powers alone
    assert PreparedTruth.of(y, mask).basis.drifts.shape[1] == 10
    assert PreparedTruth.of(y, mask, elapsed=40.0).basis.drifts.shape[1] == 3


def test_a_prepared_truth_holds_the_voxels_that_vary(small):
    y, _, mask = small
    prepared = PreparedTruth.of(y, mask, elapsed=40.0)
    assert prepared.voxels.tolist() == [0, 2]
    assert prepared.shape == (24, 2, 2, 1)
    assert prepared.values.shape == (21, 2)
    np.testing.assert_allclose(np.linalg.norm(prepared.values, axis=0), 1, rtol=1e-6)
    assert PreparedTruth.of(y, elapsed=40.0).voxels.tolist() == [0, 1, 2]


def test_what_cannot_be_tested_in_words(small):
    y, p, mask = small
    assert words(lambda: surrogate_test(y[..., 0], p, mask)) == (
        "the truth is no recording", "(24, 2, 2)", "(volume, x, y, z)", "",
    )  # fmt: skip
    assert words(lambda: surrogate_test(y, p[:-1], mask)) == (
        "truth and prediction must have one shape", "truth (24, 2, 2, 1), prediction (23, 2, 2, 1)",
        "(volume, x, y, z)", "",
    )  # fmt: skip
    assert words(lambda: surrogate_test(0 * y, p, mask)) == (
        "no voxel of the mask varies over time", "3 voxels, 24 volumes", "", "",
    )  # fmt: skip
    assert words(lambda: time_basis(7, 2.0)) == (
        "a test over time needs at least 8 volumes", "7", "", "score a whole recording",
    )  # fmt: skip
    assert words(lambda: time_basis(8, -1.0)) == ("the repetition time must be positive", "-1.0 s", "", "")
    p[3, 0, 0, 0] = np.inf
    assert words(lambda: surrogate_test(y, p, mask))[0] == "a value inside the mask is not finite"
    assert time_basis(8, 2.0).drifts.shape[0] == 8


def test_volumes_that_are_alike_in_eight_courses_were_filled(rng):
    courses = rng.standard_normal((12, 9))
    courses[[2, 7]] = courses[5]
    assert filled_volumes(courses) == (2, 5, 7)
    assert filled_volumes(courses[:, :8]) == (2, 5, 7)
    assert filled_volumes(courses[:, :7]) == ()
    courses[:, 3] = 4.0
    assert filled_volumes(courses) == (2, 5, 7)
    courses[:, 4] = 4.0
    assert filled_volumes(courses) == ()
    assert filled_volumes(rng.standard_normal((12, 9))) == ()


def test_filled_volumes_are_looked_for_in_a_sample_of_the_voxels(rng, monkeypatch):
    """Those of all of them would take as long as the test."""
    seen = []
    monkeypatch.setattr(surrogates, "filled_volumes", lambda courses: seen.append(courses.shape) or ())
    for voxels, looked_at in ((256, 256), (257, 129), (600, 200)):
        PreparedTruth.of(rng.standard_normal((20, voxels, 1, 1)))
        assert seen.pop() == (20, looked_at)


def test_constant_courses_have_no_coordinates(rng):
    basis = time_basis(20, 2.0, 40.0)
    courses = np.column_stack([rng.standard_normal(20), np.full(20, 700.1), np.arange(20.0)])
    found, varies = coordinates(courses, basis)
    assert varies.tolist()[:2] == [True, False]
    assert np.linalg.norm(found[:, 0]) == pytest.approx(1)
    assert (found[:, 1] == 0).all()
    # an offset does not matter
    np.testing.assert_allclose(coordinates(courses[:, :1] + 900, basis)[0], found[:, :1], atol=1e-9)


def test_what_varies_by_rounding_alone_is_constant():
    wave = np.tile([1.0, -1.0], 10)
    courses = np.column_stack(
        [100 + 0.9e-4 * wave, 100 + 1.1e-4 * wave, -100 + 0.9e-4 * wave, np.zeros(20), 1e-9 * wave]
    )
    assert is_constant(courses).tolist() == [True, False, True, True, False]


def test_columns_of_drifts():
    """Of 100 volumes at 2 s: three powers, three cosines of 128 s and slower, two decays, five unsteady volumes."""
    assert time_basis(100, 2.0).drifts.shape == (100, 13)
    assert time_basis(100, 2.0, 30.0).drifts.shape == (100, 6)
    assert time_basis(100, 2.0, 29.9).drifts.shape == (100, 8)
    assert time_basis(100, 2.0, 6.0).drifts.shape == (100, 10)
    assert time_basis(100, 2.0, 40.0, (50, 51)).drifts.shape == (100, 8)
    # one that is unsteady anyway counts once
    assert time_basis(100, 2.0, 0.0, (3,)).drifts.shape == (100, 13)
    assert time_basis(64, 2.0, 40.0).drifts.shape == (64, 5)
    assert time_basis(63, 2.0, 40.0).drifts.shape == (63, 4)


def test_volumes_that_do_not_count_leave_nothing():
    spike = np.zeros((100, 1))
    spike[50] = 1
    assert np.abs(time_basis(100, 2.0, 40.0, (50,)).without_drifts(spike)).max() < 1e-9
    assert np.abs(time_basis(100, 2.0, 40.0).without_drifts(spike)).max() > 0.5


def test_the_mean_that_variance_is_divided_by_is_as_wide_as_a_tenth_of_the_recording():
    for volumes, width in ((60, 10.0), (200, 20.0)):
        smoother = time_basis(volumes, 2.0, 40.0).smoother
        np.testing.assert_allclose(smoother.sum(axis=1), 1)
        middle = smoother[volumes // 2]
        assert middle.argmax() == volumes // 2
        ahead = math.exp(-0.5 * (7 / width) ** 2)
        assert middle[volumes // 2 + 7] / middle[volumes // 2] == pytest.approx(ahead)
        assert middle[volumes // 2 - 7] / middle[volumes // 2] == pytest.approx(ahead)


def steadied(course, basis):
    """Drifts out, outliers drawn in, variance evened out: the same for one course, written anew."""
    drift = basis.drifts @ basis.drifts.T
    drawn = course
    for _ in range(6):
        trend = drift @ drawn
        left = course - trend
        bound = 2 * 1.4826 * np.median(np.abs(left))
        if bound <= 0:
            bound = 6 * left.std()
        left = np.clip(left, -bound, bound)
        drawn = trend + left
    left = left - drift @ left
    spread = np.sqrt(basis.smoother @ left**2)
    left = left / np.maximum(spread, 0.1 * spread.mean())
    return left - drift @ left


@pytest.mark.parametrize("volumes", [40, 41])
def test_courses_are_steadied_one_by_one(rng, volumes, monkeypatch):
    monkeypatch.setattr(drifts, "PIECE", 2)
    basis = time_basis(volumes, 2.0, 40.0)
    courses = rng.standard_normal((volumes, 5))
    courses[10, 1] += 30
    courses[:, 2] *= np.linspace(0.01, 3, volumes)
    courses[: volumes - 8, 3] = 0
    given = courses.copy()
    found = basis.steadied(courses)
    np.testing.assert_allclose(found, np.column_stack([steadied(one, basis) for one in courses.T]), atol=1e-9)
    np.testing.assert_array_equal(courses, given)
    assert (basis.steadied(np.full((volumes, 1), 0.0)) == 0).all()


def test_recordings_are_exchanged_by_hand(rng):
    """Three recordings of one voxel: six orders of the rows of a table of r."""
    truths = [rng.standard_normal((n, 1)) for n in (20, 22, 21)]
    predictions = [truth + 0.5 * rng.standard_normal(truth.shape) for truth in truths]
    test = session_test(truths, predictions, rng)
    table = [[np.corrcoef(y[:20, 0], p[:20, 0])[0, 1] for p in predictions] for y in truths]
    np.testing.assert_allclose(test.pairs, table)
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    means = np.array([np.mean([table[k][order[k]] for k in range(3)]) for order in orders])
    assert test.observed == pytest.approx(means[0])
    np.testing.assert_allclose(test.null, means[1:])
    assert test.p_value == pytest.approx(np.mean(means >= means[0] - 1e-12))
    assert test.p_below == pytest.approx(np.mean(means <= means[0] + 1e-12))
    swapped = session_test(truths, [predictions[k] for k in (1, 0, 2)], rng)
    assert swapped.p_value == pytest.approx(np.mean(means >= means[2] - 1e-12))


def test_of_seven_recordings_all_orders_are_tried_and_of_eight_a_draw(rng):
    def test(count, **draws):
        series = [rng.standard_normal((10, 2)) for _ in range(count)]
        return session_test(series, series, np.random.default_rng(1), **draws), series

    assert len(test(7)[0].null) == 5039
    assert len(test(8)[0].null) == 9999
    found, _ = test(8, draws=50)
    same = np.random.default_rng(1)
    orders = [same.permutation(8) for _ in range(50)]
    np.testing.assert_allclose(found.null, [np.mean([found.pairs[k, o[k]] for k in range(8)]) for o in orders])
    assert found.observed == pytest.approx(1)


def test_courses_without_spread_count_as_0_and_ties_as_reached(rng):
    still = [np.zeros((10, 1)), np.ones((10, 1)), rng.standard_normal((10, 1))]
    found = session_test(still, still, rng)
    np.testing.assert_allclose(found.pairs, np.diag([0, 0, 1.0]), atol=1e-12)
    # of six orders two leave the third where it is
    assert (found.p_value, found.p_below) == (2 / 6, 1)
    # the median over three voxels
    parts = [np.column_stack([one, one, -one]) for one in rng.standard_normal((2, 10, 1))]
    own = [np.column_stack([one[:, 0], -one[:, 0], -one[:, 0]]) for one in parts]
    np.testing.assert_allclose(np.diag(session_test(parts, own, rng).pairs), [1 - 0, 1 - 0])


def test_what_cannot_be_exchanged_in_words(rng):
    one = np.zeros((20, 3))
    assert words(lambda: session_test([one, one], [one, one[:, :2]], rng))[:2] == (
        "recordings cannot be exchanged", "2 truths, 2 predictions, {2, 3} voxels",
    )  # fmt: skip
    session_test([one, one], [one, one], rng)


def test_the_mean_of_recordings_weighs_them_alike_or_as_is_said():
    first, second = ScoreNull(np.array([0.4, 0.0, 0.2]), 20), ScoreNull(np.array([0.2, 0.1, 0.6]), 15)
    plain = pooled_test([first, second])
    assert plain.observed == pytest.approx(0.3)
    np.testing.assert_allclose(plain.null, [0.05, 0.4])
    assert (plain.p_value, plain.p_below, plain.distinct) == (2 / 3, 2 / 3, 2**35)
    weighed = pooled_test([first, second], [0.75, 0.25])
    assert weighed.observed == pytest.approx(0.35)
    np.testing.assert_allclose(weighed.null, [0.025, 0.3])
    assert weighed.p_value == 1 / 3
    many = pooled_test([first, ScoreNull(second.values, 21)])
    assert many.distinct == 2**40
    assert words(lambda: pooled_test([first, ScoreNull(np.zeros(5), 9)])) == (
        "the recordings were tested with different numbers of draws", "[3, 5]", "", "",
    )  # fmt: skip
    assert words(lambda: pooled_test([]))[0] == "there is no recording to test"
    constant = pooled_test([ScoreNull(np.zeros(1)), ScoreNull(np.zeros(1))])
    assert (constant.p_value, constant.observed, constant.distinct) == (1, 0, 1)
    assert constant.null is not None
    assert constant.null.tolist() == [0]
    with pytest.raises(ValueError, match="zip"):
        pooled_test([first, second], [1.0])


def test_signs_of_subjects_by_hand(rng):
    values = np.array([[0.1, 0.5], [0.3, -0.1], [0.2, 0.2]])
    test = sign_flip_test(values, rng)
    signs = np.array([[a, b, c] for a in (1, -1) for b in (1, -1) for c in (1, -1)])
    means = signs @ values / 3
    np.testing.assert_allclose(test.p_value, (means >= means[0] - 1e-12).mean(axis=0))
    np.testing.assert_allclose(test.p_max, [(means.max(axis=1) >= one - 1e-12).mean() for one in means[0]])
    assert test.patterns == 8
    assert words(lambda: sign_flip_test(np.array([[0.1, np.nan]]), rng)) == (
        "a test over subjects needs finite scores", "(1, 2)", "(subject, ...)", "",
    )  # fmt: skip
    assert words(lambda: sign_flip_test(np.float64(1.0), rng))[1] == "()"


@pytest.mark.parametrize("unit", [1, 1e-13, 1e13])
def test_the_unit_of_scores_does_not_matter(unit, rng):
    values = np.array([0.1, -0.3, 0.2, 0.05])
    test = sign_flip_test(unit * values, rng)
    assert (float(test.p_value), float(test.p_max)) == (8 / 16, 8 / 16)


def test_up_to_twelve_subjects_have_every_pattern_and_more_the_observed_one_and_a_draw():
    assert sign_flip_test(np.ones(12), np.random.default_rng(0)).patterns == 4096
    values = np.linspace(-0.1, 0.3, 13)
    test = sign_flip_test(values, np.random.default_rng(0), draws=99)
    drawn = np.random.default_rng(0).choice([-1.0, 1.0], (99, 13)) @ values / 13
    assert test.patterns == 100
    assert float(test.p_value) == pytest.approx((1 + np.sum(drawn >= values.mean() - 1e-13)) / 100)
    assert sign_flip_test(values, np.random.default_rng(0)).patterns == 10_001


def test_shares_of_significant_voxels_by_hand():
    from eeg2fmri.evaluate.significance.surrogates import VoxelTest

    p_voxel = np.array([0.01, 0.02, 0.05, 0.5, np.nan])
    p_max = np.array([0.04, 0.05, 0.06, 0.9, np.nan])
    null = ScoreNull(np.zeros(2))
    test = VoxelTest(null, null, null, p_voxel, p_voxel, p_max)
    # adjusted: 0.04, 0.04, 0.0667, 0.5
    assert significant_shares(test) == {"family_wise": 0.5, "false_discovery": 0.5}
    np.testing.assert_allclose(false_discovery(p_voxel), [0.04, 0.04, 0.05 * 4 / 3, 0.5, np.nan])
    # any dependence is not what is asked for
    np.testing.assert_allclose(false_discovery([0.01, 0.02]), [0.02, 0.02])


def test_intervals_are_quantiles_of_the_samples():
    values = [0.1, 0.4, 0.2]
    for level, quantiles in ((None, (0.025, 0.975)), (0.8, (0.1, 0.9))):
        rng = np.random.default_rng(4)
        drawn = np.asarray(values)[np.random.default_rng(4).integers(0, 3, (10_000, 3))].mean(axis=1)
        found = bootstrap_interval(values, rng, **({} if level is None else {"level": level}))
        assert found == pytest.approx(tuple(np.quantile(drawn, quantiles)))
    largest = np.asarray(values)[np.random.default_rng(4).integers(0, 3, (10_000, 3))].max(axis=1)
    found = bootstrap_interval(values, np.random.default_rng(4), statistic=np.max, level=0.8)
    assert found == pytest.approx(tuple(np.quantile(largest, [0.1, 0.9])))
    assert np.isnan(bootstrap_interval([0.3], np.random.default_rng(4))).tolist() == [True, True]
    assert np.isfinite(bootstrap_interval([0.3, 0.4], np.random.default_rng(4))).all()


def test_effects_of_few_subjects():
    assert effect_size([0.1, 0.3]) == pytest.approx(0.2 / (0.1 * math.sqrt(2)))
    assert math.isnan(effect_size([0.2, 0.2]))
    assert math.isnan(effect_size([0.2]))
    rng = np.random.default_rng
    assert effect_interval([0.1, 0.2, 0.4], rng(0)) == effect_interval([0.1, 0.2, 0.4], rng(0), level=0.95)
    for values in ([0.1, 0.2], [0.2, 0.2, 0.2]):
        assert np.isnan(effect_interval(values, rng(0))).tolist() == [True, True]
