"""One fold: settings chosen in inner folds of the training subjects, then one look at the test subjects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.classify.features import WindowData
from eeg2fmri.classify.folds import Fold, inner_folds, subject_labels
from eeg2fmri.classify.methods import Method, Setting
from eeg2fmri.core.random import child_seed


@dataclass(frozen=True, eq=False)
class FoldPrediction:
    """What a method gives in a fold.

    Attributes
    ----------
    probability : array, shape (test window, class)
    setting : dict
        What was chosen.
    losses : dict of str to float
        Loss of each setting in the inner folds; empty where nothing was chosen.
    trained : object
        Models or pipeline, not kept on disk.
    """

    probability: np.ndarray
    setting: dict[str, Any]
    losses: dict[str, float]
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
    losses: dict[Setting, list[float]] = defaultdict(list)
    chosen = candidates[0]
    if n_inner and (len(candidates) > 1 or method.name.endswith("view")):
        labels = subject_labels(data.subjects[train], data.labels[train])
        for number, inner in enumerate(inner_folds(labels, n_inner, child_seed(seed, "inner"))):
            fit, held = data.of(inner.train), data.of(inner.test)
            for candidate in candidates:
                own = child_seed(seed, "inner", number)
                for setting, probability in method.path(data, fit, held, candidate, own):
                    losses[setting].append(subject_log_loss(probability, data.labels[held], data.subjects[held]))
        chosen = min(losses, key=lambda setting: float(np.mean(losses[setting])))
    probability, trained = method.final(data, train, test, chosen, child_seed(seed, "final"))
    named = {_words(setting): float(np.mean(values)) for setting, values in losses.items()}
    return FoldPrediction(probability, dict(chosen), named, trained)


def _words(setting: Setting) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in setting)


def subject_log_loss(probability: np.ndarray, labels: np.ndarray, subjects: np.ndarray) -> float:
    """Mean over classes, over their subjects and over their windows of -log p of the true class."""
    loss = -np.log(probability[np.arange(len(labels)), labels].clip(1e-12))
    by_class: dict[int, list[float]] = defaultdict(list)
    for subject in np.unique(subjects):
        own = subjects == subject
        by_class[int(labels[own][0])].append(float(loss[own].mean()))
    return float(np.mean([np.mean(values) for values in by_class.values()]))


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
