"""Relevance of decisions over all folds, averaged by class, as files.

``explanation/`` holds

- ``class-<name>_desc-view_relevance.nii.gz``: relevance of each voxel of the view, mean over the class's subjects, each
  explained by the classifier that had not seen it, as a share of the subject's absolute sum;
- ``relevance.npz``: ``view`` (class, model, x, y, z), ``eeg`` (class, model, channel, freq, time), ``electrodes``,
  ``frequencies`` in Hz, ``times`` in s before the volume;
- ``electrodes.csv``, ``frequencies.csv``, ``times.csv``: sums of the EEG relevance along the other axes, by class;
- ``summary.json``: stability over folds, conservation errors;
- ``truth.json``, of simulated groups alone: agreement with what is true of them, see
  `eeg2fmri.classify.relevance.explanation_truth`.

With more than two classes each class has a classifier of its own against the rest, and its maps are of that one.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.classify.folds.files import FoldResult
from eeg2fmri.classify.relevance.decisions import class_means, stability
from eeg2fmri.core.files import write_json
from eeg2fmri.explain.inputs.axes import Axes, per_electrode, per_frequency, per_time
from eeg2fmri.explain.results.images import write_volume
from eeg2fmri.models.saving.card import ModelCard


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
    folder.mkdir(exist_ok=True)
    subjects = np.array([labels[name] for fold in folds for name in fold.facts["test"]])
    shares = {name: _shares(np.concatenate([fold.arrays[name] for fold in folds])) for name in ("view", "eeg")}
    means = {name: class_means(maps, subjects, len(classes)) for name, maps in shares.items()}
    own = [0] * len(classes) if len(classes) == 2 else list(range(len(classes)))
    affine = np.asarray(card.affine, float)
    for c, name in enumerate(classes):
        if np.isfinite(means["view"][c, own[c]]).all():
            write_volume(folder / f"class-{name}_desc-view_relevance.nii.gz", means["view"][c, own[c]], affine)
    arrays: dict[str, Any] = {
        "view": means["view"].astype(np.float32),
        "eeg": means["eeg"].astype(np.float32),
        **axes.arrays(),
        "classes": np.array(classes),
    }
    np.savez_compressed(folder / "relevance.npz", **arrays)
    eeg = np.stack([means["eeg"][c, own[c]] for c in range(len(classes))])
    for file, first, values, sums in (
        ("electrodes", "electrode", axes.electrodes, per_electrode(eeg)),
        ("frequencies", "frequency_hz", axes.frequencies, per_frequency(eeg)),
        ("times", "time_before_volume_s", axes.times, per_time(eeg)),
    ):
        with (folder / f"{file}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow([first, *classes])
            writer.writerows([value, *row] for value, row in zip(values, sums.T.tolist(), strict=True))
    errors = np.concatenate([fold.arrays["errors"] for fold in folds])
    summary = {
        "subjects": len(subjects),
        "speaks_for": classes[-1] if len(classes) == 2 else "each class against the rest",
        "stability": {
            name: {cls: stability(_by_fold(folds, labels, c, own[c], name)) for c, cls in enumerate(classes)}
            for name in ("view", "eeg")
        },
        "conservation_error": {"view": float(np.median(errors[..., 0])), "eeg": float(np.median(errors[..., 1]))},
    }
    write_json(folder / "summary.json", summary)
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
    own = [0] * len(classes) if len(classes) == 2 else list(range(len(classes)))
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
