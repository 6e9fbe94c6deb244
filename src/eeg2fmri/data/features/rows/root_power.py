"""Root of the power in each band: between power and its logarithm, which outliers disturb least."""

from __future__ import annotations

import numpy as np

from eeg2fmri.data.features.band_power import log_band_power
from eeg2fmri.data.features.rows.kind import Bands, RowSource, spectral_bands

KIND = "root_power"
PRODUCTS_OF = ""


def columns(frequencies: np.ndarray, amplitude: bool) -> Bands:
    """Give the bands of the spectrogram."""
    return spectral_bands(frequencies, "root")


def values(source: RowSource) -> np.ndarray:
    """Compute the root of the power (volume, channel, band), V."""
    return np.exp(log_band_power(source.spectrogram, source.frequencies) / 2)
