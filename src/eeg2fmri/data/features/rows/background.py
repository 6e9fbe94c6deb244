"""Slope and height of the 1/f background of the spectrum.

A line through log power against log frequency, rhythms (7 to 14 Hz) and what line noise and muscles reach left out
(Donoghue et al., Nature Neuroscience 23, 2020, on why slope and rhythms are to be told apart).
"""

from __future__ import annotations

import numpy as np

from eeg2fmri.data.features.band_power import FLOOR
from eeg2fmri.data.features.rows.kind import Bands, Column, RowSource

KIND = "background"
PRODUCTS_OF = ""
#: Frequencies of the line, Hz, and those inside that belong to rhythms.
LOW, HIGH, RHYTHM = 2.0, 45.0, (7.0, 14.0)
#: Frequencies at least, for a line.
FEWEST = 8


def columns(frequencies: np.ndarray, amplitude: bool) -> Bands:
    """Give slope and height, where the spectrogram reaches from low to high frequencies."""
    chosen = np.asarray(frequencies, float)[_background(frequencies)]
    if len(chosen) < FEWEST or chosen.max() < 2 * RHYTHM[1] * 0.99:
        return ()
    limits = float(chosen.min()), float(chosen.max())
    return Column("1/f slope", *limits), Column("1/f height", *limits)


def values(source: RowSource) -> np.ndarray:
    """Fit the line of every row: slope and height at the middle (volume, channel, 2)."""
    chosen = _background(source.frequencies)
    power = np.square(source.spectrogram[..., chosen], dtype=np.float64)
    floor = np.maximum(FLOOR * np.median(power, axis=(0, 1)), np.finfo(float).tiny)
    logarithm = np.log(np.maximum(power, floor))
    octave = np.log(np.asarray(source.frequencies, float)[chosen])
    # many bins lie at high frequencies: every octave weighs the same
    weight = np.gradient(octave)
    weight /= weight.sum()
    centred = octave - weight @ octave
    slope = logarithm @ (weight * centred / (weight @ centred**2))
    return np.stack([slope, logarithm @ weight], axis=-1)


def _background(frequencies: np.ndarray) -> np.ndarray:
    found = np.asarray(frequencies, float)
    return (found >= LOW) & (found <= HIGH) & ~((found > RHYTHM[0]) & (found < RHYTHM[1]))
