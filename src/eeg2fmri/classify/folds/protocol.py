"""One fold: settings chosen in inner folds of the training subjects, then one look at the test subjects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eeg2fmri.classify.config import ClassifyConfig
from eeg2fmri.classify.folds.make import Fold, inner_folds, stratified, subject_labels
from eeg2fmri.classify.methods.choice import Method, Setting
from eeg2fmri.classify.methods.features import WindowData
from eeg2fmri.classify.scores.counts import count, scores
from eeg2fmri.classify.scores.votes import vote
from eeg2fmri.core.random import child_seed, generator
from eeg2fmri.results.classify.classification import Votes

#: Share of the mean difference of probabilities in the statistic of the test: less than any step of an AUC. With few
#: subjects AUCs are often equal, and a test that counts ties against the finding would hardly ever find.
TIE_BREAK = 1e-6


@dataclass(frozen=True, eq=False)
class FoldPrediction:
    """What a method gives in a fold.

    Attributes
    ----------
    probability : array, shape (test window, class)
    setting : dict
        What was chosen.
    losses : dict of str to [float, float]
        `inner_loss` of each setting, mean over the inner folds; empty where nothing was chosen.
    trained : object
        Models or pipeline, not kept on disk.
    """

    probability: np.ndarray
    setting: dict[str, Any]
    losses: dict[str, list[float]]
    trained: Any = None


def run_fold(data: WindowData, fold: Fold, method: Method, n_inner: int, seed: int) -> FoldPrediction:
    """Train a method on the training subjects of a fold and give its test subjects' probabilities.

    The labels of test subjects are not read.

    Parameters
    ----------
    data : WindowData
    fold : Fold
    method : Method
    n_inner : int
        Inner folds; 0 chooses nothing.
    seed : int
    """
    train, test = data.of(fold.train), data.of(fold.test)
    candidates = method.candidates()
    losses: dict[Setting, list[tuple[float, float]]] = defaultdict(list)
    chosen = candidates[0]
    if n_inner and method.chooses():
        labels = subject_labels(data.subjects[train], data.labels[train])
        for number, inner in enumerate(inner_folds(labels, n_inner, child_seed(seed, "inner"))):
            fit, held = data.of(inner.train), data.of(inner.test)
            own = child_seed(seed, "inner", number)
            for setting, probability in method.paths(data, fit, held, candidates, own):
                losses[setting].append(inner_loss(probability, data.labels[held], data.subjects[held]))
        chosen = min(losses, key=lambda setting: tuple(np.mean(losses[setting], axis=0)))
    probability, trained = method.final(data, train, test, chosen, child_seed(seed, "final"))
    named = {_words(setting): [float(v) for v in np.mean(values, axis=0)] for setting, values in losses.items()}
    return FoldPrediction(probability, dict(chosen), named, trained)


def _words(setting: Setting) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in setting)


def inner_loss(probability: np.ndarray, labels: np.ndarray, subjects: np.ndarray) -> tuple[float, float]:
    """1 - AUC over subjects by which settings are chosen, and the log loss that decides between equal ones.

    The log loss alone would choose whatever is least sure of itself.
    """
    votes = vote(subjects, labels, probability)
    auc = float(scores(count(*votes), np.ones((1, len(votes.labels))))["auc"][0])
    return 1 - auc, subject_log_loss(probability, labels, subjects)


def subject_log_loss(probability: np.ndarray, labels: np.ndarray, subjects: np.ndarray) -> float:
    """Mean over classes, over their subjects and over their windows of -log p of the true class."""
    loss = -np.log(probability[np.arange(len(labels)), labels].clip(1e-12))
    by_class: dict[int, list[float]] = defaultdict(list)
    for subject in np.unique(subjects):
        own = subjects == subject
        by_class[int(labels[own][0])].append(float(loss[own].mean()))
    return float(np.mean([np.mean(values) for values in by_class.values()]))


def permute_subjects(data: WindowData, rng: np.random.Generator) -> WindowData:
    """Deal the classes out to other subjects; the windows of a subject stay together."""
    names = list(dict.fromkeys(data.subjects.tolist()))
    own = [int(data.labels[data.subjects == name][0]) for name in names]
    dealt = dict(zip(names, rng.permutation(own).tolist(), strict=True))
    return replace(data, labels=np.array([dealt[name] for name in data.subjects.tolist()]))


def refit(data: WindowData, methods: Sequence[Method], config: ClassifyConfig, number: int) -> dict[str, float]:
    """Score each method with folds made and classifiers trained for permutation `number` of the classes.

    The score is the AUC over subjects, its ties broken by the mean difference of the probabilities.

    Number 0 leaves the classes as they are. Everything that is done with the classes is done again, so that under the
    null hypothesis that EEG and class are independent over subjects the numbers are exchangeable.
    """
    if number:
        data = permute_subjects(data, generator(config.seed, "refit", number))
    labels = subject_labels(data.subjects.tolist(), data.labels.tolist())
    smallest = min(list(labels.values()).count(c) for c in set(labels.values()))
    seed = child_seed(config.seed, "refit", number)
    folds = stratified(labels, min(config.refit_folds, smallest), seed)
    found = {}
    for name, probability in run_folds(data, folds, methods, 0, seed).items():
        votes = vote(data.subjects, data.labels, probability, config.vote)
        auc = float(scores(count(*votes), np.ones((1, len(votes.labels))))["auc"][0])
        found[name] = auc + TIE_BREAK * _slope(votes)
    return found


def _slope(votes: Votes) -> float:
    """Mean probability of the true class minus that of the others: between -1 and 1, and hardly ever the same twice."""
    true = np.eye(votes.probability.shape[1])[votes.labels].astype(bool)
    return float(votes.probability[true].mean() - votes.probability[~true].mean())


def refit_p(aucs: Sequence[float]) -> float:
    """P of the first AUC among those of permuted classes that follow."""
    # sums of the same numbers in another order differ by rounding: a tie must stay a tie
    return (1 + sum(value >= aucs[0] - 1e-14 for value in aucs[1:])) / len(aucs)


def run_folds(
    data: WindowData, folds: Sequence[Fold], methods: Sequence[Method], n_inner: int, seed: int
) -> Mapping[str, np.ndarray]:
    """Run every fold in this process: probabilities (window, class) of each method, by name."""
    found = {method.name: np.full((len(data.labels), len(data.classes)), np.nan) for method in methods}
    for number, fold in enumerate(folds):
        for method in methods:
            made = run_fold(data, fold, method, n_inner, child_seed(seed, "fold", number))
            found[method.name][data.of(fold.test)] = made.probability
    return found
