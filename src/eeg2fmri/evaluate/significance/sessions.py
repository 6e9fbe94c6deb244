"""Exchange recordings, to test whether the EEG of each tells more about its own BOLD than about that of others.

If the EEG tells nothing of its own recording, the predictions of the test recordings can be exchanged. So the mean over
recordings of r(truth i, prediction of j) is computed for permutations of the recordings, and p is the share of
permutations, the observed pairs among them, that reach the mean of the right pairs. Drifts, an unsteady start, and a
task or any other course that all recordings share change nothing about that, whatever their autocorrelation.

Assumed is that recordings are exchangeable: same length (all are cut to the shortest), same kind of run. Several
recordings of a subject are exchanged with those of others, so a prediction that knows the person and not the moment
may count; r of courses without their mean leaves little room for that. Motion or heartbeat that shows in EEG and BOLD
of the same recording is no chance and is not caught here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError

#: Fewest recordings of which permutations can reach p = .05 with room: 120 of them.
RECORDINGS = 5
#: Permutations up to which all are looked at.
ALL = 5040


@dataclass(frozen=True, eq=False)
class SessionTest:
    """Mean r of the right pairs of EEG and BOLD, beside that of exchanged ones.

    Attributes
    ----------
    observed : float
    null : array, shape (permutation,)
        Without the right pairs.
    p_value, p_below : float
        One-sided: that the right pairs are better, or worse, than chance.
    pairs : array, shape (recording, recording)
        r of the truth of one (row) with the prediction of another.
    """

    observed: float
    null: np.ndarray
    p_value: float
    p_below: float
    pairs: np.ndarray


def session_test(
    truths: Sequence[np.ndarray], predictions: Sequence[np.ndarray], rng: np.random.Generator, *, draws: int = 9999
) -> SessionTest:
    """Test whether predictions fit their own recordings better than others.

    Parameters
    ----------
    truths, predictions : sequence of array, shape (volume, voxel)
        Of the same voxels, without drifts; at least two recordings. Longer ones are cut to the shortest.
    rng : numpy Generator
        Draws permutations where there are too many to try all.
    draws : int

    Returns
    -------
    SessionTest
        Of the median over voxels of r.

    Raises
    ------
    InputError
        If there are fewer than two recordings, or voxels differ.
    """
    count = len(truths)
    widths = {one.shape[1] for one in (*truths, *predictions)}
    if count < 2 or count != len(predictions) or len(widths) != 1:
        raise InputError(
            "recordings cannot be exchanged", got=f"{count} truths, {len(predictions)} predictions, {widths} voxels"
        )
    shortest = min(len(one) for one in (*truths, *predictions))
    a, b = ([_unit(one[:shortest]) for one in each] for each in (truths, predictions))
    pairs = np.array([[np.median((y * p).sum(axis=0)) for p in b] for y in a])
    if math.factorial(count) <= ALL:
        orders = np.array(list(itertools.permutations(range(count))))
    else:
        orders = np.vstack([np.arange(count), [rng.permutation(count) for _ in range(draws)]])
    means = pairs[np.arange(count), orders].mean(axis=1)
    tie = 1e-9 * (1 + abs(means[0]))
    above, below = means >= means[0] - tie, means <= means[0] + tie
    return SessionTest(float(means[0]), means[1:], float(above.mean()), float(below.mean()), pairs)


def _unit(courses: np.ndarray) -> np.ndarray:
    centred = courses - courses.mean(axis=0)
    norm = np.linalg.norm(centred, axis=0)
    unit: np.ndarray = centred / np.where(norm > 0, norm, 1)
    return unit
