"""Ridge regressions that predict every group of recordings from all the others.

With the penalty L = penalty * trace(X'X) / n, the prediction for the features Z of the group left out is

    Z (X'X + L)^-1 X'Y = Z X' (XX' + L)^-1 Y,

with X and Y of the other groups. The first form needs X'X of the others, which is that of all less that of the group;
the second needs a block of XX' of all. The smaller of the two is solved.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.regression.moments import Moments, penalised_factor, summed

#: Which of the two systems is solved.
Form = Literal["auto", "primal", "dual"]
#: Penalties to choose from, in units of the summed variance of the features; see `Moments.unit`.
PENALTIES = tuple(float(penalty) for penalty in np.logspace(-0.5, 4.5, 11))
#: Groups from which on one method can be told to be better than another.
FEWEST_GROUPS = 3


class Choice(NamedTuple):
    """What was chosen with one group left out in turn.

    Attributes
    ----------
    penalty : float
    r : float
        What its predictions carry over to groups that were left out; see `carried_over`.
    trials : tuple of (float, float)
        Every penalty and its r, in the order tried.
    """

    penalty: float
    r: float
    trials: tuple[tuple[float, float], ...]


class LeaveOneOut:
    """Ridge regressions on features of several groups, each predicting the group that it was not fitted to.

    Parameters
    ----------
    features : sequence of array, shape (pair, feature)
        One array a group (a subject), of zero mean in each of its recordings, so that no intercept is needed.
    targets : sequence of array, shape (pair, voxel)
        The same; their means need not be zero.
    form : {"auto", "primal", "dual"}
        ``auto`` solves the smaller system.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> features = [rng.standard_normal((20, 3)) for subject in range(4)]
    >>> ridge = LeaveOneOut(features, [x @ np.ones((3, 2)) for x in features])
    >>> choice = ridge.choose()
    >>> ridge.weights(choice.penalty).round(1).tolist()
    [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]

    Raises
    ------
    InputError
        If there are fewer than two groups, or features are not finite or all zero.
    """

    def __init__(self, features: Sequence[np.ndarray], targets: Sequence[np.ndarray], form: Form = "auto") -> None:
        if len(features) < 2:
            raise InputError(
                "there is nothing to leave out", got=f"{len(features)} group of recordings", expected="at least 2"
            )
        self._x, self._y = list(features), list(targets)
        self.edges = np.cumsum([0, *map(len, features)])
        n_pairs, n_features = int(self.edges[-1]), features[0].shape[1]
        self.form: Form = form if form != "auto" else "primal" if n_features <= n_pairs else "dual"
        if self.form == "primal":
            self._parts = [Moments.of(x, y) for x, y in zip(features, targets, strict=True)]
            self._total = summed(self._parts)
            self._trace = np.array([np.trace(part.features) for part in self._parts])
        else:
            x = np.concatenate(self._x).astype(np.float64)
            self._kernel, self._all = x @ x.T, np.concatenate(self._y)
            diagonal = np.diag(self._kernel)
            self._trace = np.array([diagonal[self._rows(group)].sum() for group in range(len(features))])
        if not np.isfinite(self._trace).all() or not self._trace.any():
            raise InputError("the EEG features are constant or not finite", got=f"sums of squares {self._trace}")

    def __len__(self) -> int:
        return len(self._x)

    def prediction(self, group: int, penalty: float) -> np.ndarray:
        """Predict the targets (pair, voxel) of a group from all others."""
        from scipy.linalg import cho_solve

        if self.form == "primal":
            others = self._total - self._parts[group]
            # few pairs to solve for, many voxels to multiply with
            solved = cho_solve(others.factor(penalty), self._x[group].T.astype(np.float64), check_finite=False)
            return np.asarray(solved.T.astype(others.cross.dtype) @ others.cross)
        rows = self._rows(group)
        others_rows = np.r_[0 : rows.start, rows.stop : len(self._kernel)]
        unit = (self._trace.sum() - self._trace[group]) / len(others_rows)
        factor = penalised_factor(self._kernel[np.ix_(others_rows, others_rows)], penalty * unit)
        solved = cho_solve(factor, self._kernel[others_rows, rows], check_finite=False)
        return np.asarray(solved.T.astype(self._all.dtype) @ self._all[others_rows])

    def predictions(self, penalty: float) -> list[np.ndarray]:
        """Predict every group (pair, voxel) from the others."""
        return [self.prediction(group, penalty) for group in range(len(self))]

    def choose(self, penalties: Iterable[float] = PENALTIES) -> Choice:
        """Choose the penalty whose predictions carry over best; see `carried_over`."""
        trials = []
        for penalty in penalties:
            found = [temporal_r(self.prediction(group, penalty), self._y[group]) for group in range(len(self))]
            trials.append((penalty, carried_over(found)))
        best = max(trials, key=lambda trial: trial[1])
        return Choice(*best, tuple(trials))

    def weights(self, penalty: float) -> np.ndarray:
        """Refit to all groups: weights (feature, voxel)."""
        if self.form == "primal":
            return self._total.weights(penalty)
        from scipy.linalg import cho_solve

        unit = float(self._trace.sum()) / len(self._kernel)
        solved = cho_solve(penalised_factor(self._kernel, penalty * unit), self._all)
        return np.asarray(np.concatenate(self._x).T @ solved)

    def _rows(self, group: int) -> slice:
        return slice(int(self.edges[group]), int(self.edges[group + 1]))


def temporal_r(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Correlation over the first axis, shape (voxel,); 0 where one is constant."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    size = np.sqrt((a**2).sum(axis=0, dtype=np.float64) * (b**2).sum(axis=0, dtype=np.float64))
    return np.divide((a * b).sum(axis=0, dtype=np.float64), size, out=np.zeros_like(size), where=size > 1e-12)


def r_of_groups(predicted: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Give the temporal r (voxel,) of every group, of predictions and targets (pair, voxel)."""
    return [temporal_r(p, y) for p, y in zip(predicted, targets, strict=True)]


def carried_over(found: Sequence[np.ndarray]) -> float:
    """Sum up the temporal r of groups that were left out in one number that sees a focal effect.

    The root mean square over voxels of r, which is first averaged over groups and keeps its sign when it is squared. A
    mean over voxels drowns an effect in a twentieth of the brain in the noise of the rest; squared, the average over
    groups of a voxel without an effect is next to nothing. Where all voxels have the same r, it is that.

    Parameters
    ----------
    found : sequence over groups of array, shape (voxel,)

    Examples
    --------
    >>> carried_over([np.array([0.1, 0.1]), np.array([0.3, 0.3])])
    0.2
    >>> round(carried_over([np.array([0.5] + 24 * [0.0])]), 3)
    0.1
    """
    square = _signed_square(np.mean(found, axis=0))
    return math.copysign(math.sqrt(abs(square)), square)


def clearly_better(found: Sequence[np.ndarray], than: Sequence[np.ndarray], errors: float = 1.0) -> bool:
    """Tell whether one method carries over better than another, by more than a standard error over groups.

    The rule of one standard error (Breiman et al., Classification and Regression Trees, 1984): what was the choice
    before is left for what the evidence speaks for, not for the noise of a few groups. The error is the jackknife's; as
    that of few groups is itself uncertain, it is taken as many times as Student's t asks for at the same level (1.8 of
    two groups, 1.06 of ten).

    Parameters
    ----------
    found, than : sequence over groups of array, shape (voxel,)
        Temporal r in groups that were left out.
    errors : float
        How many standard errors, where groups are alike.
    """
    from scipy.special import ndtr, stdtrit

    n = len(found)
    if n < FEWEST_GROUPS:
        return False
    total = np.stack([np.sum(found, axis=0), np.sum(than, axis=0)])
    without = [(total - np.stack([a, b])) / (n - 1) for a, b in zip(found, than, strict=True)]
    differences = np.array([_signed_square(a) - _signed_square(b) for a, b in without])
    error = np.sqrt((n - 1) / n * np.sum((differences - differences.mean()) ** 2))
    asked = stdtrit(n - 1, ndtr(errors)) * error
    return bool(_signed_square(total[0] / n) - _signed_square(total[1] / n) > asked)


def where_others_respond(found: Sequence[np.ndarray]) -> np.ndarray:
    """Weigh voxels for each group by what carries over to the other groups, shape (group, voxel).

    The square of the mean r of the other groups, where that is above 0: a group never chooses its own voxels.

    Parameters
    ----------
    found : sequence over groups of array, shape (voxel,)
    """
    r = np.stack(found)
    others = (r.sum(axis=0) - r) / (len(r) - 1)
    weights: np.ndarray = np.clip(others, 0, None) ** 2
    return weights


def _signed_square(mean: np.ndarray) -> float:
    return float(np.mean(mean * np.abs(mean)))
