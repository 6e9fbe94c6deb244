"""One simultaneous recording, in memory: EEG and BOLD with everything that is true of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.simulate.recording.artefacts import add_artefacts
from eeg2fmri.simulate.recording.bold import BoldRun, simulate_bold
from eeg2fmri.simulate.recording.eeg import simulate_eeg
from eeg2fmri.simulate.recording.envelopes import envelope_power
from eeg2fmri.simulate.recording.haemodynamics import drive, regional_bold, responses
from eeg2fmri.simulate.recording.physiology import draw_motion, draw_physiology
from eeg2fmri.simulate.recording.study import Cap, Participant, Study


@dataclass(frozen=True)
class Neural:
    """What the brain does in a recording, on ``clock.envelopes``, in single precision as it is kept on disk.

    Attributes
    ----------
    power : array, shape (region, band, time)
        Power of each region's rhythms in the EEG relative to its mean.
    bold : array, shape (region, time)
        Noiseless BOLD, % of the baseline.
    bold_from_eeg : array, shape (region, time)
        Part of it that `power` drives.
    """

    power: np.ndarray
    bold: np.ndarray
    bold_from_eeg: np.ndarray


@dataclass(frozen=True)
class SimulatedRecording:
    """One recording.

    Attributes
    ----------
    eeg : array of float32, shape (electrode, sample)
        V.
    bold : BoldRun
        Volumes and their explainable fraction.
    neural : Neural
        What drives both.
    motion : array, shape (volume, 6), or None
        Head movement, mm and rad.
    """

    eeg: np.ndarray
    bold: BoldRun
    neural: Neural
    motion: np.ndarray | None


def simulate_recording(study: Study, participant: Participant, cap: Cap, name: str) -> SimulatedRecording:
    """Simulate the recording called `name`; each part has random numbers of its own.

    Parameters
    ----------
    study : Study
        Settings and what all recordings share.
    participant : Participant
        Who is recorded.
    cap : Cap
        How the electrodes sit.
    name : str
        Id of the recording; another name gives other draws.
    """
    config, clock, subject = study.config, study.clock, participant.subject

    def rng(part: str) -> np.random.Generator:
        return generator(config.seed, part, name)

    physiology = draw_physiology(subject, clock, rng("physiology"))
    neural = draw_neural(study, participant, rng("envelopes"), rng("hidden envelopes"))
    eeg = simulate_eeg(cap.projection, neural.power, subject, config.eeg, clock, rng("eeg"))
    add_artefacts(eeg, cap.positions, physiology.beats, config.eeg, clock, config.tr, rng("artefacts"))
    motion = draw_motion(config.volumes, config.bold.motion, rng("motion")) if config.bold.motion else None
    bold = simulate_bold(participant.space, neural.bold, physiology, motion, config.bold, clock, rng("bold"))
    return SimulatedRecording(eeg, bold, neural, motion)


def draw_neural(
    study: Study, participant: Participant, rng: np.random.Generator, hidden_rng: np.random.Generator
) -> Neural:
    """Draw envelopes and the regional BOLD that follows them as far as the coupling says.

    The neural signal behind a coupled region's BOLD is coupling * d + sqrt(1 - coupling ** 2) * d', with d from the
    envelopes of the EEG and d' from independent ones of the same statistics: its variance and spectrum do not depend
    on the coupling, which is its correlation with d. Regions that are not coupled follow d' alone.
    """
    subject = participant.subject
    coupling = (study.config.coupling * study.group.coupled)[:, None]
    hrf = responses(subject.delay)
    power = _power(study, rng)
    hidden = _power(study, hidden_rng)
    from_eeg = regional_bold(coupling * drive(power, subject.weights), hrf, subject.gain)
    other = regional_bold(np.sqrt(1 - coupling**2) * drive(hidden, subject.weights), hrf, subject.gain)
    return Neural(
        power=power,
        bold=(from_eeg + other).astype(np.float32),
        bold_from_eeg=from_eeg.astype(np.float32),
    )


def _power(study: Study, rng: np.random.Generator) -> np.ndarray:
    """Envelope power of every region and band, (region, band, time).

    Rounded to single precision here, before anything is made of it: what is kept is then exactly what was used, and
    the last bits, in which matrix products with one and with two threads differ, are gone.
    """
    n_times = len(study.clock.envelopes)
    power = np.stack([envelope_power(mixing, n_times, rng) for mixing in study.group.mixing], axis=1)
    return power.astype(np.float32)
