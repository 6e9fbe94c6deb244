import numpy as np
import pytest
import scipy.stats

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.significance.sessions import session_test


def make(rng, ar1, coupling=0.0, shared=0.0, lengths=(90, 90, 95, 90, 101)):
    """Recordings in which all courses follow one task, and truth follows the prediction as far as there is coupling."""
    task = np.repeat(rng.choice([-1.0, 1.0], 20), 6)[:, None]
    truths, predictions = [], []
    for n in lengths:
        prediction = ar1(rng, (n, 6), 0.8) + shared * task[:n]
        truths.append(coupling * prediction + ar1(rng, (n, 6), 0.8) + shared * task[:n])
        predictions.append(prediction)
    return truths, predictions


def test_all_permutations_of_five(rng, ar1):
    test = session_test(*make(rng, ar1, coupling=1.0), rng)
    assert len(test.null) == 119
    assert test.p_value == pytest.approx(1 / 120)
    assert test.p_below == 1
    assert test.pairs.shape == (5, 5)
    assert test.observed == pytest.approx(np.diag(test.pairs).mean())


def test_what_all_share_is_not_taken_for_information(ar1):
    """A task in every recording makes every pair correlate; p stays uniform."""
    found = [
        session_test(*make(np.random.default_rng(k), ar1, shared=2.0), np.random.default_rng(k)) for k in range(150)
    ]
    assert np.mean([one.observed for one in found]) > 0.5
    rejected = sum(one.p_value <= 0.05 for one in found)
    assert scipy.stats.binomtest(rejected, 150).proportion_ci(0.95).low <= 0.05


def test_many_recordings_are_drawn(rng, ar1):
    truths, predictions = make(rng, ar1, coupling=0.6, lengths=(60,) * 9)
    test = session_test(truths, predictions, rng, draws=500)
    assert len(test.null) == 500
    assert test.p_value <= 0.01


def test_what_cannot_be_exchanged_is_refused(rng):
    one = np.zeros((20, 3))
    for truths, predictions in (([one], [one]), ([one, one], [one]), ([one, one[:, :2]], [one, one])):
        with pytest.raises(InputError, match="cannot be exchanged"):
            session_test(truths, predictions, rng)
