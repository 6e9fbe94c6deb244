"""Sampling rates: whether a recording has the frequencies of others, and how magnitudes become comparable."""

from __future__ import annotations

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.features.spectrogram import bin_frequencies, checked_bins, window_samples


def rate_factor(tr: float, sfreq: float, reference: float) -> float:
    """Give the factor that makes magnitudes those of the same signal at another sampling rate.

    The transform is a sum over the samples of a window, so it grows with their number; below both Nyquist frequencies
    the ratio of the numbers is all that differs.

    Parameters
    ----------
    tr : float
        Length of the window, s.
    sfreq, reference : float
        Rate of the recording, and rate wanted, Hz; 0 where it is not known: the factor is 1.
    """
    return window_samples(tr, reference) / window_samples(tr, sfreq) if reference else 1.0


def frequency_problems(frequencies: np.ndarray, tr: float, sfreq: float, where: str) -> list[Problem]:
    """Say whether a recording of this sampling rate has the frequencies (Hz) wanted, within a tenth of a bin."""
    n_samples = window_samples(tr, sfreq)
    try:
        n_bins = checked_bins(n_samples, sfreq, len(frequencies), where)
    except InputError as error:
        return list(error.problems)
    own = bin_frequencies(n_samples, sfreq, n_bins)
    off = float(np.max(np.abs(own - np.asarray(frequencies))))
    if off <= 0.1 * sfreq / n_samples:
        return []
    return [
        Problem(
            "the sampling rate and TR give other frequencies",
            where,
            f"{own[0]:.4f} to {own[-1]:.4f} Hz at {sfreq:g} Hz and a TR of {tr:g} s",
            f"{frequencies[0]:.4f} to {frequencies[-1]:.4f} Hz",
            "resample the EEG so that a TR is a whole number of samples",
        )
    ]


def refuse_own_frequencies(frequencies: np.ndarray, tr: float) -> None:
    """Raise if frequencies (Hz) are not those of spectra of a TR (s), which are made of a recording of EEG.

    Raises
    ------
    InputError
        If no sampling rate gives them.
    """
    frequencies = np.asarray(frequencies, float)
    bins = np.arange(1, len(frequencies) + 1)
    # a TR that is no whole number of samples shifts bin k by a share of k
    if np.all(np.abs(frequencies * tr - bins) <= 0.1 + 0.02 * bins):
        return
    raise InputError(
        "the synthesiser was trained on EEG features that were given as arrays: nothing makes them of a recording",
        where="frequencies of the synthesiser",
        got=f"{frequencies[0]:g} to {frequencies[-1]:g} Hz, {len(frequencies)} of them",
        expected=f"those of a spectrum of {tr:g} s: {1 / tr:.4g}, {2 / tr:.4g} Hz and so on",
        hint="put its features into a store (eeg2fmri.Store.from_arrays) and score it with eeg2fmri evaluate; or train "
        "on a store that eeg2fmri prepare made",
    )


def fitting_rate(sfreq: float, tr: float, frequencies: np.ndarray, where: str = "") -> float:
    """Choose a sampling rate, Hz, at which a row of `tr` s has the given frequencies: the recording's own if it can be.

    Raises
    ------
    InputError
        If the recording was sampled too slowly for the highest frequency, or no rate gives the frequencies.
    """
    frequencies = np.asarray(frequencies, float)
    if 2 * float(frequencies[-1]) > sfreq:
        raise InputError(
            "the EEG was sampled too slowly for the synthesiser",
            where=where,
            got=f"{sfreq:g} Hz, frequencies up to {sfreq / 2:g} Hz",
            expected=f"frequencies up to {frequencies[-1]:g} Hz",
            hint="record faster, or train a synthesiser with fewer frequencies ('n_bins')",
        )
    if not frequency_problems(frequencies, tr, sfreq, where):
        return sfreq
    # the nearest rate above at which a row is a whole number of samples
    rate = float(np.ceil(tr * sfreq - 1e-9) / tr)
    problems = frequency_problems(frequencies, tr, rate, where)
    if problems:
        raise InputError.of(problems)
    return rate
