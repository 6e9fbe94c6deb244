"""The neural signal that BOLD follows, made of the courses of a world, and its size in the long run."""

from __future__ import annotations

import numpy as np

from eeg2fmri.simulate.neural.courses import draw_course, draw_task, log_power, task_change
from eeg2fmri.simulate.neural.envelopes import RATE
from eeg2fmri.simulate.neural.haemodynamics import convolve, drive, expected_std, response
from eeg2fmri.simulate.worlds.world import World

#: Length of the draw from which the size of a neural signal is taken where no formula gives it, s.
LONG_S = 3000.0


def neural_signal(
    world: World, course: np.ndarray, weights: np.ndarray, source: np.ndarray, active: np.ndarray | None = None
) -> np.ndarray:
    """Give what drives the BOLD of each region.

    Parameters
    ----------
    world : World
    course : array, shape (region, band, time)
        From `draw_course`.
    weights : array, shape (region, band)
        Rows of unit norm.
    source : array of int, shape (region,)
        Region whose course each region follows.
    active : array, shape (region, time), optional
        Where and when a task goes on.

    Returns
    -------
    array, shape (region, time)
    """
    followed = course[source].astype(float)
    if world.effect == "products":
        first, second = log_power(followed[:, 0]), log_power(followed[:, 1])
        return weights[:, [0]] * (first**2 - 1) / np.sqrt(2) + weights[:, [1]] * first * second
    if world.linear:
        return drive(followed, weights)
    if active is not None:
        change = task_change(active[source])[:, None]
        followed = change + world.spontaneous * (followed / change - 1)
    return np.einsum("rbt,rb->rt", followed - 1, weights)


def response_size(
    world: World, mixing: tuple[np.ndarray, ...], weights: np.ndarray, source: np.ndarray, active: np.ndarray
) -> np.ndarray | float:
    """Give the standard deviation of the response to each region's neural signal: by formula, or of a long draw.

    Parameters
    ----------
    world : World
    mixing, weights, source
        As in `eeg2fmri.simulate.recording.subject.Group`.
    active : array of bool, shape (region,)
        Regions that a task makes active.
    """
    if world.linear:
        return expected_std()
    rng = np.random.default_rng(0)
    times = np.arange(int(LONG_S * RATE)) / RATE
    task = draw_task(world, times, rng, fixed=False)
    where = None if task is None else active[:, None] * task.course(times)
    neural = neural_signal(world, draw_course(world, mixing, len(times), rng, where), weights, source, where)
    size = convolve(neural, response(0.0)[None]).std(axis=1)
    return np.where(size > 0, size, 1.0)
