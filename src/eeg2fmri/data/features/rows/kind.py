"""Define what a kind of row features is made of, and what it has to offer."""

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
    """EEG of some rows.

    Attributes
    ----------
    spectrogram : array, shape (volume, channel, freq)
        Unscaled magnitudes, V.
    frequencies : array, shape (freq,)
        Hz.
    amplitude : array, shape (volume, channel, band), or None
        Recentred band amplitudes (`eeg2fmri.data.features.recentring`).
    """

    spectrogram: np.ndarray
    frequencies: np.ndarray
    amplitude: np.ndarray | None = None


class RowKind(Protocol):
    """A module with one kind of row features.

    Attributes
    ----------
    KIND : str
        Its name.
    PRODUCTS_OF : str
        Kind whose squares and products it holds; empty if it is computed from the EEG.
    """

    KIND: str
    PRODUCTS_OF: str

    def columns(self, frequencies: np.ndarray, amplitude: bool) -> Bands:
        """Say what there is of recordings with these frequencies (Hz), with or without band amplitudes."""

    def values(self, source: RowSource) -> np.ndarray:
        """Compute the features (volume, channel, column), of each row by itself; not called for products."""


def spectral_bands(frequencies: np.ndarray, prefix: str) -> Bands:
    """Bands that hold a frequency of the spectrogram; the last ends with it."""
    found = np.asarray(frequencies, float)
    return tuple(
        Column(f"{prefix} {name}", low, min(high, float(found.max())))
        for name, (low, high) in BANDS.items()
        if ((found >= low) & (found < high)).any()
    )


def products(scaled: np.ndarray) -> np.ndarray:
    """Squares and products of the last axis of z-scored values: what two bands do together beyond what each does alone.

    Parameters
    ----------
    scaled : array, shape (..., band)

    Returns
    -------
    array, shape (..., pair)
        In the order of `product_columns`.
    """
    first, second = np.triu_indices(scaled.shape[-1])
    kept = _clipped(scaled)
    return np.asarray(kept[..., first] * kept[..., second])


def zscored_products(scaled: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Give z-scored `products` of some rows, by the moments of all rows: without the products of all.

    Parameters
    ----------
    scaled : array, shape (row, channel, band)
    rows : array of int
        Rows that are given.

    Returns
    -------
    array, shape (given row, channel, pair)
    """
    first, second = np.triu_indices(scaled.shape[-1])
    kept = np.moveaxis(_clipped(np.asarray(scaled, np.float64)), 0, -1)  # (channel, band, row)
    mean, square = ((part @ np.swapaxes(part, 1, 2))[:, first, second] / len(scaled) for part in (kept, kept**2))
    std = np.sqrt((square - mean**2).clip(0))
    varies = std > 1e-6 * np.sqrt(square)
    return np.where(varies, (products(scaled[rows]) - mean) / np.where(varies, std, 1), 0)


def _clipped(scaled: np.ndarray) -> np.ndarray:
    """Keep z-scores within 4 deviations: far outliers would weigh with their square."""
    return np.clip(scaled, -4, 4)


def product_columns(bands: Bands) -> Bands:
    """Columns of the squares and products of bands."""
    pairs = [(bands[i], bands[j]) for i in range(len(bands)) for j in range(i, len(bands))]
    return tuple(Column(f"{a.name} x {b.name}", min(a.low, b.low), max(a.high, b.high)) for a, b in pairs)


def zscored(values: np.ndarray, skip: int) -> np.ndarray:
    """z-score (volume, ...) by the rows after the first `skip`; 0 where they are constant."""
    values = np.asarray(values, np.float64)
    steady = values[min(skip, max(0, len(values) - 2)) :]
    mean, std = steady.mean(axis=0), steady.std(axis=0)
    varies = std > 1e-6 * np.abs(steady).max(axis=0)
    return np.where(varies, (values - mean) / np.where(varies, std, 1), 0)
