"""Weigh families by what they predict for groups that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eeg2fmri.models.recommended.choice import Candidate
from eeg2fmri.models.regression.leave_out import clearly_better, temporal_r, where_others_respond
from eeg2fmri.models.regression.stack import stacking_moments, stacking_weights_of

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
    told = np.flatnonzero([clearly_better(one, nothing) for one in r])
    moments = [
        stacking_moments([[one.unseen[k]] for one in found], [targets[k]], [voxels[k]]) for k in range(len(targets))
    ]
    gram, right = (np.sum(parts, axis=0) for parts in zip(*moments, strict=True))
    weights = np.zeros(len(found))
    if len(told) and _stack_is_better(found, targets, moments, told, r[0]):
        weights[told] = stacking_weights_of(gram[np.ix_(told, told)], right[told])
    elif gram[0, 0] > 0 and not clearly_better(nothing, r[0]):
        # the gain of every voxel says how little is known
        weights[0] = max(right[0] / gram[0, 0], LEAST)
    return [replace(one, weight=float(weight), unseen=[]) for one, weight in zip(found, weights, strict=True)]


def _stack_is_better(
    found: Sequence[Candidate],
    targets: Sequence[np.ndarray],
    moments: Sequence[tuple[np.ndarray, np.ndarray]],
    told: np.ndarray,
    first: Sequence[np.ndarray],
) -> bool:
    """Tell whether a stack with the weights of the other groups carries over better than the first family."""
    gram, right = (np.sum(parts, axis=0) for parts in zip(*moments, strict=True))
    stacked = []
    for k, (own_gram, own_right) in enumerate(moments):
        weights = stacking_weights_of((gram - own_gram)[np.ix_(told, told)], (right - own_right)[told])
        predicted = sum(
            (weight * found[at].unseen[k] for weight, at in zip(weights, told, strict=True)), np.zeros_like(targets[k])
        )
        stacked.append(temporal_r(predicted, targets[k]))
    return clearly_better(stacked, first)
