"""Choose the columns of a kind of row features, such as bands, that tell something of people who are left out.

One penalty for all columns lets a band that says nothing of the BOLD add as much noise as another adds knowledge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from eeg2fmri.models.recommended.choice import Design, candidate
from eeg2fmri.models.regression.leave_out import clearly_better, r_of_groups


def telling_columns(
    reading: Callable[[np.ndarray], Design],
    columns: np.ndarray,
    targets: Sequence[np.ndarray],
    penalties: Sequence[float],
) -> np.ndarray:
    """Leave out one column after the other, as long as that predicts groups that are left out clearly better.

    Parameters
    ----------
    reading : callable
        Takes some of the columns, and gives the features of a family that reads no others.
    columns : int array, shape (column,)
    targets : sequence over groups of array, shape (pair, voxel)
    penalties : sequence of float
        To choose from, each time anew.

    Returns
    -------
    int array, shape (column kept,)
        At least one of the columns.
    """
    if len(columns) < 2:
        return columns
    best = candidate(reading(columns), targets, penalties)
    while len(columns) > 1:
        tried = [candidate(reading(np.delete(columns, k)), targets, penalties) for k in range(len(columns))]
        without = max(range(len(tried)), key=lambda k: tried[k].r)
        if not clearly_better(r_of_groups(tried[without].unseen, targets), r_of_groups(best.unseen, targets)):
            break
        columns, best = np.delete(columns, without), tried[without]
    return columns
