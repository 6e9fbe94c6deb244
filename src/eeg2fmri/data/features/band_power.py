"""Log band power of EEG from its magnitude spectrogram, comparable between recordings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eeg2fmri.core.errors import InputError

#: Rhythms of the EEG, Hz (from, up to but not including); gamma ends with the spectrogram.
BANDS = {
    "delta": (0.5, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, np.inf),
}
#: Power below this share of the median of its band is no signal.
FLOOR = 1e-6


def log_band_power(
    spectrogram: np.ndarray, frequencies: np.ndarray, bands: Mapping[str, tuple[float, float]] = BANDS
) -> np.ndarray:
    """Logarithm of the mean power in each band.

    Parameters
    ----------
    spectrogram : array, shape (volume, channel, freq)
        Unscaled magnitudes, V.
    frequencies : array, shape (freq,)
        Hz.
    bands : mapping of name to (float, float)
        Hz, from, up to but not including.

    Returns
    -------
    array, shape (volume, channel, band)
        log of the mean squared magnitude; bands without a frequency are left out.

    Raises
    ------
    InputError
        If no frequency lies in any band.
    """
    frequencies = np.asarray(frequencies, float)
    chosen = [(frequencies >= low) & (frequencies < high) for low, high in bands.values()]
    chosen = [band for band in chosen if band.any()]
    if not chosen:
        raise InputError(
            "no frequency of the spectrogram lies in a band of the EEG",
            got=f"{frequencies.min():g} to {frequencies.max():g} Hz",
            expected=", ".join(f"{name} from {low:g} Hz" for name, (low, _) in bands.items()),
        )
    return log_power(
        np.stack([np.square(spectrogram[..., band], dtype=np.float64).mean(axis=-1) for band in chosen], axis=-1)
    )


def log_power(power: np.ndarray) -> np.ndarray:
    """Logarithm of power (volume, channel, band), not below a millionth of the median of its band."""
    floor = np.maximum(FLOOR * np.median(power, axis=(0, 1)), np.finfo(float).tiny)
    logarithm: np.ndarray = np.log(np.maximum(power, floor))
    return logarithm


def recentre(features: np.ndarray) -> np.ndarray:
    """z-score each feature (volume, ...) over the volumes of its recording; 0 where it is constant.

    Subjects differ in skull, cap and gain; only what varies within a recording can tell about BOLD that varies.
    This needs no BOLD, so a new subject can be recentred in the same way.
    """
    centred = features - features.mean(axis=0)
    std = centred.std(axis=0)
    varies = std > 1e-9 * np.abs(features).max(axis=0)
    scaled: np.ndarray = np.where(varies, centred / np.where(varies, std, 1), 0)
    return scaled
