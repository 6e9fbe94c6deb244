"""Weigh families by what they predict for groups that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import compress

import numpy as np

from eeg2fmri.models.recommended.choice import Candidate
from eeg2fmri.models.regression.leave_out import clearly_better, temporal_r, where_others_respond
from eeg2fmri.models.regression.stack import stacking_moments, stacking_weights

#: Least weight of the family that is trusted first, where the evidence does not speak against it.
LEAST = 0.01


def weighed(found: Sequence[Candidate], targets: Sequence[np.ndarray]) -> list[Candidate]:
    """Stack families, unless that is no better than the family that is first trusted.

    A family is in the stack if it carries over to groups that were left out by more than the standard error over
    them. What the stack is worth is tried with weights of the other groups; if it is not clearly better than the
    first family alone, the first stays alone, unless what it predicts is the wrong way round. Voxels count by what
    carries over to the other groups.

    Parameters
    ----------
    found : sequence of Candidate
        The first is the one that is trusted where the evidence decides nothing.
    targets : sequence over groups of array, shape (pair, voxel)
    """
    r = [[temporal_r(p, y) for p, y in zip(one.unseen, targets, strict=True)] for one in found]
    voxels = np.sum([where_others_respond(one) for one in r], axis=0)
    nothing = [np.zeros_like(one) for one in r[0]]
    told = [clearly_better(one, nothing) for one in r]
    weights = np.zeros(len(found))
    weights[told] = _stack(list(compress(found, told)), targets, voxels, r[0])
    if not weights.any() and not clearly_better(nothing, r[0]):
        power, cross = np.sum(_moments(found[:1], targets, voxels), axis=0)[0]
        # the gain of every voxel says how little is known
        weights[0] = max(cross / power, LEAST) if power > 0 else 0.0
    return [replace(one, weight=float(weight), unseen=[]) for one, weight in zip(found, weights, strict=True)]


def _stack(
    found: Sequence[Candidate], targets: Sequence[np.ndarray], voxels: np.ndarray, than: Sequence[np.ndarray]
) -> np.ndarray:
    """Weigh families (family,); all 0 if the stack is not clearly better than temporal r (voxel,) of the groups."""
    if not found:
        return np.zeros(0)
    moments = _moments(found, targets, voxels)
    total = np.sum(moments, axis=0)
    stacked = []
    for k, (y, own) in enumerate(zip(targets, moments, strict=True)):
        # what it is worth in a group, with weights of the others
        parts = [w * one.unseen[k] for w, one in zip(stacking_weights(total - own), found, strict=True)]
        stacked.append(temporal_r(np.sum(parts, axis=0), y))
    return stacking_weights(total) if clearly_better(stacked, than) else np.zeros(len(found))


def _moments(found: Sequence[Candidate], targets: Sequence[np.ndarray], voxels: np.ndarray) -> list[np.ndarray]:
    return [
        stacking_moments([one.unseen[k] for one in found], y, weight)
        for k, (y, weight) in enumerate(zip(targets, voxels, strict=True))
    ]
