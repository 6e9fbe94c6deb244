"""Caps that are not alike: gains and references that differ, electrodes that are missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eeg2fmri.simulate.head.electrodes import Electrodes, place_electrodes
from eeg2fmri.simulate.worlds.world import World

#: Standard deviation of the logarithm of an electrode's gain.
GAIN = 0.3
#: Share of the electrodes that are missing in a session; one at least.
MISSING = 0.08
#: References of the sessions, beside the study's own; those that are electrodes of the study are not used.
REFERENCES = ("average", "AFz", "CPz", "POz")


def choose_electrodes(
    world: World, electrodes: Electrodes, reference: str, rng: np.random.Generator
) -> tuple[Electrodes, str]:
    """Choose electrodes and reference of a session.

    Parameters
    ----------
    world : World
    electrodes : Electrodes
        Of the study.
    reference : str
        Of the study.
    rng : numpy.random.Generator

    Returns
    -------
    Electrodes, str
        Those that the session has.
    """
    if world.cap == "unequal":
        known = [reference, *(name for name in REFERENCES if name not in electrodes.names and name != reference)]
        chosen = known[int(rng.integers(len(known)))]
        return place_electrodes(electrodes.names, chosen), chosen
    if world.cap == "gaps":
        n = len(electrodes.names)
        lost = rng.choice(n, min(n - 4, max(1, round(MISSING * n))), replace=False)
        kept = np.setdiff1d(np.arange(n), lost)
        names = tuple(electrodes.names[i] for i in kept)
        return replace(electrodes, names=names, positions=electrodes.positions[kept]), reference
    return electrodes, reference


def draw_gains(world: World, n_electrodes: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the gain of each electrode of a session, shape (electrode,)."""
    if world.cap != "unequal":
        return np.ones(n_electrodes)
    return np.exp(rng.normal(0, GAIN, n_electrodes))
