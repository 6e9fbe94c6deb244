"""Predict BOLD from what else is known of a recording, without the EEG of the brain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.evaluate.controls.courses import Courses
from eeg2fmri.evaluate.controls.partial import without
from eeg2fmri.models.regression.leave_out import LeaveOneOut
from eeg2fmri.models.regression.moments import Moments, summed
from eeg2fmri.models.regression.threads import one_thread

#: Voxels on which the penalty is chosen.
CHOICE = 300


class Alone:
    """A ridge regression from some columns to the voxels, its penalty chosen with one training subject left out.

    Parameters
    ----------
    training : sequence of Courses
    features : mapping of recording to array, shape (volume, feature)
        Of the training recordings that have them; of their targets.

    Raises
    ------
    InputError
        If fewer than two training recordings have features, or these are constant.
    """

    def __init__(self, training: Sequence[Courses], features: Mapping[str, np.ndarray]) -> None:
        known = [one for one in training if one.id in features]
        if len(known) < 2:
            raise InputError(
                "it is known of fewer than two training recordings",
                got=f"{len(known)} of {len(training)}",
                expected="at least 2",
            )
        subjects = list(dict.fromkeys(one.subject for one in known))
        # a single subject: its recordings are left out in turn
        of = {one.id: one.subject if len(subjects) > 1 else one.id for one in known}
        groups = list(dict.fromkeys(of.values()))
        n_voxels = known[0].truth.shape[1]
        some = generator(0, "penalty of a control").permutation(n_voxels)[:CHOICE]
        x = {one.id: scaled(features[one.id], one) for one in known}
        of_group = [[one for one in known if of[one.id] == group] for group in groups]
        with one_thread():
            leave = LeaveOneOut(
                [np.concatenate([x[one.id] for one in group]) for group in of_group],
                [np.concatenate([one.truth[:, some] for one in group]) for group in of_group],
            )
            penalty = leave.choose().penalty
            self._weights = summed(Moments.of(x[one.id], one.truth) for one in known).weights(penalty)

    def predict(self, features: np.ndarray, courses: Courses) -> np.ndarray:
        """Predict the voxels (volume, voxel) of another recording from its features (volume, feature)."""
        found: np.ndarray = scaled(features, courses) @ self._weights
        return found


def scaled(features: np.ndarray, courses: Courses) -> np.ndarray:
    """Bring features (volume, feature) to unit deviation without drifts; 0 where they are constant."""
    left = without(np.asarray(features, np.float64), courses.basis)
    deviation = left.std(axis=0)
    varies = deviation > 1e-6 * np.abs(features).max(axis=0, initial=0)
    found: np.ndarray = np.where(varies, left / np.where(varies, deviation, 1), 0)
    return found


def group_course(training: Sequence[Courses], first: Mapping[str, int], courses: Courses) -> np.ndarray:
    """Predict what everybody's BOLD does at the same volume of the scan: the mean over training recordings, rank 1.

    Parameters
    ----------
    training : sequence of Courses
    first : mapping of recording to int
        Number of its first volume, counted from the start of the scan.
    courses : Courses
        The recording to predict.

    Returns
    -------
    array, shape (volume, voxel)
        0 at volumes that no training recording has.
    """
    wanted = {int(volume): row for row, volume in enumerate(courses.targets + first[courses.id])}
    total, counts = np.zeros_like(courses.truth), np.zeros(len(courses.truth))
    for one in training:
        both = [(wanted[v], k) for k, v in enumerate(map(int, one.targets + first[one.id])) if v in wanted]
        rows, of_one = np.array(both, int).reshape(-1, 2).T
        total[rows] += one.truth[of_one]
        counts[rows] += 1
    mean = total / np.maximum(counts, 1)[:, None]
    left, values, right = np.linalg.svd(mean, full_matrices=False)
    found: np.ndarray = values[0] * left[:, :1] @ right[:1]
    return found
