"""Heartbeat, breathing and head movement of one recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.simulate.neural.envelopes import RATE, slow_noise
from eeg2fmri.simulate.recording.clock import Clock
from eeg2fmri.simulate.recording.subject import Subject

#: Volumes from one sudden movement to the next in a subject who lies still.
RARELY = 100


@dataclass(frozen=True)
class Physiology:
    """Courses on ``clock.envelopes``.

    Attributes
    ----------
    heart, breathing : array, shape (time,)
        Phase in radians; a heartbeat, or the start of a breath, at every multiple of 2 pi.
    vascular : array, shape (time,)
        Slow variation of breathing depth and heart rate, unit variance.
    beats : array, shape (beat,)
        Times of the heartbeats, s.
    spin : array, shape (time,), or None
        What movement leaves in the signal for some seconds, of unit variance.
    """

    heart: np.ndarray
    breathing: np.ndarray
    vascular: np.ndarray
    beats: np.ndarray
    spin: np.ndarray | None = None


def draw_physiology(subject: Subject, clock: Clock, rng: np.random.Generator) -> Physiology:
    """Draw heartbeats (rate varies by 5 %) and breaths (rate varies by 10 %) around the subject's own rates."""
    times = clock.envelopes
    variation = slow_noise((3, len(times)), rng)
    heart = _phase(subject.heart_rate * (1 + 0.05 * variation[0]), rng)
    breathing = _phase(subject.breathing_rate * (1 + 0.10 * variation[1]), rng)
    first, last = np.ceil(heart[0] / (2 * np.pi)), np.floor(heart[-1] / (2 * np.pi))
    beats = np.interp(2 * np.pi * np.arange(first, last + 1), heart, times)
    return Physiology(heart=heart, breathing=breathing, vascular=variation[2], beats=beats)


def _phase(rate: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Integrate a rate, Hz, that never stands still, into a phase that only grows."""
    return rng.uniform(0, 2 * np.pi) + np.cumsum(2 * np.pi * np.maximum(rate, 0.1) / RATE)


def draw_motion(n_volumes: int, size_mm: float, rng: np.random.Generator, every: int = RARELY) -> np.ndarray:
    """Draw head movement: slow drift, and one sudden shift in `every` volumes.

    Returns
    -------
    array, shape (volume, 6)
        Translations x, y, z in mm, then rotations about x, y, z in rad; the first volume is at rest.
    """
    walk = np.cumsum(rng.standard_normal((n_volumes, 6)), axis=0) / np.sqrt(n_volumes)
    for at in rng.integers(1, n_volumes, max(1, n_volumes // every)):
        walk[at:] += rng.normal(0, 0.5, 6)
    walk -= walk[0]
    return walk * size_mm * np.array([1, 1, 1, 0.01, 0.01, 0.01])
