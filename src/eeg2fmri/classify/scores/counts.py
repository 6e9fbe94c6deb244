"""Keep counts that scores are made of by subject, so that intervals over subjects are sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Scores, in the order in which they are given.
SCORES = ("balanced_accuracy", "auc", "sensitivity", "specificity", "f1")


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts by subject of units (windows, or the subjects themselves).

    Attributes
    ----------
    confusion : array, shape (subject, true class, predicted class)
    wins : array, shape (class, subject, subject)
        For units of the first subject that are of the class and units of the second that are not: how often the
        first is the more probable one of that class, ties half.
    pairs : array, shape (class, subject, subject)
        How many such pairs there are.
    """

    confusion: np.ndarray
    wins: np.ndarray
    pairs: np.ndarray


def count(subjects: np.ndarray, labels: np.ndarray, probability: np.ndarray) -> Counts:
    """Count units: subject (unit,), label (unit,), probability (unit, class)."""
    names = np.array(list(dict.fromkeys(subjects.tolist())))
    index = {name: k for k, name in enumerate(names.tolist())}
    of = np.array([index[name] for name in subjects.tolist()])
    n, n_classes = len(names), probability.shape[1]
    confusion = np.zeros((n, n_classes, n_classes))
    np.add.at(confusion, (of, labels, probability.argmax(axis=1)), 1)
    member = np.eye(n)[of]
    wins, pairs = np.zeros((n_classes, n, n)), np.zeros((n_classes, n, n))
    for c in range(n_classes):
        yes, no = labels == c, labels != c
        p = probability[yes, c][:, None]
        q = probability[no, c][None]
        better = (p > q) + 0.5 * (p == q)
        wins[c] = member[yes].T @ better @ member[no]
        pairs[c] = np.outer(member[yes].sum(axis=0), member[no].sum(axis=0))
    return Counts(confusion, wins, pairs)


def scores(counts: Counts, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Scores for weights of the subjects.

    Of two classes the last is the positive one. Of more, AUC, sensitivity, specificity and F1 are means over classes,
    each against the rest. NaN where a class has no weight.

    Parameters
    ----------
    counts : Counts
    weights : array, shape (draw, subject)
        1 for every subject gives the scores; numbers of times a subject was drawn give a bootstrap.

    Returns
    -------
    dict of str to array, shape (draw,)
    """
    confusion = np.einsum("ds,stp->dtp", weights, counts.confusion)
    total = confusion.sum(axis=(1, 2))
    hit = np.einsum("dcc->dc", confusion)
    true, predicted = confusion.sum(axis=2), confusion.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = hit / true
        others = total[:, None] - true
        specificity = (others - (predicted - hit)) / others
        f1 = 2 * hit / (true + predicted)
        auc = np.stack(
            [
                np.einsum("ds,st,dt->d", weights, wins, weights) / np.einsum("ds,st,dt->d", weights, pairs, weights)
                for wins, pairs in zip(counts.wins, counts.pairs, strict=True)
            ],
            axis=1,
        )
    chosen = slice(-1, None) if confusion.shape[1] == 2 else slice(None)
    means = {
        "auc": auc[:, chosen],
        "sensitivity": recall[:, chosen],
        "specificity": specificity[:, chosen],
        "f1": f1[:, chosen],
    }
    return {"balanced_accuracy": recall.mean(axis=1)} | {name: value.mean(axis=1) for name, value in means.items()}
