"""Scalp EEG: regional rhythms through the lead field, a 1/f background of the whole brain, sensor noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.simulate.config import EegConfig
from eeg2fmri.simulate.head.forward import Gain
from eeg2fmri.simulate.recording.clock import Clock
from eeg2fmri.simulate.recording.subject import RHYTHMS, Subject

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

    Returns
    -------
    array of float32, shape (electrode, sample)
        V.
    """
    eeg = _background(projection, subject.exponent, clock, rng)
    _add_rhythms(eeg, projection, power, subject, clock, rng)
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
) -> None:
    from scipy.signal import resample_poly

    factor = max(1, int(clock.sfreq // RHYTHM_RATE))
    rate = clock.sfreq / factor
    n_times = -(-clock.n_samples // factor) + 1
    times = clock.first_sample + np.arange(n_times) / rate
    scalp = np.zeros((len(eeg), n_times), np.float32)
    lead_field = projection.lead_field.astype(np.float32)
    for b, rhythm in enumerate(RHYTHMS):
        for first in range(0, len(power), _BLOCK):
            block = slice(first, first + _BLOCK)
            phase = _phases(subject.peak[b], rhythm.width / rate, 1 / rate, (len(power[block]), n_times), rng)
            moments = np.cos(phase, out=phase).astype(np.float32)
            for moment, size, course in zip(moments, projection.moment[block, b], power[block, b], strict=True):
                moment *= np.interp(times, clock.envelopes, size * np.sqrt(2 * course))
            scalp += lead_field[:, block] @ moments
    for channel, signal in zip(eeg, scalp, strict=True):
        channel += (resample_poly(signal, factor, 1) if factor > 1 else signal)[: clock.n_samples]


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
