"""Draw what the subjects of a data set have in common, and what each has of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.head.sources import Parcels, farthest_points
from eeg2fmri.simulate.neural.envelopes import make_mixing
from eeg2fmri.simulate.neural.haemodynamics import peak_time
from eeg2fmri.simulate.worlds.catalogue import WORLDS
from eeg2fmri.simulate.worlds.world import World

#: Regions that oscillate in phase with each other in the world of synchrony.
IN_PHASE = 5
#: Centre of the head, MNI152 mm.
CENTRE = (0.0, -20.0, 10.0)


@dataclass(frozen=True)
class Group:
    """What all subjects share.

    Attributes
    ----------
    coupled : array of bool, shape (region,)
        Regions whose BOLD follows the EEG envelopes.
    weights : array, shape (region, band)
        Coupling weights, rows of unit norm.
    delay : array, shape (region,)
        Delay of the haemodynamic response, s.
    moment : array, shape (region, band)
        Relative rms dipole moment of each rhythm.
    mixing : tuple of array, shape (region, component), one a band
        Which envelopes fluctuate together.
    source : array of int, shape (region,)
        Region whose power each region's BOLD follows.
    in_phase : array of int, shape (region,)
        Group of regions that oscillate in phase with each other as far as the world has it.
    stretch : array, shape (region,)
        Factor on the time axis of the haemodynamic response.
    """

    coupled: np.ndarray
    weights: np.ndarray
    delay: np.ndarray
    moment: np.ndarray
    mixing: tuple[np.ndarray, ...]
    source: np.ndarray
    in_phase: np.ndarray
    stretch: np.ndarray


@dataclass(frozen=True)
class Subject:
    """What one subject has of its own.

    Attributes
    ----------
    label : str
        BIDS label.
    weights : array, shape (region, band)
        Coupling weights, rows of unit norm.
    delay : array, shape (region,)
        Delay of the haemodynamic response, s.
    gain : array, shape (region,)
        Standard deviation of the noiseless regional BOLD, %.
    moment : array, shape (region, band)
        Relative rms dipole moment of each rhythm.
    orientation : array, shape (region, 3)
        Unit vector of the region's dipole, MNI152 axes.
    peak : array, shape (band,)
        Peak frequency, Hz.
    amplitude : array, shape (2,)
        Factors on the amplitudes of rhythms and background.
    exponent : float
        Exponent of the 1/f background.
    heart_rate, breathing_rate : float
        Hz.
    age, sex : int, str
        For participants.tsv; nothing depends on them.
    stretch : array, shape (region,)
        Factor on the time axis of the haemodynamic response.
    """

    label: str
    weights: np.ndarray
    delay: np.ndarray
    gain: np.ndarray
    moment: np.ndarray
    orientation: np.ndarray
    peak: np.ndarray
    amplitude: np.ndarray
    exponent: float
    heart_rate: float
    breathing_rate: float
    age: int
    sex: str
    stretch: np.ndarray


def draw_group(config: SimulationConfig, sources: Parcels) -> Group:
    """Draw what the subjects share, as the world has it.

    Responses of regions peak within about a second of each other (Handwerker et al., NeuroImage 21, 2004) unless the
    world says otherwise.
    """
    rng, world = generator(config.seed, "group"), WORLDS[config.world]
    centres = sources.centres
    n_regions = len(centres)
    coupled = np.zeros(n_regions, bool)
    coupled[rng.permutation(n_regions)[: round(config.coupled * n_regions)]] = True
    weights = [mean + scatter * _smooth_field(centres, rng) for mean, scatter in (r.weight for r in world.rhythms)]
    delay = np.clip(rng.normal(0, 0.5, n_regions), -1.2, 1.2)
    mixing = [make_mixing(centres, rng, world.shares, world.reach) for _ in world.rhythms]
    # what a world has of its own is drawn apart: the first world stays what it is
    own = generator(config.seed, "world", world.name)
    coupled = _chosen(world, coupled, centres, own)
    in_phase = _neighbourhoods(centres)
    if world.together:
        mixing[0] = _joined(mixing[0], coupled)
    if world.shows == "synchrony":
        mixing[0] = np.eye(in_phase.max() + 1)[in_phase]
    if world.lags is not None:
        delay = own.uniform(*world.lags, n_regions)
    stretch = np.ones(n_regions) if world.peaks is None else own.uniform(*world.peaks, n_regions) / peak_time()
    return Group(
        coupled=coupled,
        weights=_unit(np.column_stack(weights)),
        delay=delay,
        moment=np.column_stack([r.moment[0] + r.moment[1] * _bump(centres, r.seat) for r in world.rhythms]),
        mixing=tuple(mixing),
        source=_far(centres, own) if world.source == "far" else np.arange(n_regions),
        in_phase=in_phase,
        stretch=stretch,
    )


def _chosen(world: World, scattered: np.ndarray, centres: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose as many regions as are in `scattered` (region,), where the world has them."""
    if world.coupled == "nowhere":
        return np.zeros_like(scattered)
    if world.coupled == "scattered":
        return scattered
    near = centres[rng.integers(len(centres))] if world.coupled == "cluster" else np.array(CENTRE)
    order = np.argsort(np.linalg.norm(centres - near, axis=1), kind="stable")
    chosen = np.zeros_like(scattered)
    chosen[order[: max(1, int(scattered.sum()))]] = True
    return chosen


def _joined(mixing: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Give the members one envelope that no other region has."""
    joined = np.column_stack([mixing, np.zeros(len(mixing))])
    joined[members] = 0
    joined[members, -1] = 1
    return joined


def _neighbourhoods(centres: np.ndarray) -> np.ndarray:
    """Put regions into groups of about `IN_PHASE` neighbours: number of the group, int (region,)."""
    seats = centres[farthest_points(centres, max(1, len(centres) // IN_PHASE))]
    return np.argmin(np.linalg.norm(centres[:, None] - seats[None], axis=2), axis=1)


def _far(centres: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw for each region one that is at least as far away as half of the regions are."""
    distance = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    return np.array([rng.choice(np.flatnonzero(row >= np.median(row))) for row in distance])


def draw_subject(config: SimulationConfig, sources: Parcels, group: Group, label: str) -> Subject:
    """Draw one subject; the draws depend on its label alone, not on how many subjects there are.

    Gains and delays scatter over subjects as responses do (Aguirre et al., NeuroImage 8, 1998; Handwerker et al.
    2004). Net dipoles point where an individual's folds let them: they lean about 25 degrees from the template's.
    """
    rng, world = generator(config.seed, "subject", label), WORLDS[config.world]
    n_regions, n_bands = group.weights.shape
    own = rng.standard_normal((n_regions, n_bands))
    own = _unit(own - (own * group.weights).sum(axis=1, keepdims=True) * group.weights)  # at right angles to the group
    lean = sources.normals + 0.3 * rng.standard_normal((n_regions, 3))
    delay = group.delay + rng.normal(0, 0.3) + rng.normal(0, 0.2, n_regions)
    return Subject(
        label=label,
        weights=config.shared * group.weights + np.sqrt(1 - config.shared**2) * own,
        delay=delay if world.lags is None else delay.clip(*world.lags),
        gain=config.bold.signal * np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.2, n_regions)),
        moment=group.moment * np.exp(rng.normal(0, 0.25, (n_regions, n_bands))),
        orientation=_unit(lean),
        peak=np.array([rng.normal(rhythm.peak, rhythm.spread) for rhythm in world.rhythms]),
        amplitude=np.exp(np.clip(rng.normal(0, 0.2, 2), -0.4, 0.4)),
        exponent=float(np.clip(rng.normal(config.eeg.exponent, 0.1), 0.4, 2.6)),
        heart_rate=float(np.clip(rng.normal(1.1, 0.12), 0.75, 1.6)),
        breathing_rate=float(np.clip(rng.normal(0.27, 0.03), 0.18, 0.36)),
        age=int(rng.integers(20, 41)),
        sex=str(rng.choice(["F", "M"])),
        stretch=_stretch(world, group, generator(config.seed, "responses", label)),
    )


def _stretch(world: World, group: Group, rng: np.random.Generator) -> np.ndarray:
    """Scatter the group's times to peak by half a second within the range of the world."""
    if world.peaks is None:
        return group.stretch
    peaks = group.stretch * peak_time() + rng.normal(0, 0.5) + rng.normal(0, 0.4, len(group.stretch))
    return peaks.clip(*world.peaks) / peak_time()


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _bump(centres: np.ndarray, peak: tuple[float, float, float], width: float = 35.0) -> np.ndarray:
    """Gaussian around a place and its mirror image, shape (region,)."""
    folded = np.column_stack([np.abs(centres[:, 0]), centres[:, 1:]])
    return np.exp(-0.5 * (np.linalg.norm(folded - peak, axis=1) / width) ** 2)


def _smooth_field(centres: np.ndarray, rng: np.random.Generator, width: float = 30.0) -> np.ndarray:
    """Gaussian random field of unit variance over the regions, shape (region,)."""
    distance = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    kernel = np.exp(-0.5 * (distance / width) ** 2)
    kernel /= np.linalg.norm(kernel, axis=1, keepdims=True)
    return kernel @ rng.standard_normal(len(centres))
