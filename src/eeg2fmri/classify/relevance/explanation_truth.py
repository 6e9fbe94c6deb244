"""The explanation of all folds beside what is true of simulated groups, as ``explanation/truth.json``.

For each group that differs from the first: how the relevance of the view agrees with the truth, and the same of a view
from an untrained synthesiser where there is one (see `eeg2fmri.classify.relevance.groups_truth` for the numbers).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.classify.folds.files import FoldResult
from eeg2fmri.classify.relevance.averages import mean_relevance
from eeg2fmri.classify.relevance.groups_truth import GroupsTruth, agreement, sentence
from eeg2fmri.core.disk.files import write_json
from eeg2fmri.explain.inputs.axes import Axes
from eeg2fmri.models.recommended.locality import voxel_positions
from eeg2fmri.models.saving.card import ModelCard


def compare_with_truth(
    folder: Path,
    folds: Sequence[FoldResult],
    labels: dict[str, int],
    classes: Sequence[str],
    axes: Axes,
    card: ModelCard,
    mask: np.ndarray | None,
    truth: GroupsTruth,
) -> dict[str, Any]:
    """Compare, write ``truth.json`` into the folder of the explanation, and return its content.

    Parameters
    ----------
    folder : Path
    folds, labels, classes, axes, card
        As in `eeg2fmri.classify.relevance.averages.write_explanation`.
    mask : bool array, shape (x, y, z), or None
        Brain of the synthesiser's training group; None takes every voxel.
    truth : GroupsTruth
    """
    inside = np.ones(tuple(card.grid), bool) if mask is None else mask
    places = voxel_positions(inside, np.asarray(card.affine, float), card.space)
    found: dict[str, Any] = {"groups": {}, "sentences": []}
    for prefix, name in (("", "view"), ("control ", "untrained view")):
        if not all(f"{prefix}view" in fold.arrays for fold in folds):
            continue
        means = mean_relevance(folds, labels, classes, prefix)
        for c, group in enumerate(classes):
            view, eeg = means["view"][c], means["eeg"][c]
            if group not in truth.change or not truth.change[group].any() or not np.isfinite(view).all():
                continue
            made = agreement(truth, group, view[inside], eeg, places, axes)
            found["groups"].setdefault(group, {})[name] = made
            if name == "view":
                found["sentences"].append(sentence(group, made))
    write_json(folder / "truth.json", found)
    return found
