"""Scores per window and per subject with intervals, tests and calibration, all over subjects."""

from __future__ import annotations

from typing import Any

import numpy as np

from eeg2fmri.classify.scores.counts import SCORES, Counts, count, scores
from eeg2fmri.core.random import generator
from eeg2fmri.results.classify.classification import Votes

#: Coverage of the intervals.
LEVEL = 0.95
#: Equal parts of 0 to 1 in which predicted probabilities are compared with what happened.
BINS = 10


def drawn_subjects(labels: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Draw subjects with replacement within each class: how often each was drawn, shape (draw, subject).

    The same seed gives the same draws: methods are compared on the same subjects.
    """
    rng = generator(seed, "bootstrap")
    weights = np.zeros((draws, len(labels)))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        weights[:, own] = rng.multinomial(len(own), np.full(len(own), 1 / len(own)), size=draws)
    return weights


def scored(counts: Counts, labels: np.ndarray, draws: int, seed: int) -> dict[str, dict[str, float | None]]:
    """Score with percentile intervals over subjects: ``value``, ``low`` and ``high`` of every score.

    Parameters
    ----------
    counts : Counts
    labels : int array, shape (subject,)
    draws : int
        Below 2 gives no interval.
    seed : int
    """
    values = scores(counts, np.ones((1, len(labels))))
    samples = scores(counts, drawn_subjects(labels, draws, seed)) if draws > 1 else {}
    found: dict[str, dict[str, float | None]] = {}
    for name in SCORES:
        sample = samples.get(name, np.empty(0))
        sample = sample[np.isfinite(sample)]
        low, high = np.quantile(sample, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if sample.size else (np.nan, np.nan)
        found[name] = {"value": _number(values[name][0]), "low": _number(low), "high": _number(high)}
    return found


def difference(
    one: Counts, other: Counts, labels: np.ndarray, draws: int, seed: int, score: str = "auc"
) -> dict[str, float | None]:
    """Difference of a score of two methods on the same subjects, with an interval over subjects drawn together."""
    whole = np.ones((1, len(labels)))
    value = float(scores(one, whole)[score][0] - scores(other, whole)[score][0])
    low = high = float("nan")
    if draws > 1:
        weights = drawn_subjects(labels, draws, seed)
        sample = scores(one, weights)[score] - scores(other, weights)[score]
        sample = sample[np.isfinite(sample)]
        low, high = np.quantile(sample, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return {"value": _number(value), "low": _number(low), "high": _number(high)}


def permuted_predictions(votes: Votes, draws: int, seed: int) -> dict[str, Any]:
    """Permute the classes over subjects' probabilities as they are: a hint, and no test.

    Windows of a subject stay together, but no classifier is trained again: predictions of different folds depend on
    each other, and the spread of their scores without any effect is wider than permuting them shows. The test that
    holds its level trains again, `eeg2fmri.classify.folds.protocol.refit`.

    Returns
    -------
    dict
        ``fixed_p_auc`` and ``fixed_p_balanced_accuracy`` = (1 + permutations that reach the score) / (1 + draws),
        ``draws``; ``p_auc`` is None, for the test that trains again.
    """
    if draws < 1:
        return {"p_auc": None, "fixed_p_auc": None, "fixed_p_balanced_accuracy": None, "draws": 0}
    rng = generator(seed, "permutation")
    observed = _subject_scores(votes.labels[None], votes.probability)
    permuted = np.stack([rng.permutation(votes.labels) for _ in range(draws)])
    null = _subject_scores(permuted, votes.probability)
    # sums of the same numbers in another order differ by rounding: a tie must stay a tie
    p = {name: (1 + int(np.sum(null[name] >= observed[name][0] - 1e-9))) / (1 + draws) for name in observed}
    return {
        "p_auc": None,
        "fixed_p_auc": p["auc"],
        "fixed_p_balanced_accuracy": p["balanced_accuracy"],
        "draws": draws,
    }


def _subject_scores(labels: np.ndarray, probability: np.ndarray) -> dict[str, np.ndarray]:
    """AUC and balanced accuracy for rows of labels (draw, subject) of one probability (subject, class)."""
    from scipy.stats import rankdata

    n_classes = probability.shape[1]
    predicted = probability.argmax(axis=1)
    auc, recall = [], []
    for c in range(n_classes):
        yes = labels == c
        size = yes.sum(axis=1)
        ranks = rankdata(probability[:, c])
        wins = yes @ ranks - size * (size + 1) / 2
        auc.append(wins / (size * (labels.shape[1] - size)))
        recall.append((yes & (predicted == c)).sum(axis=1) / size)
    kept = auc[-1:] if n_classes == 2 else auc
    return {"auc": np.mean(kept, axis=0), "balanced_accuracy": np.mean(recall, axis=0)}


def calibration(labels: np.ndarray, probability: np.ndarray) -> dict[str, Any]:
    """Compare predicted probabilities with what happened.

    Parameters
    ----------
    labels : int array, shape (unit,)
    probability : array, shape (unit, class)

    Returns
    -------
    dict
        ``brier`` (mean squared error over classes, 0 to 2; 0.5 is a coin of two classes), ``log_loss`` (nats),
        ``expected_calibration_error`` of the predicted class's probability, and ``bins``: of the last class, mean
        probability, fraction that had it, and number of units in each tenth.
    """
    truth = np.eye(probability.shape[1])[labels]
    confidence, right = probability.max(axis=1), probability.argmax(axis=1) == labels
    error = 0.0
    for own in _tenths(confidence):
        error += own.mean() * abs(confidence[own].mean() - right[own].mean())
    positive, happened = probability[:, -1], labels == probability.shape[1] - 1
    return {
        "brier": float(((probability - truth) ** 2).sum(axis=1).mean()),
        "log_loss": float(-np.log(probability[np.arange(len(labels)), labels].clip(1e-12)).mean()),
        "expected_calibration_error": float(error),
        "bins": [
            {"probability": float(positive[own].mean()), "fraction": float(happened[own].mean()), "n": int(own.sum())}
            for own in _tenths(positive)
        ],
    }


def _tenths(values: np.ndarray) -> list[np.ndarray]:
    part = np.minimum((values * BINS).astype(int), BINS - 1)
    return [part == k for k in range(BINS) if (part == k).any()]


def method_scores(
    subjects: np.ndarray,
    labels: np.ndarray,
    probability: np.ndarray,
    votes: Votes,
    draws: int,
    permutations: int,
    seed: int,
) -> tuple[dict[str, Any], Counts]:
    """Everything that is said of one method, and the subject counts for comparisons."""
    windows, by_subject = count(subjects, labels, probability), count(*votes)
    found = {
        "subject": scored(by_subject, votes.labels, draws, seed),
        "window": scored(windows, votes.labels, draws, seed),
        "permutation": permuted_predictions(votes, permutations, seed),
        "calibration": {
            "subject": calibration(votes.labels, votes.probability),
            "window": calibration(labels, probability),
        },
    }
    return found, by_subject


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
