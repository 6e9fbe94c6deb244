"""Squares and products of log band powers of an electrode: what BOLD follows where two rhythms act together."""

from __future__ import annotations

import numpy as np

from eeg2fmri.data.features.rows import log_power
from eeg2fmri.data.features.rows.kind import Bands, product_columns

KIND = "power_products"
PRODUCTS_OF = log_power.KIND


def columns(frequencies: np.ndarray, amplitude: bool) -> Bands:
    """Give every square and product of two bands."""
    return product_columns(log_power.columns(frequencies, amplitude))


values = log_power.values
