"""What a kind of row features is made of, and what it has to offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from eeg2fmri.data.features.band_power import BANDS

Bands = tuple["Column", ...]


class Column(NamedTuple):
    """One feature of every electrode: its name and the frequencies that it is made of, Hz."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class RowSource:
    """EEG of a recording.

    Attributes
    ----------
    spectrogram : array, shape (volume, channel, freq)
        Unscaled magnitudes, V.
    frequencies : array, shape (freq,)
        Hz.
    amplitude : array, shape (volume, channel, band), or None
        Recentred band amplitudes (`eeg2fmri.data.features.recentring`).
    skip : int
        Rows at the beginning that statistics of the recording leave out.
    """

    spectrogram: np.ndarray
    frequencies: np.ndarray
    amplitude: np.ndarray | None = None
    skip: int = 0


class RowKind(Protocol):
    """A module with one kind of row features.

    Attributes
    ----------
    KIND : str
        Its name.
    """

    KIND: str

    def columns(self, frequencies: np.ndarray, amplitude: bool) -> Bands:
        """Say what there is of recordings with these frequencies (Hz), with or without band amplitudes."""

    def values(self, source: RowSource) -> np.ndarray:
        """Compute the features (volume, channel, column)."""


def spectral_bands(frequencies: np.ndarray) -> Bands:
    """Bands that hold a frequency of the spectrogram; the last ends with it."""
    found = np.asarray(frequencies, float)
    return tuple(
        Column(name, low, min(high, float(found.max())))
        for name, (low, high) in BANDS.items()
        if ((found >= low) & (found < high)).any()
    )


def pairs_of(bands: Bands) -> tuple[tuple[int, int], ...]:
    """Places of the two bands of every square and product."""
    return tuple((i, j) for i in range(len(bands)) for j in range(i, len(bands)))


def products(values: np.ndarray, skip: int) -> np.ndarray:
    """Squares and products of the last axis, each value z-scored over the rows after the first `skip`.

    A product stands for what two bands do together beyond what each does alone.

    Parameters
    ----------
    values : array, shape (volume, channel, band)
    skip : int

    Returns
    -------
    array, shape (volume, channel, pair)
        In the order of `pairs_of`.
    """
    scaled = zscored(values, skip)
    first, second = np.triu_indices(values.shape[-1])
    # far outliers would weigh with their square
    scaled = np.clip(scaled, -4, 4)
    return np.asarray(scaled[..., first] * scaled[..., second])


def named_products(bands: Bands) -> Bands:
    """Columns of the squares and products of bands."""
    return tuple(
        Column(f"{bands[i].name} x {bands[j].name}", min(bands[i].low, bands[j].low), max(bands[i].high, bands[j].high))
        for i, j in pairs_of(bands)
    )


def zscored(values: np.ndarray, skip: int) -> np.ndarray:
    """z-score (volume, ...) by the rows after the first `skip`; 0 where they are constant."""
    values = np.asarray(values, np.float64)
    steady = values[min(skip, max(0, len(values) - 2)) :]
    mean, std = steady.mean(axis=0), steady.std(axis=0)
    varies = std > 1e-6 * np.abs(steady).max(axis=0)
    return np.where(varies, (values - mean) / np.where(varies, std, 1), 0)
