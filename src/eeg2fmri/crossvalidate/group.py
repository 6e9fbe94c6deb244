"""Score voxels and regions over subjects, where the volumes are in one template space.

The flips assume that a subject's r is as likely above 0 as below where the EEG tells nothing. Runs of different folds
share training data, so that subjects are not quite independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.space import corresponds
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.significance.tests import sign_flip_test
from eeg2fmri.results.examples import read_map
from eeg2fmri.results.scores.evaluation import FOLDER
from eeg2fmri.results.scores.group import Group, GroupRegions, Places


def group_of(
    store: Store,
    folders: Mapping[str, Path],
    subject_of: Mapping[str, str],
    regions: Mapping[str, Any],
    rng: np.random.Generator,
) -> Group | None:
    """Average the maps of r over recordings of a subject, then over subjects, and test.

    Parameters
    ----------
    store : Store
    folders : mapping of recording to Path
        Run folder of the fold that tested it.
    subject_of : mapping of recording to subject
    regions : mapping of recording to dict
        As ``regions`` of an evaluation; empty without an atlas.
    rng : numpy Generator
        Draws signs where there are too many to try all.

    Returns
    -------
    Group or None
        None where voxels of different subjects do not correspond, no voxel is common, or there are fewer than two
        subjects.
    """
    subjects = tuple(dict.fromkeys(subject_of.values()))
    if len(subjects) < 2 or not corresponds(store.space):
        return None
    found = {name: read_map(folders[name] / FOLDER, name) for name in subject_of}
    maps = _by_subject({name: np.asarray(one.r, np.float64) for name, one in found.items()}, subject_of, subjects)
    common = np.isfinite(maps).all(axis=0)
    if not common.any():
        return None
    affine = next(iter(found.values())).affine
    voxels = over_subjects(maps[:, common], rng)
    return Group(subjects, affine, common, voxels, _regions(regions, subject_of, subjects, rng) if regions else None)


def over_subjects(scores: np.ndarray, rng: np.random.Generator) -> Places:
    """Average scores (subject, place) over subjects, with t and the p value corrected for all places."""
    mean = scores.mean(axis=0)
    error = scores.std(axis=0, ddof=1) / np.sqrt(len(scores))
    t = np.divide(mean, error, out=np.zeros_like(mean), where=error > 0)
    return Places(mean, t, sign_flip_test(scores, rng).p_max)


def _by_subject(values: Mapping[str, np.ndarray], subject_of: Mapping[str, str], subjects: Sequence[str]) -> np.ndarray:
    """Average arrays of recordings within subjects: (subject, ...)."""
    own = [[values[name] for name, subject in subject_of.items() if subject == each] for each in subjects]
    return np.stack([np.mean(each, axis=0) for each in own])


def _regions(
    regions: Mapping[str, Any], subject_of: Mapping[str, str], subjects: Sequence[str], rng: np.random.Generator
) -> GroupRegions | None:
    """Score the regions that every recording has, the highest mean r first."""
    of_recording = {
        name: {label: one["r"] for label, one in regions[name]["regions"].items() if one["r"] is not None}
        for name in subject_of
    }
    first = next(iter(of_recording.values()))
    names = [label for label in first if all(label in each for each in of_recording.values())]
    if not names:
        return None
    arrays = {name: np.array([each[label] for label in names]) for name, each in of_recording.items()}
    of_subjects = _by_subject(arrays, subject_of, subjects)
    found = over_subjects(of_subjects, rng)
    order = np.argsort(-found.mean)
    ordered = Places(found.mean[order], found.t[order], found.p[order])
    return GroupRegions(tuple(names[k] for k in order), ordered, of_subjects[:, order])
