"""Magnitude spectrogram of EEG: one discrete Fourier transform for each volume and channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from eeg2fmri.core.errors import InputError, Problem


def window_samples(window_s: float, sfreq: float) -> int:
    """Give the samples in a window: the whole number nearest to its length."""
    return round(window_s * sfreq)


def default_bins(n_samples: int) -> int:
    """Frequencies above DC and below a quarter of the sampling rate: 134 of a window of 540 samples."""
    return n_samples // 4 - 1


def bin_frequencies(n_samples: int, sfreq: float, n_bins: int) -> np.ndarray:
    """Frequencies (Hz) of bins 1 to `n_bins` of a window of `n_samples`."""
    return np.arange(1, n_bins + 1) * (sfreq / n_samples)


def window_starts(onsets: np.ndarray, sfreq: float, n_samples: int, n_times: int, where: str = "") -> np.ndarray:
    """First sample of each window.

    A window that would end one sample after the recording, because its length and its onset were both
    rounded up, starts one sample earlier.

    Parameters
    ----------
    onsets : array, shape (volume,)
        s after the first sample.
    sfreq : float
        Hz.
    n_samples, n_times : int
        Samples of a window, and of the recording.
    where : str
        EEG file, for the error.

    Raises
    ------
    InputError
        If a window reaches beyond the recording.
    """
    starts = np.round(np.asarray(onsets, float) * sfreq).astype(int)
    starts = np.where(starts + n_samples == n_times + 1, starts - 1, starts)
    outside = np.flatnonzero((starts < 0) | (starts + n_samples > n_times))
    if outside.size:
        times = np.asarray(onsets, float)
        raise InputError.of([short_eeg_problem(outside, times, n_samples / sfreq, n_times / sfreq, where)])
    return starts


def short_eeg_problem(
    outside: np.ndarray, onsets: np.ndarray, window_s: float, duration_s: float, where: str = ""
) -> Problem:
    """Say which volumes have no EEG."""
    return Problem(
        "the EEG does not cover every volume",
        where,
        f"{duration_s:.3f} s of EEG; {outside.size} of {onsets.size} volumes lie outside, first volume {outside[0]} "
        f"at {onsets[outside[0]]:.3f} s",
        f"EEG from {onsets.min():.3f} s to {onsets.max() + window_s:.3f} s",
        "check that both files are of the same run and complete; cut the BOLD to the volumes that have EEG",
    )


def spectrogram(
    signal: np.ndarray,
    sfreq: float,
    onsets: np.ndarray,
    window_s: float,
    n_bins: int | None = None,
    *,
    dtype: type[np.floating] = np.float32,
    also: Callable[[np.ndarray], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Magnitude of the discrete Fourier transform of each channel in the window after each onset.

    |sum_n x_n exp(-2 pi i k n / N)| for k = 1 ... n_bins, unnormalised, rectangular window; DC is left out.

    Parameters
    ----------
    signal : array, shape (channel, time)
        V.
    sfreq : float
        Sampling rate, Hz.
    onsets : array, shape (volume,)
        Start of each window, s after the first sample.
    window_s : float
        Length of a window, s: one TR. N = round(window_s * sfreq) samples.
    n_bins : int, optional
        Frequencies to keep, N // 4 - 1 by default: those below a quarter of the sampling rate. A recording
        that was sampled faster has the same lowest frequencies.
    dtype : numpy float type
        Of the result; the transform is computed in float64.
    also : callable, optional
        Is given the transform of each window in turn, complex (channel, bin 0 ... N // 2), V: for a second
        representation without a second transform.

    Returns
    -------
    magnitude : array, shape (volume, channel, freq)
        V.
    frequencies : array, shape (freq,)
        Hz.

    Raises
    ------
    InputError
        If a window reaches beyond the signal, or has fewer than `n_bins` frequencies.
    """
    n_samples = window_samples(window_s, sfreq)
    n_bins = checked_bins(n_samples, sfreq, n_bins)
    magnitude = np.empty((len(onsets), len(signal), n_bins), dtype)
    for volume, spectrum in enumerate(transforms(signal, sfreq, onsets, window_s)):
        np.abs(spectrum[:, 1 : n_bins + 1], out=magnitude[volume])
        if also is not None:
            also(spectrum)
    return magnitude, bin_frequencies(n_samples, sfreq, n_bins)


def transforms(signal: np.ndarray, sfreq: float, onsets: np.ndarray, window_s: float) -> Iterator[np.ndarray]:
    """Give the discrete Fourier transform of the window after each onset; for the parameters see `spectrogram`.

    Yields
    ------
    array of complex128, shape (channel, bin)
        Bins 0 to N // 2, V.

    Raises
    ------
    InputError
        If a window reaches beyond the signal.
    """
    n_samples = window_samples(window_s, sfreq)
    for start in window_starts(onsets, sfreq, n_samples, signal.shape[1]):  # one window stays in the processor's cache
        with np.errstate(invalid="ignore"):  # samples that are not finite are the caller's to report
            spectrum = np.fft.rfft(np.asarray(signal[:, start : start + n_samples], np.float64), axis=-1)
        yield spectrum


def checked_bins(n_samples: int, sfreq: float, n_bins: int | None, where: str = "") -> int:
    """Give the number of bins, the default one for None.

    Raises
    ------
    InputError
        If the window does not have so many bins, or none at all.
    """
    highest = n_samples // 2
    chosen = default_bins(n_samples) if n_bins is None else n_bins
    if not 1 <= chosen <= highest:
        raise InputError(
            "the window does not have so many frequencies",
            where=where,
            got=f"{chosen} frequencies of a window of {n_samples} samples at {sfreq:g} Hz",
            expected=f"1 to {highest}",
            hint="ask for fewer with 'n_bins', or check the sampling rate and the TR",
        )
    return chosen
