"""Weigh families by what they predict for groups that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eeg2fmri.models.recommended.choice import Candidate
from eeg2fmri.models.regression.leave_out import (
    carried_over,
    clearly_better,
    r_of_groups,
    temporal_r,
    where_others_respond,
)
from eeg2fmri.models.regression.stack import stacking_moments, stacking_weights

#: Least weight of the family that is trusted first, where the evidence does not speak against it.
LEAST = 0.01


def weighed(found: Sequence[Candidate], targets: Sequence[np.ndarray]) -> list[Candidate]:
    """Stack families on the one that is first trusted, one after the other, as long as each is clearly worth it.

    A family may come in if it carries over to groups that were left out by more than the standard error over them.
    What a stack is worth is tried with weights of the other groups. Where none comes in, the first stays alone, unless
    what it predicts is the wrong way round. Voxels count by what carries over to the other groups.

    Parameters
    ----------
    found : sequence of Candidate
        The first is the one that is trusted where the evidence decides nothing.
    targets : sequence over groups of array, shape (pair, voxel)
    """
    r = [r_of_groups(one.unseen, targets) for one in found]
    voxels = np.sum([where_others_respond(one) for one in r], axis=0)
    nothing = [np.zeros_like(one) for one in r[0]]
    told = [k for k in range(1, len(found)) if clearly_better(r[k], nothing)]
    moments = [
        stacking_moments([one.unseen[k] for one in found], y, weight)
        for k, (y, weight) in enumerate(zip(targets, voxels, strict=True))
    ]
    stack, best = [0], r[0]
    while left := [k for k in told if k not in stack]:
        tried = [_tried([*stack, k], found, moments, targets) for k in left]
        number = max(range(len(left)), key=lambda number: carried_over(tried[number]))
        if not clearly_better(tried[number], best):
            break
        stack, best = [*stack, left[number]], tried[number]
    weights = np.zeros(len(found))
    weights[stack] = stacking_weights(_of(stack, np.sum(moments, axis=0)))
    if stack == [0]:
        # the gain of every voxel says how little is known
        weights[0] = 0.0 if clearly_better(nothing, r[0]) else max(weights[0], LEAST)
    return [replace(one, weight=float(weight), unseen=[]) for one, weight in zip(found, weights, strict=True)]


def _tried(
    stack: Sequence[int],
    found: Sequence[Candidate],
    moments: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
) -> list[np.ndarray]:
    """Give the temporal r (voxel,) of every group, of some families with weights of the other groups."""
    total = np.sum(moments, axis=0)
    r = []
    for group, (y, own) in enumerate(zip(targets, moments, strict=True)):
        weights = stacking_weights(_of(stack, total - own))
        predicted = np.sum([w * found[k].unseen[group] for w, k in zip(weights, stack, strict=True)], axis=0)
        r.append(temporal_r(predicted, y))
    return r


def _of(stack: Sequence[int], moments: np.ndarray) -> np.ndarray:
    return moments[np.ix_(stack, [*stack, -1])]
