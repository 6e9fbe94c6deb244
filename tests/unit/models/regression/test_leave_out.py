import numpy as np
import pytest
from sklearn.linear_model import Ridge

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.regression.leave_out import (
    PENALTIES,
    LeaveOneOut,
    carried_over,
    clearly_better,
    temporal_r,
    where_others_respond,
)
from eeg2fmri.models.regression.moments import Moments, summed


def groups(n_features=7, lengths=(40, 55, 30, 61), noise=2.0, seed=0, n_voxels=9):
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal((n_features, n_voxels)) / np.sqrt(n_features)
    features, targets = [], []
    for length in lengths:
        x = rng.standard_normal((length, n_features)) * np.linspace(0.5, 2, n_features)
        x -= x.mean(axis=0)
        features.append(x)
        targets.append(x @ truth + noise * rng.standard_normal((length, n_voxels)) + 3.0)
    return features, targets


def refitted(features, targets, left_out, penalty):
    """Fit scikit-learn's ridge to all groups but one."""
    x = np.concatenate([part for k, part in enumerate(features) if k != left_out])
    y = np.concatenate([part for k, part in enumerate(targets) if k != left_out])
    # every group has centred features: an intercept would be that of the mean target
    own = Ridge(alpha=penalty * np.sum(x**2) / len(x), fit_intercept=False)
    return own.fit(x, y)


@pytest.mark.parametrize("form", ["primal", "dual"])
@pytest.mark.parametrize("n_features", [7, 400])
def test_leaving_a_group_out_is_a_refit_to_the_others(form, n_features):
    features, targets = groups(n_features)
    ridge = LeaveOneOut(features, targets, form)
    for group in range(4):
        for penalty in (0.01, 1.0, 50.0):
            expected = refitted(features, targets, group, penalty).predict(features[group])
            np.testing.assert_allclose(ridge.prediction(group, penalty), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("form", ["primal", "dual"])
def test_the_weights_are_those_of_a_fit_to_all_groups(form):
    features, targets = groups()
    expected = refitted(features, targets, None, 2.0).coef_.T
    np.testing.assert_allclose(LeaveOneOut(features, targets, form).weights(2.0), expected, rtol=1e-8, atol=1e-10)


def test_the_smaller_system_is_solved():
    assert LeaveOneOut(*groups(7)).form == "primal"
    assert LeaveOneOut(*groups(400)).form == "dual"


def test_the_choice_is_the_best_of_refits():
    features, targets = groups(60, noise=4.0)
    choice = LeaveOneOut(features, targets).choose()
    scores = {}
    for penalty in PENALTIES:
        mean = np.zeros(9)
        for g in range(4):
            predicted = refitted(features, targets, g, penalty).predict(features[g])
            mean += [np.corrcoef(predicted[:, v], targets[g][:, v])[0, 1] / 4 for v in range(9)]
        square = np.mean(np.sign(mean) * mean**2)
        scores[penalty] = np.sign(square) * np.sqrt(abs(square))
    assert choice.penalty == max(scores, key=scores.get)
    assert choice.r == pytest.approx(scores[choice.penalty])
    assert dict(choice.trials) == pytest.approx(scores)


def test_nothing_of_the_group_left_out_reaches_its_prediction():
    features, targets = groups()
    before = LeaveOneOut(features, targets).prediction(2, 1.0)
    changed = [y if k != 2 else y[::-1] * 100 for k, y in enumerate(targets)]
    np.testing.assert_allclose(LeaveOneOut(features, changed).prediction(2, 1.0), before, rtol=1e-6)


def test_moments_add_up_and_subtract():
    features, targets = groups()
    parts = [Moments.of(x, y) for x, y in zip(features, targets, strict=True)]
    whole = Moments.of(np.concatenate(features), np.concatenate(targets))
    total = summed(parts)
    np.testing.assert_allclose(total.features, whole.features)
    np.testing.assert_allclose(total.cross, whole.cross)
    others = total - parts[1]
    assert others.n_pairs == whole.n_pairs - 55
    np.testing.assert_allclose(others.cross, summed([parts[0], *parts[2:]]).cross)
    assert whole.unit == pytest.approx(np.sum(np.concatenate(features) ** 2) / whole.n_pairs)


def test_no_recording_and_one_group_are_errors():
    with pytest.raises(InputError, match="no recording"):
        summed([])
    features, targets = groups()
    with pytest.raises(InputError, match="nothing to leave out"):
        LeaveOneOut(features[:1], targets[:1])


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_features_that_say_nothing_are_an_error(value):
    features, targets = groups()
    with pytest.raises(InputError, match="constant or not finite"):
        LeaveOneOut([np.full_like(x, value) for x in features], targets)


def test_temporal_r_is_pearsons_and_0_of_a_constant():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 30, 3))
    b[:, 1] = 2.0
    expected = [np.corrcoef(a[:, 0], b[:, 0])[0, 1], 0.0, np.corrcoef(a[:, 2], b[:, 2])[0, 1]]
    np.testing.assert_allclose(temporal_r(a, b), expected, atol=1e-12)


def focal(rng, effect, n_groups=6, n_voxels=500):
    """Temporal r of groups: noise in all voxels, an effect in a fiftieth of them."""
    r = [0.1 * rng.standard_normal(n_voxels) for _ in range(n_groups)]
    for one in r:
        one[:10] += effect
    return r


def test_an_effect_in_few_voxels_counts():
    rng = np.random.default_rng(0)
    found = np.array([[carried_over(focal(rng, effect)) for effect in (0.3, 0.0)] for _ in range(50)])
    assert (found[:, 0] > found[:, 1]).mean() > 0.98
    assert abs(np.median(found[:, 1])) < 0.02


def test_what_is_the_wrong_way_round_counts_against():
    r = focal(np.random.default_rng(0), 0.3)
    assert carried_over([-one for one in r]) == pytest.approx(-carried_over(r))


def test_noise_is_seldom_clearly_better_and_an_effect_is():
    rng = np.random.default_rng(0)
    pairs = [(focal(rng, 0.3), focal(rng, 0.0), focal(rng, 0.0)) for _ in range(100)]
    assert np.mean([clearly_better(effect, noise) for effect, noise, _ in pairs]) > 0.95
    assert np.mean([clearly_better(other, noise) for _, noise, other in pairs]) < 0.3


def test_a_group_does_not_choose_its_own_voxels():
    r = focal(np.random.default_rng(0), 0.3)
    weights = where_others_respond(r)
    changed = where_others_respond([one if k != 2 else one + 5 for k, one in enumerate(r)])
    np.testing.assert_allclose(weights[2], changed[2], atol=1e-12)
    assert weights[0, :10].mean() > 20 * weights[0, 10:].mean()


def test_two_groups_decide_nothing():
    better, worse = [np.full(20, 0.5), np.full(20, 0.52)], [np.zeros(20), np.full(20, 0.01)]
    assert not clearly_better(better, worse)
    assert clearly_better([*better, np.full(20, 0.51)], [*worse, np.full(20, -0.01)])
