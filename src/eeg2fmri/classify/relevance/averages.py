"""Average the relevance of decisions over all folds, by class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.classify.folds.files import FoldResult
from eeg2fmri.classify.relevance.decisions import class_means, stability
from eeg2fmri.explain.inputs.axes import Axes
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.results.classify.class_maps import ClassMaps, own_models


def write_explanation(
    folder: Path,
    folds: Sequence[FoldResult],
    labels: dict[str, int],
    classes: Sequence[str],
    axes: Axes,
    card: ModelCard,
) -> dict[str, Any]:
    """Average the relevance of all folds by class, write it, and return the summary.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    folds : sequence of FoldResult
    labels : dict of subject to class
    classes : sequence of str
    axes : Axes
        Of the windows.
    card : ModelCard
        Of the synthesiser, for the place of the voxels.
    """
    subjects = np.array([labels[name] for fold in folds for name in fold.facts["test"]])
    shares = {name: _shares(np.concatenate([fold.arrays[name] for fold in folds])) for name in ("view", "eeg")}
    means = {name: class_means(maps, subjects, len(classes)).astype(np.float32) for name, maps in shares.items()}
    errors = np.concatenate([fold.arrays["errors"] for fold in folds])
    own = own_models(len(classes))
    summary = {
        "subjects": len(subjects),
        "speaks_for": classes[-1] if len(classes) == 2 else "each class against the rest",
        "stability": {
            name: {cls: stability(_by_fold(folds, labels, c, own[c], name)) for c, cls in enumerate(classes)}
            for name in ("view", "eeg")
        },
        "conservation_error": {"view": float(np.median(errors[..., 0])), "eeg": float(np.median(errors[..., 1]))},
    }
    arrays = {**means, **axes.arrays(), "classes": np.array(classes)}
    ClassMaps(summary, arrays, np.asarray(card.affine, float)).write(folder)
    return summary


def mean_relevance(
    folds: Sequence[FoldResult], labels: dict[str, int], classes: Sequence[str], prefix: str = ""
) -> dict[str, np.ndarray]:
    """Average the relevance of each class's subjects for the class's own model.

    Parameters
    ----------
    folds, labels, classes
        As in `write_explanation`.
    prefix : str
        Of the names of the folds' arrays; ``"control "`` for the untrained view.

    Returns
    -------
    dict
        ``view`` (class, x, y, z) and ``eeg`` (class, channel, freq, time), shares of each subject's absolute sum; NaN
        for a class without subjects.
    """
    subjects = np.array([labels[name] for fold in folds for name in fold.facts["test"]])
    own = own_models(len(classes))
    found = {}
    for name in ("view", "eeg"):
        shares = _shares(np.concatenate([fold.arrays[f"{prefix}{name}"] for fold in folds]))
        means = class_means(shares, subjects, len(classes))
        found[name] = np.stack([means[c, own[c]] for c in range(len(classes))])
    return found


def _shares(maps: np.ndarray) -> np.ndarray:
    """Divide maps (subject, model, ...) by their absolute sum: subjects weigh the same."""
    total = np.abs(maps).sum(axis=tuple(range(2, maps.ndim)), keepdims=True)
    shares: np.ndarray = maps / np.where(total > 0, total, 1)
    return shares


def _by_fold(folds: Sequence[FoldResult], labels: dict[str, int], c: int, model: int, name: str) -> list[np.ndarray]:
    """Mean map of a class in each fold that has a test subject of it."""
    found = []
    for fold in folds:
        members = [k for k, subject in enumerate(fold.facts["test"]) if labels[subject] == c]
        if members:
            found.append(_shares(fold.arrays[name][members])[:, model].mean(axis=0))
    return found
