"""Decide whether slow changes are fitted, or taken out of features and volumes as drifts.

What is slow in BOLD is mostly the scanner, but not where people fall asleep. It is fitted where that predicts the whole
courses of people who are left out better, and two other things no worse: what is left without slopes and bends over a
whole recording, as gels dry and scanners warm up in everybody's; and what is left without any drift, by which
synthesised courses are judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from eeg2fmri.models.recommended.families.family import Basis
from eeg2fmri.models.recommended.haemodynamic import drifts
from eeg2fmri.models.recommended.recordings import Recordings
from eeg2fmri.models.regression.leave_out import carried_over, clearly_better, temporal_r
from eeg2fmri.models.regression.moments import Moments, summed

#: Penalties with which the two are compared.
PENALTIES = (100.0, 3000.0)
#: Times that groups are left out.
FOLDS = 5


def slow_part(
    without: Recordings, whole: Recordings, views: Sequence[tuple[np.ndarray, Basis]], courses: Sequence[np.ndarray]
) -> Literal["told", "costly", "not told"]:
    """Say whether the EEG tells the slow part of people who are left out, and whether it is worth fitting.

    Parameters
    ----------
    without, whole : Recordings
        With the drifts that would be taken out, and with none but the mean.
    views : sequence of (int array, Basis)
        Columns of the windows and what is seen of them, of each family that is tried.
    courses : sequence of array, shape (pair, voxel)
        Of some voxels, as they are, one array a run.

    Returns
    -------
    {"told", "costly", "not told"}
        ``told`` where the whole courses are predicted clearly better, and what is left of them without trends, and
        without drifts, not clearly worse; ``costly`` where only what is left without drifts is worse; see
        `eeg2fmri.models.regression.leave_out.clearly_better`.
    """
    slow = [run.slow for run in without.runs]
    before, after = (
        [trial for view in views for trial in _told(fitted, view, courses, slow)] for fitted in (without, whole)
    )
    (whole_before, *rest_before), (whole_after, *rest_after) = (
        [max((trial[k] for trial in trials), key=carried_over) for k in range(3)] for trials in (before, after)
    )
    without_trends, without_drifts = (clearly_better(a, b) for a, b in zip(rest_before, rest_after, strict=True))
    if without_trends or not clearly_better(whole_after, whole_before):
        return "not told"
    return "costly" if without_drifts else "told"


def _told(
    fitted: Recordings, view: tuple[np.ndarray, Basis], courses: Sequence[np.ndarray], slow: Sequence[np.ndarray]
) -> list[list[list[np.ndarray]]]:
    """Predict the whole courses of those left out: for each penalty what `_by_group` gives."""
    of_group = {group: k % FOLDS for k, group in enumerate(fitted.groups)}
    columns, basis = view
    raw = [basis.features(run.rows[:, :, columns]) for run in fitted.runs]
    clean = [run.without_drift(x) for run, x in zip(fitted.runs, raw, strict=True)]
    size = np.sqrt(np.mean([np.mean(x**2, axis=0) for x in clean], axis=0))
    scale = np.divide(1, size, out=np.zeros_like(size), where=size > 1e-9 * max(float(size.max()), 1e-12))
    parts: dict[int, list[Moments]] = {}
    for run, x, y in zip(fitted.runs, clean, courses, strict=True):
        own = Moments.of(x * scale, run.without_drift(y))
        parts.setdefault(of_group[run.group], []).append(own)
    folds = {fold: summed(own) for fold, own in parts.items()}
    total = summed(folds.values())
    seen = [x * scale for x in raw]
    found = []
    for penalty in PENALTIES:
        by_fold = {fold: (total - own).weights(penalty) for fold, own in folds.items()}
        weights = {group: by_fold[fold] for group, fold in of_group.items()}
        found.append(_by_group(fitted, seen, weights, courses, slow))
    return found


def _by_group(
    recordings: Recordings,
    features: Sequence[np.ndarray],
    weights: Mapping[str, np.ndarray],
    courses: Sequence[np.ndarray],
    slow: Sequence[np.ndarray],
) -> list[list[np.ndarray]]:
    """Give r (voxel,) by group of what its weights (feature, voxel) predict: as is, without trends, without drifts."""
    told: dict[str, list[list[np.ndarray]]] = {group: [] for group in recordings.groups}
    for run, x, y, drift in zip(recordings.runs, features, courses, slow, strict=True):
        predicted = x @ weights[run.group]
        trends = drifts(len(y), 1.0, float(len(y)))
        pairs = [(predicted, y), *([a - out @ (out.T @ a) for a in (predicted, y)] for out in (trends, drift))]
        told[run.group].append([temporal_r(a, b) for a, b in pairs])
    return [[np.mean([one[k] for one in of], axis=0) for of in told.values()] for k in range(3)]
