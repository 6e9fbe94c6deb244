"""Simulate what shows in EEG and BOLD alike without neurons: movement, the heart, and the scanner's gradients."""

from __future__ import annotations

import numpy as np

from eeg2fmri.simulate.recording.artefacts import add_courses, gradient_residue, pulse_residue, topographies
from eeg2fmri.simulate.recording.clock import Clock
from eeg2fmri.simulate.recording.physiology import Physiology
from eeg2fmri.simulate.worlds.world import World

#: Rms of each artefact in the median electrode, uV, and volumes between sudden movements.
SIZE_UV = {"movement": 25.0, "pulse": 15.0, "gradient": 12.0}
EVERY = 12
#: Band of what movement in the static field induces, Hz, and how long the signal of BOLD takes to recover, s.
SWAY_HZ, RECOVERY_S = (0.7, 8.0), 3.0


def confound_course(world: World, physiology: Physiology, motion: np.ndarray | None, clock: Clock) -> np.ndarray:
    """Amplitude of the artefact over time, relative to its mean, on ``clock.envelopes``.

    Parameters
    ----------
    world : World
    physiology : Physiology
        Heart and breathing of the recording.
    motion : array, shape (volume, 6), or None
        Movement of the recording: how fast it is for the artefact of movement; how far along the bore, for that of the
        gradients.
    clock : Clock
    """
    if world.artefact == "pulse":
        return np.exp(0.7 * physiology.vascular) / np.exp(0.7**2 / 2)
    assert motion is not None
    place = motion[:, :3] + 50 * motion[:, 3:]  # on a sphere of 50 mm
    if world.artefact == "movement":
        size = np.linalg.norm(np.diff(place, axis=0, prepend=place[:1]), axis=1)
    else:
        along = place[:, 2]
        size = np.exp(0.7 * (along - along.mean()) / max(float(along.std()), 1e-9))
    return np.interp(clock.envelopes, clock.volumes, size / max(float(size.mean()), 1e-9))


def spin_history(course: np.ndarray, clock: Clock) -> np.ndarray:
    """Signal that movement takes away, of unit variance, on ``clock.envelopes``: it recovers with a time constant."""
    step = float(clock.envelopes[1] - clock.envelopes[0])
    decay = np.exp(-np.arange(0, 5 * RECOVERY_S, step) / RECOVERY_S)
    lost = np.convolve(course, decay)[: len(course)]
    return (lost - lost.mean()) / max(float(lost.std()), 1e-9)


def add_confound(
    eeg: np.ndarray,
    kind: str,
    positions: np.ndarray,
    course: np.ndarray,
    beats: np.ndarray,
    clock: Clock,
    rng: np.random.Generator,
) -> None:
    """Add the artefact, as large as `course` says, to EEG in place.

    Parameters
    ----------
    eeg : array of float32, shape (electrode, sample)
        V.
    kind : {"movement", "pulse", "gradient"}
    positions : array, shape (electrode, 3)
        m.
    course : array, shape (time,)
        From `confound_course`.
    beats : array, shape (beat,)
        Times of heartbeats, s.
    clock : Clock
    rng : numpy.random.Generator
    """
    if kind == "movement":
        residue = _sway(clock, rng)
    elif kind == "pulse":
        residue = pulse_residue(clock, beats, rng)
    else:
        residue = gradient_residue(clock, float(clock.volumes[1] - clock.volumes[0]), rng)
    residue *= np.interp(clock.samples(), clock.envelopes, course).astype(np.float32)
    add_courses(eeg, topographies(positions, rng), residue, SIZE_UV[kind])


def _sway(clock: Clock, rng: np.random.Generator) -> np.ndarray:
    """Noise of the frequencies at which heads sway, (3, sample), unit rms."""
    from scipy.fft import irfft, next_fast_len, rfftfreq

    length = next_fast_len(clock.n_samples, real=True)
    frequency = rfftfreq(length, 1 / clock.sfreq)
    inside = (frequency >= SWAY_HZ[0]) & (frequency < SWAY_HZ[1])
    spectrum = (rng.standard_normal((3, len(frequency))) + 1j * rng.standard_normal((3, len(frequency)))) * inside
    course = irfft(spectrum / np.maximum(frequency, SWAY_HZ[0]), length)[:, : clock.n_samples]
    return (course / course.std(axis=1, keepdims=True)).astype(np.float32)
