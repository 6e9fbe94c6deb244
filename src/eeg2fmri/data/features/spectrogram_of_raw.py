"""The spectrogram of an MNE recording, block by block, as a store and a model need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.eeg.channel_matrix import Derivation
from eeg2fmri.data.eeg.read_samples import BLOCK, name_of, read_samples
from eeg2fmri.data.eeg.sample_checks import SignalChecks
from eeg2fmri.data.features.spectrogram import spectrogram, window_samples, window_starts

if TYPE_CHECKING:
    import mne


def spectrogram_blocks(
    raw: mne.io.BaseRaw,
    electrodes: Sequence[str],
    onsets: np.ndarray,
    window_s: float,
    n_bins: int,
    checks: SignalChecks,
    derivation: Derivation | None = None,
    also: Callable[[np.ndarray], None] | None = None,
    watch: Callable[[np.ndarray, int], None] | None = None,
) -> Iterator[np.ndarray]:
    """Compute the spectrogram some volumes at a time.

    Parameters
    ----------
    raw : mne Raw
        Not necessarily loaded.
    electrodes : sequence of str
        Channels, in the order wanted.
    onsets : array, shape (volume,)
        s after the first sample.
    window_s : float
        TR, s.
    n_bins : int
        Frequencies.
    checks : SignalChecks
        Takes in every sample between the first and the last window, of the channels that are read.
    derivation : Derivation, optional
        How `electrodes` come of the channels of the recording; by default they are channels of it.
    also : callable, optional
        See `eeg2fmri.data.features.spectrogram.spectrogram`.
    watch : callable, optional
        Is given each block of samples (channel, time), V, of the channels that are read, and where it starts.

    Yields
    ------
    array, shape (volume, channel, freq), float32
        V.

    Raises
    ------
    InputError
        If a window reaches beyond the recording, or MNE cannot read the samples.
    """
    chosen = derivation or Derivation.picking(electrodes)
    sfreq = float(raw.info["sfreq"])
    n_samples = window_samples(window_s, sfreq)
    starts = window_starts(onsets, sfreq, n_samples, raw.n_times, name_of(raw))
    per_block = max(1, BLOCK // (len(raw.ch_names) * n_samples))
    for first in range(0, len(starts), per_block):
        block_starts = starts[first : first + per_block]
        # up to the next block, so that the checks see the samples between windows too
        last = first + len(block_starts)
        end = int(block_starts[-1]) + n_samples if last == len(starts) else int(starts[last])
        end = max(end, int(block_starts[-1]) + n_samples)
        signal = read_samples(raw, chosen.inputs, int(block_starts[0]), end)
        if chosen.scale != 1:
            signal *= chosen.scale
        checks.update(signal, int(block_starts[0]))
        if watch is not None:
            watch(signal, int(block_starts[0]))
        signal = chosen.apply(signal)
        local = (block_starts - block_starts[0]) / sfreq
        yield spectrogram(signal, sfreq, local, window_s, n_bins, also=also)[0]


def spectrogram_at(
    raw: mne.io.BaseRaw,
    derivation: Derivation,
    onsets: np.ndarray,
    tr: float,
    n_bins: int,
    also: Callable[[np.ndarray], None] | None = None,
) -> np.ndarray:
    """Compute the whole spectrogram of a recording, and check its samples.

    Parameters
    ----------
    raw : mne Raw
        EEG in V.
    derivation : Derivation
        How the electrodes come of its channels.
    onsets : array, shape (volume,)
        Start of each volume, s after the first sample.
    tr : float
        s.
    n_bins : int
        Frequencies above DC.
    also : callable, optional
        See `spectrogram_blocks`.

    Returns
    -------
    array, shape (volume, channel, freq), float32
        V.

    Raises
    ------
    InputError
        If a window reaches beyond the recording, the unit is wrong, or samples are missing or constant.
    """
    checks = SignalChecks(derivation.inputs, float(raw.info["sfreq"]))
    result = np.empty((len(onsets), len(derivation.outputs), n_bins), np.float32)
    done = 0
    for block in spectrogram_blocks(raw, derivation.outputs, onsets, tr, n_bins, checks, derivation, also=also):
        result[done : done + len(block)] = block
        done += len(block)
    problems = checks.problems(name_of(raw))
    if problems:
        raise InputError.of(problems)
    return result
