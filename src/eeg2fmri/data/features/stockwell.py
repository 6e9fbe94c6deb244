"""Power of EEG in narrow bands by the Stockwell transform.

Stockwell, Mansinha and Lowe (IEEE Trans Signal Process 44, 1996). At frequency f the signal is seen through a Gaussian
window of standard deviation 1 / f,

    S(t, f) = |f| / sqrt(2 pi) int x(u) exp(-(t - u)^2 f^2 / 2) exp(-2 pi i f u) du,

which is a product with exp(-2 pi^2 a^2 / f^2) of the spectrum at f + a: slow rhythms are seen through long windows,
which reach beyond the volume, and fast ones through short ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft

#: Width of spectrum that is transformed back, in standard deviations of the Gaussian of a frequency: beyond four to
#: either side nothing is left of it; the rest makes the course dense enough for means of its squares.
WIDTH = 32.0


def stockwell_power(rows: np.ndarray, tr: float, bands: Sequence[np.ndarray]) -> np.ndarray:
    """Compute the power of bands in each row of a recording.

    Parameters
    ----------
    rows : array, shape (volume, channel, sample)
        EEG without gaps: each row goes on where the one before ends.
    tr : float
        Duration of a row, s.
    bands : sequence of array, shape (frequency,)
        Frequencies of each band, Hz, above 0 and below half the sampling rate.

    Returns
    -------
    array, shape (volume, channel, band)
        Mean over the band's frequencies and the time of the row of the squared magnitude of S, in the unit of the EEG
        squared.

    Examples
    --------
    >>> times = np.arange(1000) / 100.0
    >>> rows = np.sin(2 * np.pi * 10 * times).reshape(5, 1, 200)
    >>> power = stockwell_power(rows, 2.0, [np.array([10.0]), np.array([30.0])])
    >>> power[2, 0].round(3).tolist()
    [0.25, 0.0]
    """
    volumes, channels, samples = rows.shape
    found = np.empty((volumes, channels, len(bands)))
    for channel in range(channels):
        signal = np.asarray(rows[:, channel], np.float64).ravel()
        spectrum = scipy.fft.fft(signal - signal.mean()) / signal.size
        for band, frequencies in enumerate(bands):
            power = [_voice(spectrum, frequency, volumes, tr, samples / tr) for frequency in frequencies]
            found[:, channel, band] = np.mean(power, axis=0)
    return found


def _voice(spectrum: np.ndarray, frequency: float, volumes: int, tr: float, rate: float) -> np.ndarray:
    """Mean power of one frequency in each row, of about the bins that its Gaussian is wide."""
    bins = volumes * int(np.ceil(WIDTH * frequency / (2 * np.pi) * tr))
    step = rate / spectrum.size
    centre = round(frequency / step)
    offsets = np.arange(bins) - bins // 2
    weights = np.exp(-2 * np.pi**2 * (((centre + offsets) * step - frequency) / frequency) ** 2)
    narrow = spectrum[(centre + offsets) % spectrum.size] * weights
    # a shift along frequency changes no magnitude
    course = scipy.fft.ifft(narrow) * bins
    power: np.ndarray = (np.abs(course) ** 2).reshape(volumes, -1).mean(axis=1)
    return power
