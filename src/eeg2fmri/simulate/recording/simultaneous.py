"""One simultaneous recording, in memory: EEG and BOLD with everything that is true of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.simulate.neural.courses import Task, draw_course, draw_task
from eeg2fmri.simulate.neural.envelopes import slow_noise
from eeg2fmri.simulate.neural.follow import neural_signal
from eeg2fmri.simulate.neural.haemodynamics import regional_bold, responses
from eeg2fmri.simulate.recording.artefacts import add_artefacts
from eeg2fmri.simulate.recording.bold import BoldRun, simulate_bold
from eeg2fmri.simulate.recording.confound import EVERY, add_confound, confound_course, spin_history
from eeg2fmri.simulate.recording.eeg import Sound, simulate_eeg
from eeg2fmri.simulate.recording.physiology import RARELY, Physiology, draw_motion, draw_physiology
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
        Part of it that follows what the EEG shows.
    synchrony : array, shape (region, time), or None
        Twice the share of the first rhythm that a region has in common with its group, where that is what BOLD follows.
    task : Task or None
        When the subject does a task.
    """

    power: np.ndarray
    bold: np.ndarray
    bold_from_eeg: np.ndarray
    synchrony: np.ndarray | None = None
    task: Task | None = None


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
    physiology : Physiology
        Heart and breathing.
    """

    eeg: np.ndarray
    bold: BoldRun
    neural: Neural
    motion: np.ndarray | None
    physiology: Physiology


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
    sound = Sound(study.world.rhythms)
    if neural.synchrony is not None:
        sound = replace(sound, in_phase=study.group.in_phase, synchrony=neural.synchrony)
    eeg = simulate_eeg(cap.projection, neural.power, subject, config.eeg, clock, rng("eeg"), sound)
    motion = _motion(study, rng("motion"))
    if study.world.artefact != "none":
        physiology = _confound(study, cap, eeg, physiology, motion, rng)
    add_artefacts(eeg, cap.positions, physiology.beats, config.eeg, clock, config.tr, rng("artefacts"))
    bold = simulate_bold(participant.space, neural.bold, physiology, motion, config.bold, clock, rng("bold"))
    return SimulatedRecording(eeg, bold, neural, motion, physiology)


def _motion(study: Study, rng: np.random.Generator) -> np.ndarray | None:
    size, volumes = study.config.bold.motion, study.config.volumes
    if not size:
        return None
    return draw_motion(volumes, size, rng, EVERY if study.world.artefact == "movement" else RARELY)


def _confound(
    study: Study,
    cap: Cap,
    eeg: np.ndarray,
    physiology: Physiology,
    motion: np.ndarray | None,
    rng: Callable[[str], np.random.Generator],
) -> Physiology:
    """Let EEG and BOLD share an artefact as far as the coupling says; the rest of the EEG's is of another recording."""
    world, clock, coupling = study.world, study.clock, study.config.coupling
    course = confound_course(world, physiology, motion, clock)
    # slow noise has a random start: any other draw of it is as good as that of another recording
    elsewhere = replace(physiology, vascular=slow_noise((len(clock.envelopes),), rng("hidden physiology")))
    hidden = confound_course(world, elsewhere, _motion(study, rng("hidden motion")), clock)
    shown = coupling * course + np.sqrt(1 - coupling**2) * hidden
    add_confound(eeg, world.artefact, cap.positions, shown, physiology.beats, clock, rng("confound"))
    if world.artefact != "movement":
        return physiology
    return replace(physiology, spin=spin_history(course, clock))


def draw_neural(
    study: Study, participant: Participant, rng: np.random.Generator, hidden_rng: np.random.Generator
) -> Neural:
    """Draw envelopes and the regional BOLD that follows them as far as the coupling says.

    The neural signal behind a coupled region's BOLD is coupling * d + sqrt(1 - coupling ** 2) * d', with d from the
    envelopes of the EEG and d' from independent ones of the same statistics: its variance and spectrum do not depend
    on the coupling, which is its correlation with d. Regions that are not coupled follow d' alone.
    """
    subject, world, group = participant.subject, study.world, study.group
    coupling = (study.config.coupling * group.coupled)[:, None]
    hrf = responses(subject.delay, subject.stretch)
    times = study.clock.envelopes
    task = draw_task(world, times, rng, fixed=True)
    course, active = _course(study, task, rng)
    elsewhere = _course(study, draw_task(world, times, hidden_rng, fixed=False), hidden_rng)

    def bold(of: np.ndarray, during: np.ndarray | None, size: np.ndarray) -> np.ndarray:
        neural = size * neural_signal(world, of, subject.weights, group.source, during)
        return regional_bold(neural, hrf, subject.gain, study.size)

    from_eeg, other = bold(course, active, coupling), bold(*elsewhere, np.sqrt(1 - coupling**2))
    power, synchrony = course, None
    if world.shows == "synchrony":
        power, synchrony = course.copy(), course[:, 0]
        power[:, 0] = 1
    return Neural(power, (from_eeg + other).astype(np.float32), from_eeg.astype(np.float32), synchrony, task)


def _course(study: Study, task: Task | None, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """Envelope power of every region and band, (region, band, time), and where and when a task goes on, if any."""
    times, group = study.clock.envelopes, study.group
    active = None if task is None else group.coupled[:, None] * task.course(times)
    return draw_course(study.world, group.mixing, len(times), rng, active), active
