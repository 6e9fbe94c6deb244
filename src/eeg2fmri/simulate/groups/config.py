"""Every setting of simulated EEG-only groups, with its unit and default."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from eeg2fmri.core.config import Config, Seed
from eeg2fmri.simulate.config import EegConfig, Fraction, Label, NotNegative, Positive, SimulationConfig

#: Peaks of cortex (MNI152, mm, either hemisphere) and rhythm that groups differ in from the first.
PLACES: tuple[tuple[Literal["alpha", "beta"], tuple[float, float, float], float], ...] = (
    ("alpha", (15.0, -80.0, 10.0), -1.0),
    ("beta", (40.0, -25.0, 55.0), 1.0),
    ("alpha", (30.0, 45.0, 20.0), 1.0),
    ("beta", (50.0, -10.0, -20.0), -1.0),
)


class GroupEffect(Config):
    """One difference of a group from the first group.

    Attributes
    ----------
    group : str
        Who differs.
    band : {"alpha", "beta"}
        Rhythm that differs.
    centre : (float, float, float)
        Peak of the affected cortex, MNI152, mm; the mirror image in the other hemisphere is affected as well.
    radius_mm : float
        Regions whose centre is nearer than this are affected.
    weight : float
        The logarithm of the amplitude of the rhythm there changes by ``weight * effect``.
    """

    group: Label
    band: Literal["alpha", "beta"]
    centre: tuple[float, float, float]
    radius_mm: Positive = 45.0
    weight: float = 1.0


class GroupsConfig(Config):
    """Settings of a data set of EEG-only recordings of several groups.

    Attributes
    ----------
    subjects : int
        In all; the groups are as equal as can be.
    groups : tuple of str
        Values of the column ``group`` of participants.tsv; the first is the one the others differ from.
    effect : float
        Size of the difference: change of the natural logarithm of the amplitude of a rhythm in the affected regions.
        0.6 is a factor of 1.8; regional amplitudes scatter over subjects by 0.25 in the same unit. 0 makes the groups
        equal: null data.
    effects : tuple of GroupEffect or None
        What differs and where. None: the second group has less posterior alpha and more central beta; any further group
        differs in a place of its own.
    seconds : float
        Length of a recording, s.
    sfreq : float
        Sampling rate, Hz.
    electrodes : int or tuple of str
        How many electrodes, or their names in the 10-05 system.
    reference : str
        Name of the recording reference, or ``"average"``.
    regions : int
        Parcels of grey matter.
    site_confound : float
        How much recording site goes with group: 0, sites are drawn alike in all groups; 1, the first group is recorded
        at site A and the others at site B.
    site_effect : float
        How different the sites' recordings are: change of the logarithm of the gain from the front to the back of the
        head, and of the sensor noise. 0: the same amplifier.
    age_confound : float
        Years by which the other groups are older than the first, on average.
    ages : (int, int)
        Youngest and oldest of the first group, years.
    alpha_slowing : float
        Hz by which the alpha peak is lower for each year above 30. Klimesch (Brain Res Rev 29, 1999) gives 0.053.
    flattening : float
        By which the exponent of the 1/f background is lower for each year above 30 (the sign of Voytek et al.,
        J Neurosci 35, 2015).
    seed : int
        Same seed, same settings: same files.
    eeg : EegConfig
        Amplitudes.
    """

    subjects: Annotated[int, Field(ge=2, le=9999)] = 24
    groups: Annotated[tuple[Label, ...], Field(min_length=2)] = ("control", "patient")
    effect: NotNegative = 0.6
    effects: tuple[GroupEffect, ...] | None = None
    seconds: Annotated[float, Field(ge=10)] = 180.0
    sfreq: Annotated[float, Field(ge=100, le=20000)] = 250.0
    electrodes: Annotated[int, Field(ge=4, le=300)] | Annotated[tuple[str, ...], Field(min_length=4)] = 32
    reference: str = "FCz"
    regions: Annotated[int, Field(ge=2, le=1000)] = 120
    site_confound: Fraction = 0.0
    site_effect: NotNegative = 0.0
    age_confound: NotNegative = 0.0
    ages: tuple[Annotated[int, Field(ge=18)], Annotated[int, Field(le=110)]] = (50, 75)
    alpha_slowing: NotNegative = 0.05
    flattening: NotNegative = 0.005
    seed: Seed = 0
    eeg: EegConfig = EegConfig()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.groups)) != len(self.groups):
            raise ValueError("groups are named twice")
        if self.subjects < len(self.groups):
            raise ValueError(f"{self.subjects} subjects are too few for {len(self.groups)} groups")
        if self.ages[0] > self.ages[1]:
            raise ValueError("'ages' are the youngest, then the oldest")
        if self.site_confound and not self.site_effect:
            raise ValueError("a 'site_confound' without a 'site_effect' changes nothing: give a 'site_effect' too")
        unknown = [e.group for e in self.effects or () if e.group not in self.groups]
        if unknown:
            raise ValueError(f"'effects' name groups that are not among 'groups': {', '.join(unknown)}")
        self.recording()
        return self

    def recording(self) -> SimulationConfig:
        """Give the settings as the simulator of simultaneous recordings has them; nothing of BOLD is used."""
        return SimulationConfig(
            subjects=self.subjects,
            volumes=max(2, round(self.seconds)),
            tr=self.seconds / max(2, round(self.seconds)),
            sfreq=self.sfreq,
            electrodes=self.electrodes,
            reference=self.reference,
            lead_in=0.0,
            tail=0.0,
            regions=self.regions,
            seed=self.seed,
            eeg=self.eeg,
        )

    def all_effects(self) -> tuple[GroupEffect, ...]:
        """Give what differs: as set, or the default places."""
        if self.effects is not None:
            return self.effects
        named = (self.groups[1], *self.groups[1:])
        return tuple(
            GroupEffect(group=group, band=band, centre=centre, weight=weight)
            for group, (band, centre, weight) in zip(named, PLACES, strict=False)
        )
