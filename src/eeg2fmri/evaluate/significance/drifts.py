"""Take drifts out of truth and prediction before they are compared, and give coordinates of what is left.

Two courses that both drift, or that both start unsteadily, correlate whatever made them. So the same columns are
regressed out of the truth and of the prediction of every method: polynomials up to order 2, cosines slower than 128 s
(the high-pass of SPM; Friston et al., NeuroImage 12, 2000), and, where a recording is scored from its beginning, its
first 10 s and two decays (4 s and 12 s) as the magnetisation has on its way to the steady state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from eeg2fmri.core.errors import InputError

#: Longest period that counts, s.
PERIOD = 128.0
#: Time after the start of a scan in which nothing counts, and in which decays are looked for, s.
UNSTEADY, DECAYING = 10.0, 30.0
#: Time constants of the decays, s.
DECAYS = (4.0, 12.0)
#: Robust standard deviations beyond which a value counts no more.
CLIP = 2.0
#: Courses that are steadied at once: few enough for the processor's cache.
PIECE = 256
#: Times that outliers and drifts are told apart.
ROUNDS = 6
#: Standard deviation below this share of the mean is rounding (float32 of a constant).
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class TimeBasis:
    """Orthonormal columns of drifts, and of everything else.

    Attributes
    ----------
    drifts : array, shape (volume, drift)
        The mean among them.
    """

    drifts: np.ndarray

    @cached_property
    def rest(self) -> np.ndarray:
        """Principal axes, outside the drifts, of a random walk: shape (volume, coordinate).

        White noise has independent coordinates on any axes, a random walk on these, and a first-order autoregression,
        which lies between the two, almost.
        """
        volumes = len(self.drifts)
        k = np.arange(1, volumes)
        position = (np.arange(volumes) + 0.5) / volumes
        # the discrete cosines are the principal axes of a random walk whose mean is removed
        walk = np.sqrt(2 / volumes) * np.cos(np.pi * k * position[:, None]) / (2 * np.sin(np.pi * k / 2 / volumes))
        walk -= self.drifts @ (self.drifts.T @ walk)
        axes: np.ndarray = np.linalg.eigh(walk @ walk.T)[1][:, ::-1][:, : volumes - self.drifts.shape[1]]
        return axes

    @cached_property
    def smoother(self) -> np.ndarray:
        """Weights of the slow mean that the variance of a course is divided by: shape (volume, volume)."""
        times = np.arange(len(self.drifts))
        weights = np.exp(-(((times[:, None] - times) / max(10.0, len(times) / 10)) ** 2) / 2)
        smoother: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
        return smoother

    def without_drifts(self, courses: np.ndarray) -> np.ndarray:
        """Regress the drifts out of courses (volume, ...)."""
        flat = courses.reshape(len(courses), -1)
        left: np.ndarray = (flat - self.drifts @ (self.drifts.T @ flat)).reshape(courses.shape)
        return left

    def steadied(self, courses: np.ndarray) -> np.ndarray:
        """Regress the drifts out so that outliers do not bend the fit, and even out the variance over time.

        Values beyond two robust standard deviations (of the median absolute deviation) are drawn in, and each course
        is divided by its slowly changing standard deviation: spikes and a growing variance of two independent courses
        would look like a correlation more often than a test allows for.

        Parameters
        ----------
        courses : array, shape (volume, course)

        Returns
        -------
        array, shape (volume, course)
            Without drifts; 0 where a course is constant.
        """
        found = np.empty(courses.shape)
        for first in range(0, courses.shape[1], PIECE):
            part = slice(first, first + PIECE)
            # a course a row: what belongs together lies together in memory
            found[:, part] = self._steadied(np.ascontiguousarray(courses[:, part].T, np.float64)).T
        return found

    def _steadied(self, rows: np.ndarray) -> np.ndarray:
        """Steady some courses (course, volume)."""
        drawn, left = rows, rows
        for _ in range(ROUNDS):
            drift = drawn @ self.drifts @ self.drifts.T
            left = rows - drift
            bound = CLIP * 1.4826 * _median(np.abs(left))
            left = np.clip(left, -bound[:, None], bound[:, None])
            drawn = drift + left
        left -= left @ self.drifts @ self.drifts.T
        spread = np.sqrt(left**2 @ self.smoother.T)
        left /= np.maximum(spread, 0.1 * spread.mean(axis=1, keepdims=True) + np.finfo(float).tiny)
        steady: np.ndarray = left - left @ self.drifts @ self.drifts.T
        return steady


#: Volumes of which something is left beside drifts.
FEWEST = 8


@lru_cache(maxsize=8)
def time_basis(volumes: int, tr: float, elapsed: float = 0.0, filled: tuple[int, ...] = ()) -> TimeBasis:
    """Make the drifts of a recording, and the axes of what is left.

    Parameters
    ----------
    volumes : int
    tr : float
        s.
    elapsed : float
        Time between the start of the scan and the first of these volumes, s.
    filled : tuple of int
        Volumes that do not count, such as censored ones.

    Raises
    ------
    InputError
        If there are fewer than 8 volumes, or the TR is not positive.
    """
    if volumes < FEWEST:
        raise InputError("a test over time needs at least 8 volumes", got=str(volumes), hint="score a whole recording")
    if not tr > 0:
        raise InputError("the repetition time must be positive", got=f"{tr} s")
    columns = _drift_columns(volumes, tr, elapsed, filled)
    columns /= np.linalg.norm(columns, axis=0)
    axes, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return TimeBasis(axes[:, sizes > 1e-6 * sizes[0]])


def _median(rows: np.ndarray) -> np.ndarray:
    """Median of each row (row, value), which is put in another order: in place, it takes a quarter of numpy's time."""
    half = rows.shape[1] // 2
    rows.partition(half)
    upper = rows[:, half]
    return upper.copy() if rows.shape[1] % 2 else (upper + rows[:, :half].max(axis=1)) / 2


def is_constant(courses: np.ndarray) -> np.ndarray:
    """Tell which courses (volume, ...) do not vary beyond rounding."""
    found: np.ndarray = courses.std(axis=0) <= ROUNDING * np.abs(courses.mean(axis=0))
    return found


def _drift_columns(volumes: int, tr: float, elapsed: float, filled: tuple[int, ...]) -> np.ndarray:
    """Columns of drifts (volume, drift), at most half as many as volumes, the slowest first."""
    times = tr * np.arange(volumes)
    position = (np.arange(volumes) + 0.5) / volumes
    columns = [position**order for order in range(3)]
    cosines = int(2 * volumes * tr / PERIOD)
    columns += [np.cos(np.pi * k * position) for k in range(1, cosines + 1)]
    if elapsed < DECAYING:
        columns += [np.exp(-times / decay) for decay in DECAYS]
    columns += [np.eye(volumes)[k] for k in np.union1d(np.flatnonzero(times + elapsed < UNSTEADY), filled).astype(int)]
    return np.stack(columns[: volumes // 2], axis=1)
