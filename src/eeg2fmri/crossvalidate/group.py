"""Maps and regions over subjects, where the volumes are in one template space.

Beside the scores of all folds stand, as NIfTI images that are NaN where no subject has a score,

- ``group_desc-meanr_map.nii.gz``: mean temporal r over subjects,
- ``group_desc-t_map.nii.gz``: its t value over subjects,
- ``group_desc-pmax_map.nii.gz``: its p value, corrected for all voxels by the largest mean (signs of subjects flipped),

and with an atlas ``group_regions.tsv``: name, mean r, t and corrected p of each region.

The flips assume that a subject's r is as likely above 0 as below where the EEG tells nothing. Runs of different folds
share training data, so that subjects are not quite independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.files import write_csv
from eeg2fmri.core.space import corresponds
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.significance.tests import sign_flip_test
from eeg2fmri.results.evaluation import FOLDER
from eeg2fmri.results.examples import read_map
from eeg2fmri.results.files import cell
from eeg2fmri.results.images import write_map
from eeg2fmri.results.method import SIGNIFICANT

#: Share of the subjects that must have a voxel.
COMMON = 1.0


def write_group(
    store: Store,
    folders: Mapping[str, Path],
    subject_of: Mapping[str, str],
    regions: Mapping[str, Any],
    out: Path,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Write maps over subjects, and a table of regions where an atlas was given.

    Parameters
    ----------
    store : Store
    folders : mapping of recording to Path
        Run folder of the fold that tested it.
    subject_of : mapping of recording to subject
    regions : mapping of recording to dict
        As ``regions`` of an evaluation; empty without an atlas.
    out : Path
    rng : numpy Generator
        Draws signs where there are too many to try all.

    Returns
    -------
    dict
        ``group``: number of subjects, share of the voxels that are significant, the highest mean r and where it is.
        Empty where voxels of different subjects do not correspond, or there are fewer than two subjects.
    """
    subjects = tuple(dict.fromkeys(subject_of.values()))
    if len(subjects) < 2 or not corresponds(store.space):
        return {}
    found = {name: read_map(folders[name] / FOLDER, name) for name in subject_of}
    maps = _by_subject({name: np.asarray(one.r) for name, one in found.items()}, subject_of, subjects)
    affine = next(iter(found.values())).affine
    common = np.isfinite(maps).mean(axis=0) >= COMMON
    if not common.any():
        return {}
    mean, t, p = over_subjects(maps[:, common], rng)
    for name, values in (("meanr", mean), ("t", t), ("pmax", p)):
        volume = np.full(common.shape, np.nan)
        volume[common] = values
        write_map(out / f"group_desc-{name}_map.nii.gz", volume, affine, undefined=np.nan)
    peak = np.argwhere(common)[int(np.argmax(mean))]
    if regions:
        _write_regions(regions, subject_of, subjects, out / "group_regions.tsv", rng)
    return {
        "group": {
            "subjects": len(subjects),
            "voxels": int(common.sum()),
            "significant": float(np.mean(p <= SIGNIFICANT)),
            "highest_r": float(mean.max()),
            "highest_at_mm": (affine[:3, :3] @ peak + affine[:3, 3]).tolist(),
        }
    }


def over_subjects(scores: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average scores (subject, place) over subjects, with t and the p value corrected for all places."""
    mean = scores.mean(axis=0)
    error = scores.std(axis=0, ddof=1) / np.sqrt(len(scores))
    t = np.divide(mean, error, out=np.zeros_like(mean), where=error > 0)
    return mean, t, sign_flip_test(scores, rng).p_max


def _by_subject(values: Mapping[str, np.ndarray], subject_of: Mapping[str, str], subjects: Sequence[str]) -> np.ndarray:
    """Average arrays of recordings within subjects: (subject, ...)."""
    own = [[values[name] for name, subject in subject_of.items() if subject == each] for each in subjects]
    return np.stack([np.mean(each, axis=0) for each in own])


def _write_regions(
    regions: Mapping[str, Any],
    subject_of: Mapping[str, str],
    subjects: Sequence[str],
    path: Path,
    rng: np.random.Generator,
) -> None:
    """Write a row a region that every recording has, the highest mean r first."""
    of_recording = {
        name: {label: one["r"] for label, one in regions[name]["regions"].items() if one["r"] is not None}
        for name in subject_of
    }
    first = next(iter(of_recording.values()))
    labels = [label for label in first if all(label in each for each in of_recording.values())]
    if not labels:
        return
    arrays = {name: np.array([each[label] for label in labels]) for name, each in of_recording.items()}
    mean, t, p = over_subjects(_by_subject(arrays, subject_of, subjects), rng)
    rows = [[labels[k], *(cell(float(column[k])) for column in (mean, t, p))] for k in np.argsort(-mean)]
    write_csv(path, ["region", "mean_r", "t", "p_max"], rows, delimiter="\t")
