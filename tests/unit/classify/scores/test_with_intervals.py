import numpy as np
import pytest
from sklearn import metrics

from eeg2fmri.classify.scores.counts import count, scores
from eeg2fmri.classify.scores.votes import vote
from eeg2fmri.classify.scores.with_intervals import (
    calibration,
    difference,
    drawn_subjects,
    permuted_predictions,
    scored,
)


@pytest.fixture(params=[2, 3])
def predicted(request):
    rng = np.random.default_rng(request.param)
    subjects = np.repeat([f"s{k}" for k in range(9)], rng.integers(2, 6, 9))
    of = {f"s{k}": k % request.param for k in range(9)}
    labels = np.array([of[s] for s in subjects])
    probability = rng.dirichlet(np.ones(request.param), len(labels)).round(2) + 0.3 * np.eye(request.param)[labels]
    return subjects, labels, probability / probability.sum(axis=1, keepdims=True)


def expected(labels, probability):
    n, hard = probability.shape[1], probability.argmax(axis=1)
    classes = [1] if n == 2 else range(n)
    per = {"auc": [], "sensitivity": [], "specificity": [], "f1": []}
    for c in classes:
        per["auc"].append(metrics.roc_auc_score(labels == c, probability[:, c]))
        per["sensitivity"].append(metrics.recall_score(labels == c, hard == c))
        per["specificity"].append(metrics.recall_score(labels != c, hard != c))
        per["f1"].append(metrics.f1_score(labels == c, hard == c))
    return {"balanced_accuracy": metrics.balanced_accuracy_score(labels, hard)} | {
        k: np.mean(v) for k, v in per.items()
    }


def test_scores_are_those_of_scikit_learn(predicted):
    _, labels, probability = predicted
    found = scores(count(*predicted), np.ones((1, 9)))
    for name, value in expected(labels, probability).items():
        assert found[name][0] == pytest.approx(value), name


def test_drawing_a_subject_twice_is_having_its_windows_twice(predicted):
    subjects, labels, probability = predicted
    weights = np.array([[2, 1, 1, 3, 1, 2, 1, 1, 1]])
    index = {f"s{k}": k for k in range(9)}
    rows = np.concatenate([[k] * weights[0][index[s]] for k, s in enumerate(subjects)])
    found = scores(count(*predicted), weights)
    for name, value in expected(labels[rows], probability[rows]).items():
        assert found[name][0] == pytest.approx(value), name


def test_intervals_hold_the_score_and_grow_narrower_with_subjects():
    rng = np.random.default_rng(0)

    def width(n):
        labels = np.resize([0, 1], n)
        p = np.clip(0.5 + 0.15 * (2 * labels - 1) + 0.3 * rng.standard_normal(n), 0, 1)
        found = scored(count(np.arange(n), labels, np.column_stack([1 - p, p])), labels, 500, 0)
        assert found["auc"]["low"] <= found["auc"]["value"] <= found["auc"]["high"]
        return found["auc"]["high"] - found["auc"]["low"]

    assert width(200) < width(16) / 2


def test_draws_keep_the_size_of_each_class():
    labels = np.array([0, 0, 0, 1, 1])
    weights = drawn_subjects(labels, 50, 1)
    assert (weights[:, labels == 0].sum(axis=1) == 3).all()
    assert (weights[:, labels == 1].sum(axis=1) == 2).all()


def test_two_methods_are_compared_on_the_same_draws(predicted):
    counts = count(*predicted)
    labels = vote(*predicted).labels
    assert difference(counts, counts, labels, 100, 0) == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_votes_follow_their_rules():
    subjects, labels = np.array(["b", "b", "b", "a"]), np.array([1, 1, 1, 0])
    p = np.array([[0.0, 1.0], [0.6, 0.4], [0.6, 0.4], [0.5, 0.5]])
    mean, majority = vote(subjects, labels, p), vote(subjects, labels, p, "majority")
    assert mean.subjects.tolist() == ["b", "a"]
    np.testing.assert_allclose(mean.probability, [[0.4, 0.6], [0.5, 0.5]])
    np.testing.assert_allclose(majority.probability, [[2 / 3, 1 / 3], [1, 0]])


def test_permuted_predictions_are_rare_where_subjects_are_told_apart():
    labels = np.resize([0, 1], 12)
    p = np.where(labels == 1, 0.7, 0.3)
    votes = vote(np.arange(12), labels, np.column_stack([1 - p, p]))
    found = permuted_predictions(votes, 2000, 0)
    # one arrangement of 924 is as good
    assert found["fixed_p_auc"] == pytest.approx(1 / 924, abs=2.5e-3)
    assert found["p_auc"] is None


def test_calibration_by_hand():
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.3, 0.7]])
    found = calibration(np.array([0, 0, 1, 0]), p)
    assert found["brier"] == pytest.approx(2 * np.mean([0.01, 0.04, 0.09, 0.49]))
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.7, 0.3]).mean())
    # confidences 0.9, 0.8 right; 0.7 right half of the time
    assert found["expected_calibration_error"] == pytest.approx(0.25 * 0.1 + 0.25 * 0.2 + 0.5 * 0.2)
    assert [row["n"] for row in found["bins"]] == [1, 1, 2]
