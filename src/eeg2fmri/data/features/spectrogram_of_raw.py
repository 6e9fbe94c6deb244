"""The spectrogram of an MNE recording, block by block, as a store and a model need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.eeg.channel_matrix import Derivation
from eeg2fmri.data.eeg.channel_names import channel_problems
from eeg2fmri.data.eeg.read_samples import BLOCK, name_of, read_samples
from eeg2fmri.data.eeg.sample_checks import SignalChecks
from eeg2fmri.data.features.spectrogram import bin_frequencies, checked_bins, spectrogram, window_samples, window_starts
from eeg2fmri.data.timing.choose_marker import has_volume_marker
from eeg2fmri.data.timing.read_markers import markers_of
from eeg2fmri.data.timing.volume_onsets import volume_onsets

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


def raw_spectrogram(
    raw: mne.io.BaseRaw,
    electrodes: Sequence[str],
    frequencies: np.ndarray,
    tr: float,
    onsets: np.ndarray | None = None,
    first_volume_s: float | None = None,
    marker: str | None = None,
    notes: list[str] | None = None,
    also: Callable[[np.ndarray], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Make the spectrogram that a trained model expects of any recording.

    Parameters
    ----------
    raw : mne Raw
        EEG in V, with at least `electrodes`.
    electrodes : sequence of str
        Of the model, in order; found by name.
    frequencies : array, shape (freq,)
        Of the model, Hz.
    tr : float
        Of the model, s.
    onsets : array, shape (volume,), optional
        Start of each volume, s after the first sample.
    first_volume_s : float, optional
        Start of the first volume, s; the others follow every TR to the end of the recording.
    marker : str, optional
        Description of the volume marker; found by default. Without markers the first volume starts at 0.
    notes : list of str, optional
        What the user should know is appended.
    also : callable, optional
        See `spectrogram_blocks`.

    Returns
    -------
    spectrogram : array, shape (volume, channel, freq), float32
        V.
    onsets : array, shape (volume,)
        s after the first sample.

    Raises
    ------
    InputError
        If electrodes are missing, the frequencies cannot be had from this sampling rate, the unit is
        wrong, samples are missing or constant, or the recording is shorter than one TR.
    """
    where = name_of(raw)
    sfreq = float(raw.info["sfreq"])
    problems = channel_problems(electrodes, raw.ch_names, where)
    problems += frequency_problems(frequencies, tr, sfreq, where)
    if problems:
        raise InputError.of(problems)
    told: list[str] = []
    times = _onsets(raw, tr, onsets, first_volume_s, marker, where, told)
    checks = SignalChecks(electrodes, sfreq)
    result = np.empty((len(times), len(electrodes), len(frequencies)), np.float32)
    done = 0
    for block in spectrogram_blocks(raw, electrodes, times, tr, len(frequencies), checks, also=also):
        result[done : done + len(block)] = block
        done += len(block)
    problems = checks.problems(where)
    if problems:
        raise InputError.of(problems)
    if notes is not None:
        notes += told
    return result, times


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


def _onsets(
    raw: mne.io.BaseRaw,
    tr: float,
    onsets: np.ndarray | None,
    first_volume_s: float | None,
    marker: str | None,
    where: str,
    notes: list[str],
) -> np.ndarray:
    sfreq = float(raw.info["sfreq"])
    window = window_samples(tr, sfreq)
    if onsets is not None:
        times = np.asarray(onsets, float)
        if times.ndim != 1 or not times.size or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise InputError("the onsets are not rising times", where=where, got=str(times.shape), expected="(volume,)")
        return times
    markers = markers_of(raw) if first_volume_s is None else {}
    if marker is not None or has_volume_marker(markers, tr):
        alignment = volume_onsets(markers, None, tr, sfreq, marker=marker, where=where)
        notes += alignment.notes
        times = alignment.onsets
        inside = np.round(times * sfreq) + window <= raw.n_times + 1
        if not inside.all():
            notes.append(f"volume markers without a whole TR of EEG after them, left out: {np.sum(~inside)}")
        times = times[inside]
    else:
        if first_volume_s is None:
            notes.append("no volume markers: the first volume was taken to start with the EEG, the others every TR")
        start = first_volume_s or 0.0
        last = (raw.n_times + 1 - window) / sfreq - start
        times = start + np.arange(int(last / tr + 1e-9) + 1 if last >= 0 else 0) * tr
        times = times[np.round(times * sfreq) + window <= raw.n_times + 1]
    if not times.size:
        raise InputError(
            "the EEG is shorter than one volume",
            where=where,
            got=f"{raw.n_times / sfreq:.3f} s",
            expected=f"at least {tr:g} s after the start of the first volume",
        )
    return times
