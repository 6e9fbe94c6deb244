"""Trace a decision to voxels of the view, and to electrodes, frequencies and times.

Relevance (Bach et al., PLoS ONE 10, 2015) of the log odds of a class, by the rules of `eeg2fmri.explain`: first from
the decision to the synthesised volume, then on to the EEG window. Positive speaks for the class. Relevance says what
this classifier used; it is no map of what differs between groups (Haufe et al., NeuroImage 87, 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch

from eeg2fmri.explain.rules.choice import composite
from eeg2fmri.explain.rules.propagation import propagate
from eeg2fmri.models.classifiers.linear_view import LinearView
from eeg2fmri.models.classifiers.view import ViewClassifier


@dataclass(frozen=True, eq=False)
class DecisionRelevance:
    """Relevance of windows for the log odds that a model gives; all in the unit of log odds.

    Attributes
    ----------
    view : array, shape (window, x, y, z)
    eeg : array, shape (window, channel, freq, time)
    explained : array, shape (window,)
        The log odds.
    view_error, eeg_error : float
        |sum of the relevance - log odds|, relative to |log odds|: what biases keep.
    """

    view: np.ndarray
    eeg: np.ndarray
    explained: np.ndarray
    view_error: float
    eeg_error: float


def explain_decisions(model: ViewClassifier | LinearView, windows: np.ndarray) -> DecisionRelevance:
    """Explain the decisions of a binary view classifier.

    Parameters
    ----------
    model : ViewClassifier or LinearView
    windows : array, shape (window, channel, freq or band, time)

    Raises
    ------
    ConfigError
        If the model does something that has no rule.
    """
    chosen = composite("default")
    x = torch.from_numpy(np.ascontiguousarray(windows, np.float32)).to(next(model.parameters()).dtype)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        views = model.view(x)
    to_view = propagate(model.classifier, views, lambda v: {"logit": model.classifier(v).logit[:, 0]}, chosen)["logit"]
    to_eeg = propagate(model, x, lambda v: {"logit": model(v).logit[:, 0]}, chosen)["logit"]
    model.train(was_training)
    return DecisionRelevance(
        view=to_view.relevance.detach().numpy(),
        eeg=to_eeg.relevance.detach().numpy(),
        explained=to_eeg.explained.detach().numpy(),
        view_error=to_view.error(),
        eeg_error=to_eeg.error(),
    )


def spread_evenly(indices: np.ndarray, wanted: int) -> np.ndarray:
    """Choose some of the indices, evenly."""
    if len(indices) <= wanted:
        return indices
    return indices[np.linspace(0, len(indices) - 1, wanted).round().astype(int)]


def class_means(maps: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Mean of subjects' maps (subject, ...) in each class: (class, ...); NaN for a class without subjects."""
    empty = np.full(maps.shape[1:], np.nan)
    return np.stack([maps[labels == c].mean(axis=0) if (labels == c).any() else empty for c in range(n_classes)])


def stability(maps: Sequence[np.ndarray]) -> float | None:
    """Mean over pairs of folds of the correlation of their maps; None where there are no two that vary."""
    flat = [np.ravel(m).astype(float) for m in maps]
    flat = [m for m in flat if m.std() > 0]
    found = [float(np.corrcoef(a, b)[0, 1]) for a, b in combinations(flat, 2)]
    return float(np.mean(found)) if found else None
