"""Two classes by one view classifier, more by one for each class against the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from eeg2fmri.classify.view_training.train import ViewTraining, positive_probability, train_view
from eeg2fmri.core.random import child_seed
from eeg2fmri.models.classifiers.linear_view import LinearView
from eeg2fmri.models.classifiers.view import ViewClassifier


def fit_one_vs_rest(
    build: Callable[[int], ViewClassifier],
    windows: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    settings: ViewTraining,
    seed: int,
    groups: np.ndarray | None = None,
    watched: np.ndarray | None = None,
) -> tuple[list[ViewClassifier], list[np.ndarray]]:
    """Train one classifier for two classes, or one for each class.

    Parameters
    ----------
    build : function of a seed
        Gives a new, untrained view classifier.
    windows : array, shape (window, channel, freq, time)
    labels : int array, shape (window,)
        Classes from 0.
    n_classes : int
    settings, seed, groups
        As in `train_view`.
    watched : array, shape (other window, channel, freq, time), optional
        Windows whose probabilities are wanted after every epoch.

    Returns
    -------
    models : list of ViewClassifier
    path : list of array, shape (other window, class)
        Probabilities of the watched windows after each epoch; empty if none are watched.
    """
    positives = [1] if n_classes == 2 else list(range(n_classes))
    models: list[ViewClassifier] = []
    columns: list[list[np.ndarray]] = []
    for positive in positives:
        own = child_seed(seed, "class", positive)
        model = build(own % 2**31)
        seen: list[np.ndarray] = []

        def watch(_: int, trained: ViewClassifier, seen: list[np.ndarray] = seen) -> None:
            assert watched is not None
            seen.append(positive_probability(trained, watched))

        train_view(
            model,
            windows,
            (labels == positive).astype(int),
            settings,
            own,
            groups,
            watch if watched is not None else None,
        )
        models.append(model)
        columns.append(seen)
    return models, [combine([column[epoch] for column in columns]) for epoch in range(len(columns[0]))]


def probabilities(
    models: Sequence[ViewClassifier | LinearView], windows: np.ndarray, passes: int = 1, seed: int = 0
) -> np.ndarray:
    """Probabilities (window, class) of the models that `fit_one_vs_rest` gave."""
    return combine([positive_probability(model, windows, passes=passes, seed=seed) for model in models])


def combine(positive: Sequence[np.ndarray]) -> np.ndarray:
    """Turn the probability of each class against the rest, shape (window,) each, into (window, class) with sum 1."""
    if len(positive) == 1:
        return np.column_stack([1 - positive[0], positive[0]])
    stacked = np.column_stack(positive).clip(1e-12)
    normalised: np.ndarray = stacked / stacked.sum(axis=1, keepdims=True)
    return normalised
