"""Decide whether slow changes are fitted, or taken out of features and volumes as drifts.

What is slow in BOLD is mostly the scanner, but not where people fall asleep. It is fitted where that predicts the whole
courses of people who are left out better, and what is left of them without slopes and bends over a whole recording no
worse: gels dry and scanners warm up in everybody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def slow_is_told(
    without: Recordings, whole: Recordings, views: Sequence[tuple[np.ndarray, Basis]], courses: Sequence[np.ndarray]
) -> bool:
    """Whether a fit with the slow part predicts people who are left out better than one without.

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
    bool
        True where the whole courses are predicted clearly better, and what is left of them without trends not clearly
        worse; see `eeg2fmri.models.regression.leave_out.clearly_better`.
    """
    before, after = ([trial for view in views for trial in _told(fitted, view, courses)] for fitted in (without, whole))
    (whole_before, rest_before), (whole_after, rest_after) = (
        [max((trial[k] for trial in trials), key=carried_over) for k in (0, 1)] for trials in (before, after)
    )
    return clearly_better(whole_after, whole_before) and not clearly_better(rest_before, rest_after)


def _told(
    fitted: Recordings, view: tuple[np.ndarray, Basis], courses: Sequence[np.ndarray]
) -> list[tuple[list[np.ndarray], list[np.ndarray]]]:
    """Predict the whole courses of those left out: for each penalty r (voxel,) by group, with trends and without."""
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
        found.append(_by_group(fitted, seen, weights, courses))
    return found


def _by_group(
    recordings: Recordings,
    features: Sequence[np.ndarray],
    weights: Mapping[str, np.ndarray],
    courses: Sequence[np.ndarray],
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Give r (voxel,) by group of what the weights of each (feature, voxel) predict, with trends and without."""
    told: dict[str, list[np.ndarray]] = {group: [] for group in recordings.groups}
    rest: dict[str, list[np.ndarray]] = {group: [] for group in recordings.groups}
    for run, x, y in zip(recordings.runs, features, courses, strict=True):
        predicted = x @ weights[run.group]
        slowest = drifts(len(y), 1.0, float(len(y)))
        told[run.group].append(temporal_r(predicted, y))
        rest[run.group].append(temporal_r(*(a - slowest @ (slowest.T @ a) for a in (predicted, y))))
    whole, without = ([np.mean(values, axis=0) for values in by_group.values()] for by_group in (told, rest))
    return whole, without
