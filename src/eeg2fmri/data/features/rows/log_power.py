"""Logarithm of the power in each band of the spectrogram."""

from __future__ import annotations

import numpy as np

from eeg2fmri.data.features.band_power import log_band_power
from eeg2fmri.data.features.rows.kind import Bands, RowSource, spectral_bands

KIND = "log_power"
PRODUCTS_OF = ""


def columns(frequencies: np.ndarray, amplitude: bool) -> Bands:
    """Give the bands of the spectrogram."""
    return spectral_bands(frequencies, "log")


def values(source: RowSource) -> np.ndarray:
    """Compute the log power (volume, channel, band)."""
    return log_band_power(source.spectrogram, source.frequencies)
