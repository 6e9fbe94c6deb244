"""Covariance between electrodes in frequency bands, one matrix for each volume and band.

A magnitude spectrogram has lost the phase between electrodes; these matrices keep what of it separates sources: every
spatial filter's power in a band follows from them (Barachant et al., IEEE Trans Biomed Eng 59, 2012).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.features.spectrogram import transforms, window_samples

#: Name and limits (Hz) of a band; the upper limit belongs to the next band.
Band = tuple[str, float, float]

#: Bands whose power goes with BOLD at rest (Laufs et al., PNAS 100, 2003; Scheeringa et al., Int J Psychophysiol 67,
#: 2008, for theta; Ritter et al., Hum Brain Mapp 30, 2009).
BANDS: tuple[Band, ...] = (("theta", 4.0, 8.0), ("alpha", 8.0, 13.0), ("beta", 13.0, 30.0))


def band_covariances(
    signal: np.ndarray,
    sfreq: float,
    onsets: np.ndarray,
    window_s: float,
    bands: Sequence[Band] = BANDS,
) -> np.ndarray:
    """Covariance of the electrodes in each band, in the window after each onset.

    With X_k the discrete Fourier transform of the window after its linear trend is removed, the covariance in a band
    is 2 / N^2 times the sum of Re(X_k X_k^H) over its bins: the mean over the window of the product of two band-passed
    electrodes (Parseval). Each window is on its own, so that a stream gives what a file gives.

    Parameters
    ----------
    signal : array, shape (channel, time)
        V.
    sfreq : float
        Sampling rate, Hz.
    onsets : array, shape (volume,)
        Start of each window, s after the first sample.
    window_s : float
        Length of a window, s: one TR.
    bands : sequence of (name, low, high)
        Hz; low <= frequency < high.

    Returns
    -------
    array of float32, shape (volume, band, channel, channel)
        V^2, symmetric.

    Raises
    ------
    InputError
        If a window reaches beyond the signal, or bands hold no frequency of the window: all of these at once.
    """
    of_window = BandCovariance(sfreq, window_s, bands)
    found = [of_window(spectrum) for spectrum in transforms(signal, sfreq, onsets, window_s)]
    return np.stack(found) if found else np.empty((0, len(bands), len(signal), len(signal)), np.float32)


class BandCovariance:
    """Covariance of the electrodes in each band, of the transform of a window: see `band_covariances`.

    The linear trend is taken out of the transform, where its least squares slope follows from the same numbers
    (Parseval), so that one transform serves the spectrogram and the covariances.

    Parameters
    ----------
    sfreq : float
        Hz.
    window_s : float
        s.
    bands : sequence of (name, low, high)
        Hz.

    Raises
    ------
    InputError
        See `band_bins`.
    """

    def __init__(self, sfreq: float, window_s: float, bands: Sequence[Band] = BANDS) -> None:
        n_samples = window_samples(window_s, sfreq)
        self._bins = band_bins(n_samples, sfreq, bands)
        self._scale = 2 / n_samples**2
        line = np.arange(n_samples) - (n_samples - 1) / 2
        transform = np.fft.rfft(line)
        transform[0] = 0  # the mean of a channel may be 1e4 times its signal, and says nothing of its slope
        # a bin stands for its mirror image too, but for that at half the sampling rate
        weight = np.full(len(transform), 2.0)
        weight[-1] = 1.0 if n_samples % 2 == 0 else 2.0
        power = float(line @ line)
        self._line = _parts(transform)
        self._slope = _parts(transform * weight) / (n_samples * power) if power else np.zeros_like(self._line)

    def __call__(self, spectrum: np.ndarray) -> np.ndarray:
        """Give float32 (band, channel, channel), V^2, of a transform, complex (channel, bin), V."""
        values = _parts(spectrum)  # Re(X X^H) of complex X is the real product of its real and imaginary parts
        slope = (values @ self._slope)[:, None]
        out = np.empty((len(self._bins), len(spectrum), len(spectrum)), np.float32)
        for b, bins in enumerate(self._bins):
            of_band = slice(2 * bins.start, 2 * bins.stop)
            part = values[:, of_band] - slope * self._line[of_band]
            out[b] = part @ part.T * self._scale
        return out


def _parts(spectrum: np.ndarray) -> np.ndarray:
    """Real and imaginary parts of complex (..., bin) side by side: (..., 2 bin)."""
    return np.ascontiguousarray(spectrum, np.complex128).view(np.float64)


def band_bins(n_samples: int, sfreq: float, bands: Sequence[Band]) -> list[slice]:
    """Bins of the transform of a window that belong to each band.

    Raises
    ------
    InputError
        Naming every band that holds no bin, reaches beyond half the sampling rate, or has no width.
    """
    frequencies = np.arange(n_samples // 2 + 1) * (sfreq / n_samples)
    found, problems = [], []
    for name, low, high in bands:
        # a bin on the limit is on it whatever its last digits are
        first, last = np.searchsorted(frequencies, [low * (1 - 1e-9), high * (1 - 1e-9)])
        if not 0 < low < high <= sfreq / 2 or first == last:
            problems.append(
                Problem(
                    "the EEG has no such frequency band",
                    "",
                    f"{name}: {low:g} to {high:g} Hz, in windows of {n_samples / sfreq:g} s at {sfreq:g} Hz",
                    f"bands above 0 and up to {sfreq / 2:g} Hz, at least {sfreq / n_samples:.3g} Hz wide",
                    "choose other bands",
                )
            )
        found.append(slice(int(first), int(last)))
    if problems:
        raise InputError.of(problems)
    return found


def pack(covariances: np.ndarray) -> np.ndarray:
    """Keep the upper triangles of symmetric matrices, shape (..., channel, channel) to (..., pair).

    Pairs are in the order of the rows of the matrix: (0, 0), (0, 1), ..., (1, 1), ...
    """
    rows, columns = np.triu_indices(covariances.shape[-1])
    return covariances[..., rows, columns]


def unpack(packed: np.ndarray) -> np.ndarray:
    """Undo `pack`: (..., pair) to symmetric matrices (..., channel, channel).

    Raises
    ------
    InputError
        If the number of pairs belongs to no number of channels.
    """
    n_pairs = packed.shape[-1]
    n_channels = int((np.sqrt(8 * n_pairs + 1) - 1) / 2)
    if n_channels * (n_channels + 1) // 2 != n_pairs:
        raise InputError(
            "this is no packed covariance", got=f"{n_pairs} pairs", expected="n (n + 1) / 2 pairs of n electrodes"
        )
    rows, columns = np.triu_indices(n_channels)
    out = np.empty((*packed.shape[:-1], n_channels, n_channels), packed.dtype)
    out[..., rows, columns] = packed
    out[..., columns, rows] = packed
    return out


def average_reference(covariances: np.ndarray) -> np.ndarray:
    """Covariances (..., channel, channel) of the same EEG against the average of its electrodes."""
    rows = covariances.mean(axis=-1, keepdims=True)
    return covariances - rows - np.swapaxes(rows, -1, -2) + rows.mean(axis=-2, keepdims=True)
