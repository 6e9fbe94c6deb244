"""Windows added up to a subject."""

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.explain.windows.of_one_recording import LatentRelevance, WindowRelevance
from eeg2fmri.explain.windows.of_one_subject import SubjectSums


def make(relevance, absorbed=0.0, **parts):
    relevance = np.asarray(relevance, float)
    explained = relevance.sum((1, 2, 3)) + absorbed
    n = len(relevance)
    return WindowRelevance(relevance, explained, np.full(n, absorbed), np.zeros(n), **parts)


def add(sums, found):
    sums.add(found, np.zeros_like(found.relevance))


def test_shares_are_pooled_over_windows():
    sums = SubjectSums("01")
    first = np.array([[[[1.0, -3.0]], [[0.0, 2.0]]]])
    second = np.array([[[[1.0, 1.0]], [[0.0, -4.0]]]])
    add(sums, make(first, absorbed=2.0))
    add(sums, make(second))
    found = sums.result()
    np.testing.assert_allclose(found.signed, (first + second)[0] / 12)
    np.testing.assert_allclose(found.magnitude, (np.abs(first) + np.abs(second))[0] / 12)
    assert found.magnitude.sum() == pytest.approx(1)
    assert (found.n_windows, found.explained, found.absorbed) == (2, 0.0, 1.0)
    # 2 of the biases against 0 and -2 of the EEG
    assert found.from_biases == pytest.approx(0.5)
    # 2 of the 2 + 2 explained went to biases
    assert (found.error, found.unaccounted) == (0.5, 0.0)
    assert (found.attention, found.pairs, found.latent, found.through_scores) == (None, None, None, None)


def test_pairs_attention_ways_and_latent():
    relevance = np.ones((2, 3, 1, 2))
    pairs = np.array([np.eye(3), -np.eye(3)]) * 2
    attention = np.full((2, 3, 3), 1 / 3)
    sums = SubjectSums("01")
    add(sums, make(relevance, pairs=pairs, attention=attention, values=0.75 * relevance, scores=0.25 * relevance))
    volume = np.array([1.0, -1.0, 2.0]).reshape(1, 3, 1, 1)
    sums.add_latent(LatentRelevance(volume, np.array([4.0]), np.array([0.0])))
    sums.add_latent(LatentRelevance(3 * volume, np.array([6.0]), np.array([0.0])))
    found = sums.result()
    np.testing.assert_allclose(found.pairs, np.eye(3) / 3)
    np.testing.assert_allclose(found.attention, 1 / 3)
    assert found.through_scores == pytest.approx(0.25)
    np.testing.assert_allclose(found.latent, 2 * volume[0])
    assert found.latent_error == pytest.approx(2 / 10)


def test_the_share_in_the_changes_leaves_out_what_is_constant():
    rng = np.random.default_rng(0)
    relevance = rng.standard_normal((40, 2, 3, 2))
    relevance[:, 0, 0, 0] = 100
    sums = SubjectSums("01")
    for part in np.split(relevance, 4):
        add(sums, make(part, absorbed=5.0))
    found = sums.result().fluctuation
    explained = relevance.sum((1, 2, 3))
    expected = np.array([np.cov(r, explained, ddof=0)[0, 1] for r in relevance.reshape(40, -1).T]) / explained.var()
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-9)
    assert found.sum() == pytest.approx(1)
    assert found[0, 0, 0] == pytest.approx(0, abs=1e-9)


def test_a_target_that_does_not_vary_has_no_changes():
    sums = SubjectSums("01")
    add(sums, make(np.ones((3, 2, 2, 2))))
    assert sums.result().fluctuation is None
    assert sums.result().pattern is None


def test_the_pattern_is_the_correlation_of_the_eeg_with_the_target():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((30, 2, 3, 2)) + 5
    x[:, 1, 2, 1] = 7
    found = make(x * rng.standard_normal((2, 3, 2)), absorbed=2.0)
    sums = SubjectSums("01")
    for part in np.array_split(np.arange(30), 4):
        sums.add(make(found.relevance[part], absorbed=2.0), x[part].astype(np.float32))
    pattern = sums.result().pattern
    expected = [np.corrcoef(one, found.explained)[0, 1] for one in x.reshape(30, -1).T[:-1]]
    np.testing.assert_allclose(pattern.ravel()[:-1], expected, atol=1e-5)
    assert pattern[1, 2, 1] == 0


def test_a_subject_without_windows_or_relevance_is_an_error():
    with pytest.raises(InputError, match="no window"):
        SubjectSums("01").result()
    sums = SubjectSums("01")
    add(sums, make(np.zeros((2, 1, 1, 1)), absorbed=3.0))
    with pytest.raises(InputError, match="whatever the EEG is"):
        sums.result()
