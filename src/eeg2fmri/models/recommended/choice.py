"""Choose among families of features by the training group, with one subject left out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.models.recommended.families.family import Basis, Family
from eeg2fmri.models.recommended.local import local_prediction
from eeg2fmri.models.recommended.recordings import Recordings
from eeg2fmri.models.regression.compress import principal_directions
from eeg2fmri.models.regression.leave_out import LeaveOneOut, carried_over, r_of_groups
from eeg2fmri.models.regression.moments import Moments, summed

#: Features of a family at most; more are brought to their principal directions.
MOST_FEATURES = 768


@dataclass(frozen=True, eq=False)
class Design:
    """Features of a family in every group, drifts removed, in the units of the penalty.

    Attributes
    ----------
    family : Family
    basis : Basis
    groups : list of array of float32, shape (pair, feature)
    back : array, shape (raw feature, feature)
        Raw features times this are the features.
    """

    family: Family
    basis: Basis
    groups: list[np.ndarray]
    back: np.ndarray

    @classmethod
    def of(cls, recordings: Recordings, columns: np.ndarray, family: Family, basis: Basis) -> Design:
        """Compute the features of all groups."""
        groups = [
            np.concatenate([run.without_drift(basis.features(run.rows[:, :, columns])) for run in recordings.of(group)])
            for group in recordings.groups
        ]
        squares = np.sum([np.sum(x.astype(np.float64) ** 2, axis=0) for x in groups], axis=0)
        scale = np.sqrt(squares / sum(map(len, groups)))
        n_courses = len(basis.time)
        spread = np.repeat(basis.deviation, len(scale) // n_courses)
        # a flat electrode has no weight
        factor = np.divide(spread, scale, out=np.zeros_like(scale), where=scale > 1e-9 * max(float(scale.max()), 1e-12))
        for x in groups:
            x *= factor.astype(np.float32)
        back: np.ndarray = np.diag(factor)
        if len(scale) > MOST_FEATURES and not family.local:
            directions = principal_directions(np.concatenate(groups), MOST_FEATURES)
            groups, back = [x @ directions for x in groups], factor[:, None] * directions
        return cls(family, basis, groups, back)

    def filters(self, weights: np.ndarray) -> np.ndarray:
        """Bring weights (component, feature) to weights of windows (component, time, column, channel)."""
        return self.basis.filters(weights @ self.back.T)


@dataclass(frozen=True, eq=False)
class Candidate:
    """A family with the penalty that predicts subjects who are left out best.

    Attributes
    ----------
    design : Design
    penalty : float
    r : float
        Of what is predicted for those left out, on the voxels it is chosen on; see `carried_over`.
    unseen : list of array, shape (pair, voxel)
        The predictions, one array a group.
    prior : array, shape (cell, feature), or None
        Prior deviations, where near electrodes weigh more.
    weight : float
        In the stack.
    """

    design: Design
    penalty: float
    r: float
    unseen: list[np.ndarray]
    prior: np.ndarray | None = None
    weight: float = 0.0


def candidate(design: Design, targets: Sequence[np.ndarray], penalties: Sequence[float]) -> Candidate:
    """Choose the penalty of a family: every other one is tried first, then the neighbours of the best.

    Parameters
    ----------
    design : Design
    targets : sequence of array, shape (pair, voxel)
        Some voxels of every group, drifts removed.
    penalties : sequence of float
    """
    ridge = LeaveOneOut(design.groups, targets)
    ordered = sorted(penalties)
    trials = dict(ridge.choose(ordered[::2]).trials)
    at = ordered.index(max(trials, key=lambda penalty: trials[penalty]))
    near = [ordered[k] for k in (at - 1, at + 1) if 0 <= k < len(ordered) and ordered[k] not in trials]
    if near:
        trials |= dict(ridge.choose(near).trials)
    best = max(trials, key=lambda penalty: trials[penalty])
    return Candidate(design, best, trials[best], ridge.predictions(best))


def local_candidate(
    plain: Candidate, targets: Sequence[np.ndarray], prior: np.ndarray, label: np.ndarray, progress: Progress = silent
) -> Candidate:
    """Try a prior that lets near electrodes weigh more; give the better of the two.

    Parameters
    ----------
    plain : Candidate
    targets : as in `candidate`
    prior : array, shape (cell, feature)
    label : int array, shape (voxel,)
        Cell of each voxel of the targets.
    progress : Progress
    """
    groups = plain.design.groups
    parts = [Moments.of(x, y) for x, y in zip(groups, targets, strict=True)]
    total = summed(parts)
    best = plain
    for penalty in (plain.penalty, plain.penalty / 3):
        unseen = []
        for group, part in enumerate(parts):
            progress("Trying a prior of near electrodes", group, len(parts))
            unseen.append(local_prediction(groups[group], total - part, prior, label, penalty))
        r = carried_over(r_of_groups(unseen, targets))
        if r > best.r:
            best = replace(plain, penalty=penalty, r=r, unseen=unseen, prior=prior)
    return best
