"""Draw how power goes over time in each kind of world: relative to its mean, (region, band, time)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.simulate.neural.envelopes import DEPTH, RATE, envelope_power, slow_noise
from eeg2fmri.simulate.worlds.world import World

#: Bursts in a second, their length, s, the power between them, and how much their rate varies (of its logarithm).
BURST_RATE, BURST_S, FLOOR, RATE_DEPTH = 0.25, 1.2, 0.15, 0.9
#: Vigilance of wakefulness, drowsiness and light sleep; mean time in each, s; time in which one gives way, s.
STAGES, STAY_S, FADE_S = (1.0, 0.5, 0.0), (60.0, 25.0, 60.0), 2.0
#: How far a steep background grows as a flat one fades.
TILT = 0.8
#: Change of the logarithm of power while a task goes on; length of a block, and of what follows an event, s.
TASK_EFFECT, BLOCK_S, EVENT_S = -1.6, 20.0, 3.0
#: Shortest and longest time from one event to the next, s.
BETWEEN_S = (8.0, 20.0)


@dataclass(frozen=True)
class Task:
    """When a task goes on, in seconds after the first volume's onset."""

    onsets: np.ndarray
    duration: float

    def course(self, times: np.ndarray) -> np.ndarray:
        """1 while it goes on and 0 else, at `times` (time,)."""
        since = times[:, None] - self.onsets
        return ((since >= 0) & (since < self.duration)).any(axis=1).astype(float)


def draw_task(world: World, times: np.ndarray, rng: np.random.Generator, *, fixed: bool) -> Task | None:
    """Draw when a task goes on, from the first of `times` (time,) to the last.

    Parameters
    ----------
    world : World
    times : array, shape (time,)
        s.
    rng : numpy.random.Generator
    fixed : bool
        Blocks start with the first volume; else at a time that is drawn. Events are always drawn.
    """
    if world.course == "blocks":
        start = BLOCK_S / 2 if fixed else rng.uniform(0, 2 * BLOCK_S)
        number = np.arange(np.floor((times[0] - start) / (2 * BLOCK_S)), (times[-1] - start) / (2 * BLOCK_S))
        return Task(start + 2 * BLOCK_S * number, BLOCK_S)
    if world.course == "events":
        gaps = rng.uniform(*BETWEEN_S, int(np.ptp(times) / BETWEEN_S[0]) + 1)
        onsets = times[0] + np.cumsum(gaps)
        return Task(onsets[onsets < times[-1]], EVENT_S)
    return None


def draw_course(
    world: World, mixing: tuple[np.ndarray, ...], n_times: int, rng: np.random.Generator, active: np.ndarray | None
) -> np.ndarray:
    """Draw the power of every region's rhythms.

    Parameters
    ----------
    world : World
    mixing : tuple of array, shape (region, component)
        For each band, which regions fluctuate together.
    n_times : int
        Samples at `RATE`.
    rng : numpy.random.Generator
    active : array, shape (region, time), or None
        Where and when a task goes on.

    Returns
    -------
    array of float32, shape (region, band, time)
        Rounded to single precision here, before anything is made of it: what is kept is then exactly what was used,
        and the last bits, in which matrix products with one and with two threads differ, are gone.
    """
    if world.shows == "synchrony":
        first = 2 / (1 + np.exp(-1.5 * _latent(mixing[0], n_times, rng)))
        power = np.stack([first, *(envelope_power(m, n_times, rng) for m in mixing[1:])], axis=1)
    elif world.course == "bursts":
        power = np.stack([_bursts(m, n_times, rng) for m in mixing], axis=1)
    elif world.course == "seesaw":
        tilt = TILT * np.tanh(_latent(mixing[0], n_times, rng))
        power = np.stack([1 + tilt, 1 - tilt, *(envelope_power(m, n_times, rng) for m in mixing[2:])], axis=1)
    else:
        power = np.stack([envelope_power(m, n_times, rng) for m in mixing], axis=1)
    if world.course == "stages":
        power = power * _staged(world, n_times, rng)[None]
    if active is not None:
        power = power * task_change(active)[:, None]
    return power.astype(np.float32)


def task_change(active: np.ndarray) -> np.ndarray:
    """Give the factor of mean 1 by which a task changes power, (region, time), where and when it goes on."""
    change = np.exp(TASK_EFFECT * active)
    relative: np.ndarray = change / change.mean(axis=1, keepdims=True)
    return relative


def _latent(mixing: np.ndarray, n_times: int, rng: np.random.Generator) -> np.ndarray:
    return mixing @ slow_noise((mixing.shape[1], n_times), rng)


def _bursts(mixing: np.ndarray, n_times: int, rng: np.random.Generator) -> np.ndarray:
    """Power of bursts that begin at random, at a rate that varies slowly."""
    from scipy.signal import fftconvolve

    rate = BURST_RATE / RATE * np.exp(RATE_DEPTH * _latent(mixing, n_times, rng) - RATE_DEPTH**2 / 2)
    begins = rng.poisson(rate).astype(float)
    shape = np.hanning(round(BURST_S * RATE) + 2)
    shape /= shape.sum() * BURST_RATE / RATE
    return FLOOR + (1 - FLOOR) * np.maximum(fftconvolve(begins, shape[None], axes=1)[:, :n_times], 0)


def _staged(world: World, n_times: int, rng: np.random.Generator) -> np.ndarray:
    """Factor on the power of each rhythm, (band, time), as the stages of vigilance come and go."""
    stage, course = int(rng.integers(len(STAGES))), np.empty(0)
    while len(course) < n_times:
        stay = max(1, round(rng.exponential(STAY_S[stage]) * RATE))
        course = np.append(course, np.full(stay, STAGES[stage]))
        stage = 1 if stage != 1 else int(rng.choice([0, 2]))
    fade = round(FADE_S * RATE)
    padded = np.concatenate([np.full(fade, course[0]), course])
    vigilance = np.convolve(padded, np.ones(fade) / fade, "valid")[:n_times]
    visits = np.array([0.25, 0.5, 0.25]) * STAY_S
    slope = np.array([rhythm.vigilance for rhythm in world.rhythms])
    mean = np.exp(np.outer(slope, STAGES)) @ (visits / visits.sum())
    return np.exp(np.outer(slope, vigilance)) / mean[:, None]


def log_power(power: np.ndarray) -> np.ndarray:
    """Logarithm of log-normal power with mean 0 and unit variance."""
    return (np.log(power) + DEPTH**2 / 2) / DEPTH
