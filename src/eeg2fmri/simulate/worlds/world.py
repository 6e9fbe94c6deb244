"""Compose a world: a choice of one mechanism for each step from activity to EEG and BOLD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from eeg2fmri.simulate.worlds.rhythms import RHYTHMS, Rhythm


@dataclass(frozen=True)
class World:
    """A world; what it does not name is as in the first of `eeg2fmri.simulate.worlds.catalogue`.

    Attributes
    ----------
    name, follows : str
        Its name, and in a sentence what its BOLD follows.
    rhythms : tuple of Rhythm
        What sounds in the EEG of every region.
    coupled : {"scattered", "cluster", "deep", "nowhere"}
        Regions whose BOLD follows: anywhere, neighbours of one region, those nearest to the centre of the head, none.
    shares : tuple of float
        Shares of the variance of envelopes that all regions, networks, neighbours (within `reach` mm) and the region
        alone have.
    reach : float
        mm.
    together : bool
        All coupled regions have one and the same first rhythm.
    course : {"log-normal", "bursts", "stages", "seesaw", "blocks", "events"}
        How power goes over time: see `eeg2fmri.simulate.neural.courses`.
    shows : {"power", "synchrony"}
        What the course is of: the power of each rhythm, or how far groups of neighbours oscillate in phase in the first
        rhythm, whose power stays.
    effect : {"sum", "products"}
        BOLD goes with a weighted sum of powers, or with squares and products of log powers.
    spontaneous : float
        How much of what power does by itself BOLD follows, where it follows what a task does to power.
    source : {"own", "far"}
        Whose power a region follows: its own, or that of a region far away.
    lags, peaks : tuple of float or None
        Range over regions of the lag before the response, and of the time to the response's peak, s.
    cap : {"same", "unequal", "gaps"}
        Electrodes: as they are; gains and references that differ between sessions; some missing in each session.
    artefact : {"none", "movement", "pulse", "gradient"}
        What is left in EEG and shows in BOLD too, without neurons.
    settings : mapping
        Settings of `SimulationConfig` that differ here unless they are given.
    """

    name: str
    follows: str
    rhythms: tuple[Rhythm, ...] = RHYTHMS
    coupled: Literal["scattered", "cluster", "deep", "nowhere"] = "scattered"
    shares: tuple[float, float, float, float] = (0.07, 0.5, 0.25, 0.18)
    reach: float = 15.0
    together: bool = False
    course: Literal["log-normal", "bursts", "stages", "seesaw", "blocks", "events"] = "log-normal"
    shows: Literal["power", "synchrony"] = "power"
    effect: Literal["sum", "products"] = "sum"
    spontaneous: float = 1.0
    source: Literal["own", "far"] = "own"
    lags: tuple[float, float] | None = None
    peaks: tuple[float, float] | None = None
    cap: Literal["same", "unequal", "gaps"] = "same"
    artefact: Literal["none", "movement", "pulse", "gradient"] = "none"
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def linear(self) -> bool:
        """Whether BOLD is a weighted sum of log-normal powers of lines, as the oracle decoder takes for granted."""
        plain = (self.course, self.shows, self.effect) == ("log-normal", "power", "sum")
        return plain and self.coupled != "nowhere" and all(rhythm.exponent is None for rhythm in self.rhythms)
