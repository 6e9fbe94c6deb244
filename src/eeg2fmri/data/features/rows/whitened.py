"""Band amplitudes of electrodes that are whitened by the recording's own mean covariance."""

from __future__ import annotations

import numpy as np

from eeg2fmri.data.features.band_covariance import BANDS
from eeg2fmri.data.features.rows.kind import Bands, Column, RowSource

KIND = "whitened"
PRODUCTS_OF = ""


def columns(frequencies: np.ndarray, amplitude: bool) -> Bands:
    """Give the bands of the amplitudes, where there are any."""
    return tuple(Column(f"whitened {name}", low, high) for name, low, high in BANDS) if amplitude else ()


def values(source: RowSource) -> np.ndarray:
    """Take the amplitudes (volume, channel, band)."""
    assert source.amplitude is not None
    return np.asarray(source.amplitude)
