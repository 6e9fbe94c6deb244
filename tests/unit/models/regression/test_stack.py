import numpy as np
import pytest
from scipy.optimize import nnls

from eeg2fmri.models.regression.stack import stacking_moments, stacking_weights


def weights_of(predictions, targets):
    """Weigh families by the added moments of groups."""
    moments = [stacking_moments([family[k] for family in predictions], y) for k, y in enumerate(targets)]
    return stacking_weights(sum(moments))


def make(seed=0, shares=(0.7, 0.2, 0.0)):
    rng = np.random.default_rng(seed)
    predictions = [[rng.standard_normal((n, 5)) for n in (30, 40)] for _ in shares]
    targets = [
        sum(share * family[g] for share, family in zip(shares, predictions, strict=True))
        + 0.5 * rng.standard_normal(predictions[0][g].shape)
        for g in range(2)
    ]
    return predictions, targets


def test_the_weights_are_the_non_negative_least_squares_of_all_pairs_and_voxels():
    predictions, targets = make()
    centred = [np.concatenate([(p - p.mean(axis=0)).ravel() for p in family]) for family in predictions]
    y = np.concatenate([(t - t.mean(axis=0)).ravel() for t in targets])
    np.testing.assert_allclose(weights_of(predictions, targets), nnls(np.stack(centred, 1), y)[0], atol=1e-8)


def test_a_family_that_runs_against_the_truth_has_no_weight():
    predictions, targets = make()
    weights = weights_of([[-p for p in predictions[0]], predictions[1]], targets)
    assert weights[0] == 0
    assert weights[1] > 0


def test_families_that_are_alike_share_and_zeros_are_harmless():
    predictions, targets = make()
    one = weights_of(predictions[:1], targets)
    twice = weights_of([predictions[0], predictions[0], [0 * p for p in predictions[0]]], targets)
    assert twice[:2].sum() == pytest.approx(one[0])
    assert twice[2] == 0
    assert (weights_of([[0 * p for p in predictions[0]]], targets) == 0).all()


def test_means_of_a_group_do_not_count():
    predictions, targets = make()
    moved = [[p + 7 for p in family] for family in predictions]
    np.testing.assert_allclose(weights_of(moved, [t - 3 for t in targets]), weights_of(predictions, targets))
