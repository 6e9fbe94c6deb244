"""Squares and products of the band amplitudes of whitened electrodes."""

from __future__ import annotations

import numpy as np

from eeg2fmri.data.features.rows import whitened
from eeg2fmri.data.features.rows.kind import Bands, RowSource, named_products, products

KIND = "whitened_products"


def columns(frequencies: np.ndarray, amplitude: bool) -> Bands:
    """Give every square and product of two bands, where there are amplitudes."""
    return named_products(whitened.columns(frequencies, amplitude))


def values(source: RowSource) -> np.ndarray:
    """Multiply (volume, channel, pair of bands)."""
    return products(whitened.values(source), source.skip)
