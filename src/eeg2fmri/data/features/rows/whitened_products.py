"""Squares and products of the band amplitudes of whitened electrodes."""

from __future__ import annotations

import numpy as np

from eeg2fmri.data.features.rows import whitened
from eeg2fmri.data.features.rows.kind import Bands, product_columns

KIND = "whitened_products"
PRODUCTS_OF = whitened.KIND


def columns(frequencies: np.ndarray, amplitude: bool) -> Bands:
    """Give every square and product of two bands."""
    return product_columns(whitened.columns(frequencies, amplitude))


values = whitened.values
