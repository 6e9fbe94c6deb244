"""Read what explaining a run found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Conservation:
    """Where the explained output of one subject went; each as a share of it.

    Attributes
    ----------
    subject : str
    windows : int
    from_biases : float
        Absolute part of biases over that of biases and EEG together: no EEG is responsible for it.
    error : float
        Did not arrive at the EEG, biases included.
    unaccounted : float
        Is found nowhere.
    """

    subject: str
    windows: int
    from_biases: float
    error: float
    unaccounted: float


@dataclass(frozen=True, eq=False)
class Curves:
    """Outputs (step,) when `fractions` (step,) of a window are taken away or put in, in orders by name."""

    fractions: np.ndarray
    deletion: Mapping[str, np.ndarray]
    insertion: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Relevance of the EEG for synthesised volumes.

    Attributes
    ----------
    target : str
        What was explained.
    part : str
        Recordings that were explained: "test", ...
    electrodes : tuple of str, length channel
    frequencies : array, shape (freq,)
        Hz.
    times : array, shape (time,)
        Seconds before the volume.
    subjects : tuple of str
    magnitude, signed : array, shape (subject, channel, freq, time)
        Shares of relevance: absolute, sum 1 a subject; signed, over the sum of the absolute ones.
    pattern : array, shape (subject, channel, freq, time), or None
        Correlation of each part of the EEG, as single electrodes see it, with the synthesised target.
    bands : tuple of (name, low, high), length freq
        Where each place of the frequency axis is a whole band, its limits in Hz; else empty.
    attention : array, shape (subject, channel, channel), or None
        Attention scores of a model that has them; rows sum to 1.
    pairs : array, shape (subject, channel, channel), or None
        Share of the absolute relevance of the attention of each electrode to each other.
    latent : array, shape (subject, x, y, z), or None
        Relevance of the recorded BOLD for its latent.
    affine : array, shape (4, 4), or None
        Voxel indices to mm.
    conservation : tuple of Conservation
    tests : mapping of sum to mapping
        Tests over subjects, as they were written.
    fidelity : mapping
        Numbers that say how far the relevance can be believed; empty if it was not checked.
    truth : mapping
        Agreement with the drivers of simulated recordings; empty where none are known.
    curves : Curves or None
    notes : tuple of str
    """

    target: str
    part: str
    electrodes: tuple[str, ...]
    frequencies: np.ndarray
    times: np.ndarray
    subjects: tuple[str, ...]
    magnitude: np.ndarray
    signed: np.ndarray
    pattern: np.ndarray | None = None
    bands: tuple[tuple[str, float, float], ...] = ()
    attention: np.ndarray | None = None
    pairs: np.ndarray | None = None
    latent: np.ndarray | None = None
    affine: np.ndarray | None = None
    conservation: tuple[Conservation, ...] = ()
    tests: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fidelity: Mapping[str, Any] = field(default_factory=dict)
    truth: Mapping[str, Any] = field(default_factory=dict)
    curves: Curves | None = None
    notes: tuple[str, ...] = ()
