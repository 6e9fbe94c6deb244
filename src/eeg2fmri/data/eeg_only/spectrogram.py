"""Show a synthesiser an EEG-only recording: its own electrodes, frequencies and length of a row."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.rates import fitting_rate, rate_factor
from eeg2fmri.data.features.spectrogram import spectrogram, window_samples


def fitted_signal(
    signal: np.ndarray, sfreq: float, weights: np.ndarray, frequencies: np.ndarray, tr: float
) -> tuple[np.ndarray, float, list[str]]:
    """Bring a recording to the electrodes of the synthesiser, at a rate at which its rows are whole.

    Parameters
    ----------
    signal, sfreq, weights, frequencies, tr
        As in `model_spectrogram`.

    Returns
    -------
    signal : array, shape (channel, time)
        V.
    sfreq : float
        Hz.
    notes : list of str
        What was done to the recording.

    Raises
    ------
    InputError
        If it was sampled too slowly.
    """
    rate = fitting_rate(sfreq, tr, np.asarray(frequencies, float))
    mapped = weights @ np.asarray(signal, np.float64)
    if rate == sfreq:
        return mapped, rate, []
    from scipy.signal import resample_poly

    ratio = Fraction(rate / sfreq).limit_denominator(10_000)
    told = f"resampled from {sfreq:g} to {rate:g} Hz, so that a row of {tr:g} s is a whole number of samples"
    return resample_poly(mapped, ratio.numerator, ratio.denominator, axis=1), rate, [told]


def model_spectrogram(
    signal: np.ndarray, sfreq: float, weights: np.ndarray, frequencies: np.ndarray, tr: float, reference: float = 0.0
) -> tuple[np.ndarray, list[str]]:
    """Cut a recording into rows of one TR of the synthesiser and take their spectra.

    Parameters
    ----------
    signal : array, shape (recorded channel, time)
        V.
    sfreq : float
        Hz.
    weights : array, shape (channel, recorded channel)
        From `eeg2fmri.data.eeg_only.positions.electrode_map`.
    frequencies : array, shape (freq,)
        Of the synthesiser, Hz.
    tr : float
        Of the synthesiser, s. Rows follow each other without a gap from the first sample; a rest is left out.
    reference : float
        Sampling rate at which the synthesiser knows magnitudes, Hz; 0 where it is not known.

    Returns
    -------
    magnitude : array, shape (row, channel, freq), float32
        V.
    notes : list of str
        What was done to the recording.

    Raises
    ------
    InputError
        If it was sampled too slowly, or is shorter than a row.
    """
    frequencies = np.asarray(frequencies, float)
    mapped, rate, notes = fitted_signal(signal, sfreq, weights, frequencies, tr)
    size = window_samples(tr, rate)
    n_rows = mapped.shape[1] // size
    if n_rows < 1:
        raise InputError(
            "the EEG is shorter than one row of the synthesiser",
            got=f"{mapped.shape[1] / rate:.3f} s",
            expected=f"{tr:g} s",
        )
    magnitude, own = spectrogram(mapped, rate, np.arange(n_rows) * size / rate, tr, len(frequencies))
    if np.max(np.abs(own - frequencies)) > 0.1 * rate / size:
        raise InputError(
            "rows of the synthesiser's TR do not have its frequencies",
            got=f"{own[0]:.4f} to {own[-1]:.4f} Hz",
            expected=f"{frequencies[0]:.4f} to {frequencies[-1]:.4f} Hz",
        )
    factor = np.float32(rate_factor(tr, rate, reference))
    return (magnitude if factor == 1 else magnitude * factor), notes
