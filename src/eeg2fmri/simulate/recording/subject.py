"""What the subjects of a data set have in common, and what each has of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.head.sources import Parcels
from eeg2fmri.simulate.recording.envelopes import make_mixing


@dataclass(frozen=True)
class Rhythm:
    """One oscillation: name, limits of its band, mean and spread of its peak over subjects, line width, all Hz."""

    name: str
    low: float
    high: float
    peak: float
    spread: float
    width: float


#: Alpha peaks near 10 Hz with a spread of 1 Hz over adults (Klimesch, Brain Res Rev 29, 1999); beta near 20 Hz.
RHYTHMS = (
    Rhythm("alpha", 8.0, 13.0, 10.0, 0.6, 0.8),
    Rhythm("beta", 15.0, 28.0, 20.5, 1.0, 2.5),
)


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
    """

    coupled: np.ndarray
    weights: np.ndarray
    delay: np.ndarray
    moment: np.ndarray
    mixing: tuple[np.ndarray, ...]


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


def draw_group(config: SimulationConfig, sources: Parcels) -> Group:
    """Draw what the subjects share.

    Alpha goes with less BOLD in most of cortex (Goldman et al., NeuroReport 13, 2002; Laufs et al., PNAS 100, 2003);
    beta with more of it in some regions and less in others (Laufs et al. 2003; Ritter et al., Hum Brain Mapp 30,
    2009). Responses of regions peak within about a second of each other (Handwerker et al., NeuroImage 21, 2004).
    Alpha is strongest over occipital, beta over sensorimotor cortex.
    """
    rng = generator(config.seed, "group")
    centres = sources.centres
    n_regions = len(centres)
    coupled = np.zeros(n_regions, bool)
    coupled[rng.permutation(n_regions)[: round(config.coupled * n_regions)]] = True
    alpha = -0.8 + 0.4 * _smooth_field(centres, rng)
    beta = 0.8 * _smooth_field(centres, rng)
    return Group(
        coupled=coupled,
        weights=_unit(np.column_stack([alpha, beta])),
        delay=np.clip(rng.normal(0, 0.5, n_regions), -1.2, 1.2),
        moment=np.column_stack([0.4 + 1.2 * _bump(centres, (15, -80, 10)), 0.3 + 0.5 * _bump(centres, (40, -25, 55))]),
        mixing=tuple(make_mixing(centres, rng) for _ in RHYTHMS),
    )


def draw_subject(config: SimulationConfig, sources: Parcels, group: Group, label: str) -> Subject:
    """Draw one subject; the draws depend on its label alone, not on how many subjects there are.

    Gains and delays scatter over subjects as responses do (Aguirre et al., NeuroImage 8, 1998; Handwerker et al.
    2004). Net dipoles point where an individual's folds let them: they lean about 25 degrees from the template's.
    """
    rng = generator(config.seed, "subject", label)
    n_regions, n_bands = group.weights.shape
    own = rng.standard_normal((n_regions, n_bands))
    own = _unit(own - (own * group.weights).sum(axis=1, keepdims=True) * group.weights)  # at right angles to the group
    lean = sources.normals + 0.3 * rng.standard_normal((n_regions, 3))
    return Subject(
        label=label,
        weights=config.shared * group.weights + np.sqrt(1 - config.shared**2) * own,
        delay=group.delay + rng.normal(0, 0.3) + rng.normal(0, 0.2, n_regions),
        gain=config.bold.signal * np.exp(rng.normal(0, 0.15) + rng.normal(0, 0.2, n_regions)),
        moment=group.moment * np.exp(rng.normal(0, 0.25, (n_regions, n_bands))),
        orientation=_unit(lean),
        peak=np.array([rng.normal(rhythm.peak, rhythm.spread) for rhythm in RHYTHMS]),
        amplitude=np.exp(np.clip(rng.normal(0, 0.2, 2), -0.4, 0.4)),
        exponent=float(np.clip(rng.normal(config.eeg.exponent, 0.1), 0.4, 2.6)),
        heart_rate=float(np.clip(rng.normal(1.1, 0.12), 0.75, 1.6)),
        breathing_rate=float(np.clip(rng.normal(0.27, 0.03), 0.18, 0.36)),
        age=int(rng.integers(20, 41)),
        sex=str(rng.choice(["F", "M"])),
    )


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
