"""Scalp EEG: regional rhythms through the lead field, a 1/f background of the whole brain, sensor noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.simulate.config import EegConfig
from eeg2fmri.simulate.head.forward import Gain
from eeg2fmri.simulate.recording.clock import Clock
from eeg2fmri.simulate.recording.subject import Subject
from eeg2fmri.simulate.worlds.rhythms import RHYTHMS, Rhythm

#: Rhythms are made at a rate of this many Hz at least (and at most twice it), then interpolated.
RHYTHM_RATE = 200.0
#: High pass of the amplifier, Hz (a time constant of 10 s), and the corner below which the background stays flat.
HIGH_PASS, FLAT_BELOW = 0.016, 0.5
#: Regions and samples that are worked on at a time, so that memory stays flat.
_BLOCK, _CHUNK = 32, 1 << 16


@dataclass(frozen=True)
class Projection:
    """How the activity of a subject in one session reaches the electrodes.

    Attributes
    ----------
    lead_field : array, shape (electrode, region)
        V / (A m), along the subject's dipole orientations, against the recording reference.
    moment : array, shape (region, band)
        Rms dipole moment of each rhythm at mean power, A m.
    background : array, shape (electrode, electrode)
        Mixes independent 1/f noises of unit rms into the background, V.
    """

    lead_field: np.ndarray
    moment: np.ndarray
    background: np.ndarray


@dataclass(frozen=True)
class Sound:
    """What sounds in the EEG of every region, and which regions oscillate in phase.

    Attributes
    ----------
    rhythms : tuple of Rhythm
        In the order of the bands of powers and moments.
    in_phase : array of int, shape (region,), or None
        Group of each region; None where every region's first rhythm has a phase of its own.
    synchrony : array, shape (region, time), or None
        Twice the share of the first rhythm's power that a group has in common, on ``clock.envelopes``.
    """

    rhythms: tuple[Rhythm, ...] = RHYTHMS
    in_phase: np.ndarray | None = None
    synchrony: np.ndarray | None = None


def project(gain: Gain, subject: Subject, config: EegConfig, mni_to_head: np.ndarray) -> Projection:
    """Scale moments and background to the amplitudes of `config` and `subject`.

    The background comes from dipoles of every direction all over grey matter, independent of each other.
    """
    orientation = subject.orientation @ mni_to_head[:3, :3].T
    lead_field = np.einsum("erk,rk->er", gain.regions, orientation)
    rhythm, background = subject.amplitude
    variance = lead_field**2 @ (subject.moment**2).sum(axis=1)
    moment = subject.moment * (1e-6 * config.rhythm_uv * rhythm / np.sqrt(np.median(variance)))
    covariance = gain.dipoles @ gain.dipoles.T
    covariance *= (1e-6 * config.background_uv * background) ** 2 / np.median(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance)
    # The symmetric root is unique: it does not depend on the signs an eigenvalue routine happens to choose.
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    return Projection(lead_field=lead_field, moment=moment, background=root)


def simulate_eeg(
    projection: Projection,
    power: np.ndarray,
    subject: Subject,
    config: EegConfig,
    clock: Clock,
    rng: np.random.Generator,
    sound: Sound = Sound(),
) -> np.ndarray:
    """Simulate clean EEG.

    A region's dipole moment in a band is moment * sqrt(2 power(t)) * cos(phase(t)); the phase advances at the
    subject's peak frequency and diffuses, so that the line has the band's width while the amplitude is the envelope.

    Parameters
    ----------
    projection : Projection
        From `project`.
    power : array, shape (region, band, time)
        Envelope power relative to its mean, on ``clock.envelopes``.
    subject : Subject
        Peak frequencies, exponent.
    config : EegConfig
        Sensor noise.
    clock : Clock
        Sampling.
    rng : numpy.random.Generator
        Source of the draws.
    sound : Sound
        Rhythms, and how far they are in phase.

    Returns
    -------
    array of float32, shape (electrode, sample)
        V.
    """
    eeg = _background(projection, subject.exponent, clock, rng)
    _add_rhythms(eeg, projection, power, subject, clock, rng, sound)
    noise = 1e-6 * config.sensor_noise * np.sqrt(clock.sfreq / 2)
    if noise:
        for channel in eeg:
            channel += np.float32(noise) * rng.standard_normal(clock.n_samples, dtype=np.float32)
    return eeg


def _add_rhythms(
    eeg: np.ndarray,
    projection: Projection,
    power: np.ndarray,
    subject: Subject,
    clock: Clock,
    rng: np.random.Generator,
    sound: Sound,
) -> None:
    from scipy.signal import resample_poly

    factor = max(1, int(clock.sfreq // RHYTHM_RATE))
    rate = clock.sfreq / factor
    n_times = -(-clock.n_samples // factor) + 1
    times = clock.first_sample + np.arange(n_times) / rate
    scalp = np.zeros((len(eeg), n_times), np.float32)
    lead_field = projection.lead_field.astype(np.float32)
    for b, rhythm in enumerate(sound.rhythms):
        common = None
        if b == 0 and sound.in_phase is not None:
            common = _carriers(rhythm, subject.peak[b], rate, (int(sound.in_phase.max()) + 1, n_times), rng)
        for first in range(0, len(power), _BLOCK):
            block = slice(first, first + _BLOCK)
            moments = _carriers(rhythm, subject.peak[b], rate, (len(power[block]), n_times), rng)
            if common is not None:
                _synchronise(moments, common, sound, block, times, clock)
            for moment, size, course in zip(moments, projection.moment[block, b], power[block, b], strict=True):
                moment *= np.interp(times, clock.envelopes, size * np.sqrt(2 * course))
            scalp += lead_field[:, block] @ moments
    for channel, signal in zip(eeg, scalp, strict=True):
        channel += (resample_poly(signal, factor, 1) if factor > 1 else signal)[: clock.n_samples]


def _carriers(rhythm: Rhythm, peak: float, rate: float, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Oscillations of the power of a cosine, float32, (region, time): lines, or noise of the rhythm's exponent."""
    if rhythm.exponent is None:
        phase = _phases(peak, rhythm.width / rate, 1 / rate, shape, rng)
        return np.cos(phase, out=phase).astype(np.float32)
    from scipy.fft import irfft, next_fast_len, rfftfreq

    length = next_fast_len(shape[1], real=True)
    frequency = rfftfreq(length, 1 / rate)
    inside = (frequency >= rhythm.low) & (frequency < rhythm.high)
    form = np.where(inside, np.maximum(frequency, rhythm.low) ** (-rhythm.exponent / 2), 0)
    form *= length / np.sqrt(2 * np.sum(form**2)) / np.sqrt(2)  # of a cosine the mean square is a half
    out = np.empty(shape, np.float32)
    for row in out:
        real, imaginary = rng.standard_normal((2, len(frequency)))
        row[:] = irfft((real + 1j * imaginary) * (form / np.sqrt(2)), length)[: shape[1]]
    return out


def _synchronise(
    moments: np.ndarray, common: np.ndarray, sound: Sound, block: slice, times: np.ndarray, clock: Clock
) -> None:
    """Mix what the group of a region has in common into its own oscillation (region, time) in place; power stays."""
    assert sound.in_phase is not None
    assert sound.synchrony is not None
    for moment, group, course in zip(moments, sound.in_phase[block], sound.synchrony[block], strict=True):
        share = np.interp(times, clock.envelopes, course / 2).clip(0, 1)
        moment *= np.sqrt(1 - share)
        moment += np.sqrt(share) * common[group]


def _phases(peak: float, diffusion: float, step: float, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Phases, rad, (region, time) of oscillators near `peak` Hz that diffuse: a line `diffusion` / `step` Hz wide."""
    phase = rng.standard_normal(shape) * np.sqrt(2 * np.pi * diffusion)
    phase += 2 * np.pi * step * rng.normal(peak, 0.3, (shape[0], 1))
    phase[:, 0] = rng.uniform(0, 2 * np.pi, shape[0])
    return np.cumsum(phase, axis=1, out=phase)


def _background(projection: Projection, exponent: float, clock: Clock, rng: np.random.Generator) -> np.ndarray:
    """1/f noise mixed over the electrodes, V, shape (electrode, sample)."""
    from scipy.fft import irfft, next_fast_len, rfftfreq

    n_electrodes = len(projection.background)
    length = next_fast_len(clock.n_samples + int(clock.sfreq * 4), real=True)
    frequency = rfftfreq(length, 1 / clock.sfreq)
    shape = np.maximum(frequency, FLAT_BELOW) ** (-exponent / 2)
    shape *= frequency / np.hypot(frequency, HIGH_PASS)
    shape *= length / np.sqrt(2 * np.sum(shape**2))
    noise = np.empty((n_electrodes, clock.n_samples), np.float32)
    for channel in noise:
        spectrum = rng.standard_normal((2, len(frequency)), dtype=np.float32)
        coloured = ((spectrum[0] + 1j * spectrum[1]) * (shape / np.sqrt(2))).astype(np.complex64)
        channel[:] = irfft(coloured, length)[: clock.n_samples]
    mixing = projection.background.astype(np.float32)
    for start in range(0, clock.n_samples, _CHUNK):
        noise[:, start : start + _CHUNK] = mixing @ noise[:, start : start + _CHUNK]
    return noise
