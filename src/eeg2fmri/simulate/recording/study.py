"""The cast of a simulated data set: what recordings, sessions and subjects have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.head.anatomy import Anatomy, draw_anatomy, make_grid
from eeg2fmri.simulate.head.electrodes import Electrodes, place_electrodes
from eeg2fmri.simulate.head.forward import compute_gain
from eeg2fmri.simulate.head.sources import Parcels, parcels
from eeg2fmri.simulate.head.template import template
from eeg2fmri.simulate.neural.follow import response_size
from eeg2fmri.simulate.recording.bold import BoldSpace, make_space
from eeg2fmri.simulate.recording.caps import choose_electrodes, draw_gains
from eeg2fmri.simulate.recording.clock import Clock, make_clock
from eeg2fmri.simulate.recording.eeg import Projection, project
from eeg2fmri.simulate.recording.subject import Group, Subject, draw_group, draw_subject
from eeg2fmri.simulate.worlds.catalogue import WORLDS
from eeg2fmri.simulate.worlds.world import World

#: Scatter of electrode positions from session to session, m. Caps are put on again to some millimetres (Atcherson
#: et al., Brain Topography 20, 2007, doi:10.1007/s10548-007-0036-z).
PLACEMENT_M = 0.004
#: Centre of the field of view, MNI152 mm, and its scatter over subjects, mm.
FIELD_OF_VIEW, AIM_MM = (0.0, -18.0, 8.0), 1.5


@dataclass(frozen=True)
class Study:
    """What all recordings of a data set share.

    Attributes
    ----------
    config : SimulationConfig
    sources : Parcels
    electrodes : Electrodes
    group : Group
    clock : Clock
    size : float or array, shape (region,)
        Standard deviation of the response to the neural signal of each region in the long run.
    """

    config: SimulationConfig
    sources: Parcels
    electrodes: Electrodes
    group: Group
    clock: Clock
    size: np.ndarray | float

    @property
    def world(self) -> World:
        """What BOLD follows and what the EEG shows of it."""
        return WORLDS[self.config.world]


@dataclass(frozen=True)
class Participant:
    """One subject with its head; it lies the same way in the scanner in every session."""

    subject: Subject
    anatomy: Anatomy
    space: BoldSpace


@dataclass(frozen=True)
class Cap:
    """Electrodes as they sit in one session.

    Attributes
    ----------
    positions : array, shape (electrode, 3)
        True positions, head coordinates, m; the files give the nominal ones.
    projection : Projection
        How the subject's activity reaches them.
    electrodes : Electrodes
        Those that the session has, as the files give them.
    reference : str
        Their reference.
    """

    positions: np.ndarray
    projection: Projection
    electrodes: Electrodes
    reference: str


def make_study(config: SimulationConfig) -> Study:
    """Set up what all recordings share.

    Raises
    ------
    ConfigError
        If electrodes are not in the 10-05 system.
    """
    electrodes = place_electrodes(config.electrodes, config.reference)
    sources = parcels(config.regions)
    group = draw_group(config, sources)
    size = response_size(WORLDS[config.world], group.mixing, group.weights, group.source, group.coupled)
    return Study(config, sources, electrodes, group, make_clock(config), size)


def make_participant(study: Study, label: str) -> Participant:
    """Draw a subject and sample its head on the BOLD grid."""
    config = study.config
    anatomy = draw_anatomy(config.seed, label)
    rng = generator(config.seed, "bold space", label)
    x, y, z = np.round(np.array(FIELD_OF_VIEW) + rng.normal(0, AIM_MM, 3), 1)
    grid = make_grid(config.grid, config.voxel_size_mm(), (float(x), float(y), float(z)))
    space = make_space(anatomy, grid, template(), study.sources, rng)
    return Participant(draw_subject(config, study.sources, study.group, label), anatomy, space)


def place_cap(study: Study, subject: Subject, place: str) -> Cap:
    """Put the cap on a subject for the session called `place`."""
    config = study.config
    own = generator(config.seed, "electrodes", place)
    electrodes, reference = choose_electrodes(study.world, study.electrodes, config.reference, own)
    nominal = electrodes.positions
    positions = nominal + generator(config.seed, "cap", place).normal(0, PLACEMENT_M, nominal.shape)
    gain = compute_gain(electrodes, positions, study.sources)
    projection = project(gain, subject, config.eeg, electrodes.mni_to_head)
    gains = draw_gains(study.world, len(nominal), own)[:, None]
    amplified = replace(projection, lead_field=gains * projection.lead_field, background=gains * projection.background)
    return Cap(positions, amplified, electrodes, reference)
