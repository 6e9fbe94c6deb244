"""Squares and products of log band powers of an electrode: what BOLD follows where two rhythms act together."""

from __future__ import annotations

import numpy as np

from eeg2fmri.data.features.rows import log_power
from eeg2fmri.data.features.rows.kind import Bands, RowSource, named_products, products, spectral_bands

KIND = "power_products"


def columns(frequencies: np.ndarray, amplitude: bool) -> Bands:
    """Give every square and product of two bands."""
    return named_products(spectral_bands(frequencies))


def values(source: RowSource) -> np.ndarray:
    """Multiply (volume, channel, pair of bands)."""
    return products(log_power.values(source), source.skip)
