"""Simulate what the scanner and the heart leave in EEG recorded during fMRI, after correction."""

from __future__ import annotations

import numpy as np

from eeg2fmri.simulate.config import EegConfig
from eeg2fmri.simulate.neural.envelopes import slow_noise
from eeg2fmri.simulate.recording.clock import Clock


def add_artefacts(
    eeg: np.ndarray,
    positions: np.ndarray,
    beats: np.ndarray,
    config: EegConfig,
    clock: Clock,
    volume_tr: float,
    rng: np.random.Generator,
) -> None:
    """Add residual gradient and pulse artefacts to EEG in place.

    Parameters
    ----------
    eeg : array of float32, shape (electrode, sample)
        V.
    positions : array, shape (electrode, 3)
        Electrodes, m; artefacts vary smoothly over the head.
    beats : array, shape (beat,)
        Times of heartbeats, s.
    config : EegConfig
        Amplitudes; 0 adds nothing and draws nothing.
    clock : Clock
        Sampling, volumes and slices.
    volume_tr : float
        Repetition time, s.
    rng : numpy.random.Generator
        Source of the draws.
    """
    if config.drift:
        _drift(eeg, config.drift, clock, rng)
    if config.gradient_uv:
        add_courses(eeg, topographies(positions, rng), gradient_residue(clock, volume_tr, rng), config.gradient_uv)
    if config.pulse_uv:
        add_courses(eeg, topographies(positions, rng), pulse_residue(clock, beats, rng), config.pulse_uv)


def _drift(eeg: np.ndarray, size: float, clock: Clock, rng: np.random.Generator) -> None:
    """Let the gain of each electrode drift, half of it in common, as contacts dry and caps settle."""
    position = np.linspace(0, 1, clock.n_samples, dtype=np.float32)
    waves = np.stack([np.cos(np.pi * k * position) for k in range(1, 4)])
    weights = rng.standard_normal((len(eeg) + 1, len(waves))) * np.sqrt(2 / len(waves))
    for channel, own in zip(eeg, weights[1:], strict=True):
        channel *= np.exp(size * np.sqrt(0.5) * (own + weights[0]) @ waves).astype(np.float32)


def add_courses(eeg: np.ndarray, patterns: np.ndarray, courses: np.ndarray, rms_uv: float) -> None:
    """Add courses (component, sample) so that the median electrode has the given rms."""
    size = np.sqrt(np.median(((patterns @ np.cov(courses)) * patterns).sum(axis=1)))
    scaled = (patterns * (1e-6 * rms_uv / size)).astype(np.float32)
    for channel, row in zip(eeg, scaled, strict=True):
        channel += row @ courses


def topographies(positions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Three smooth patterns over the head, shape (electrode, 3): loops in a field see position and area."""
    scaled = positions / np.linalg.norm(positions, axis=1).mean()
    features = np.column_stack([scaled, scaled[:, [0]] * scaled[:, 1:], scaled[:, 1] * scaled[:, 2]])
    return features @ rng.standard_normal((features.shape[1], 3))


def gradient_residue(clock: Clock, volume_tr: float, rng: np.random.Generator) -> np.ndarray:
    """Harmonics of the rate of slice acquisition while volumes are acquired, (3, sample), about unit rms.

    Average subtraction leaves what changed since the average was taken, so the amplitude wanders slowly.
    """
    times = clock.samples()
    scanning = (times >= 0) & (times < clock.volumes[-1] + volume_tr)
    shots = len(np.unique(clock.slices))
    rate = shots / volume_tr
    harmonics = np.arange(1, max(2, int(0.45 * clock.sfreq / rate) + 1))[:12]
    wander = slow_noise((3, len(clock.envelopes)), rng)
    out = np.zeros((3, len(times)), np.float32)
    for course, slow in zip(out, wander, strict=True):
        for k in harmonics:
            course += np.cos(2 * np.pi * k * rate * times + rng.uniform(0, 2 * np.pi)) / np.sqrt(k)
        # The repetition of whole volumes shows as well: its first slice differs from the others.
        course += 0.5 * np.cos(2 * np.pi * times / volume_tr + rng.uniform(0, 2 * np.pi))
        course *= np.interp(times, clock.envelopes, 1 + 0.5 * slow) * scanning
    return out


def pulse_residue(clock: Clock, beats: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Swing, damped, 0.15 to 0.25 s after each heartbeat, a little different each time, (3, sample)."""
    lag = np.arange(int(0.6 * clock.sfreq)) / clock.sfreq
    out = np.zeros((3, clock.n_samples), np.float32)
    for course in out:
        frequency, delay = rng.uniform(3, 6), rng.uniform(0.15, 0.25)
        shape = np.sin(2 * np.pi * frequency * lag) * np.exp(-lag / 0.15)
        for beat in beats:
            size = 1 + 0.2 * rng.standard_normal()
            start = round((beat + delay - clock.first_sample) * clock.sfreq)
            low, high = max(start, 0), min(start + len(lag), clock.n_samples)
            if low < high:
                course[low:high] += size * shape[low - start : high - start]
    return out
