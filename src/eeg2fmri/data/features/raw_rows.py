"""Resample the EEG of each volume, a block of volumes in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import scipy  # its parts when they are used: few stores keep raw rows, and importing takes longer than preparing one

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.eeg.channel_matrix import Derivation
from eeg2fmri.data.eeg.read_samples import BLOCK, name_of, read_samples

if TYPE_CHECKING:
    import mne

#: Zero crossings of the interpolating sinc on each side, and the shape of its Kaiser window (80 dB).
CROSSINGS = 16
KAISER_BETA = 8.0
#: Cutoff of the filter before samples are dropped, as a share of the new Nyquist frequency.
PASSED = 0.9
#: Onsets between two samples are told apart to this part of a sample.
FRACTION = 1 / 16
#: V in a stored unit.
STORED_V = 1e-6


def raw_rows(
    raw: mne.io.BaseRaw,
    derivation: Derivation,
    onsets: np.ndarray,
    tr: float,
    n_samples: int,
    kind: Literal["float16", "float32"] = "float32",
) -> Iterator[np.ndarray]:
    """Resample the EEG of each volume to `n_samples` samples, the first at its onset.

    Band-limited interpolation: a sinc under a Kaiser window, which cuts at 0.9 of the new Nyquist frequency where
    samples are dropped. Consecutive rows of a regular recording follow each other without a seam. Where no sample is
    between two, they are the samples of the recording. Before its first and after its last sample the EEG is taken to
    stay where it is.

    Parameters
    ----------
    raw : mne Raw
        Not necessarily loaded.
    derivation : Derivation
        How the electrodes come of its channels.
    onsets : array, shape (volume,)
        s after the first sample.
    tr : float
        s.
    n_samples : int
        Samples of a row; the new rate is ``n_samples / tr``.
    kind : {"float16", "float32"}

    Yields
    ------
    array, shape (volume, channel, sample)
        Microvolts, relative to the mean of each electrode in the first row: offsets of an amplifier can be far larger
        than any EEG. `as_volts` gives V.

    Raises
    ------
    InputError
        If samples are not finite, too large for the type, or cannot be read.
    """
    sfreq = float(raw.info["sfreq"])
    step, level = tr * sfreq / n_samples, None
    per_block = max(1, BLOCK // (len(raw.ch_names) * max(1, round(tr * sfreq))))
    positions = np.round(np.asarray(onsets, float) * sfreq / FRACTION) * FRACTION
    for first in range(0, len(positions), per_block):
        starts = positions[first : first + per_block]
        bases = np.round(starts).astype(int)
        kernels = [_kernel(n_samples, step, float(at)) for at in starts - bases]
        low = int(min(base + kernel.low for base, kernel in zip(bases, kernels, strict=True)))
        high = int(max(base + kernel.high for base, kernel in zip(bases, kernels, strict=True)))
        signal = _padded(raw, derivation, low, high)
        rows = np.empty((len(starts), len(derivation.outputs), n_samples))
        for row, base, kernel in zip(rows, bases, kernels, strict=True):
            row[:] = kernel.apply(signal[:, base + kernel.low - low : base + kernel.high - low])
        rows /= STORED_V
        if level is None:
            level = rows[0].mean(axis=-1, keepdims=True)
        yield _stored(rows - level, kind, name_of(raw))


def as_volts(rows: np.ndarray) -> np.ndarray:
    """Give stored rows in V, float32."""
    volts: np.ndarray = np.multiply(rows, np.float32(STORED_V), dtype=np.float32)
    return volts


def spectrum_of_rows(rows: np.ndarray, bins: int) -> np.ndarray:
    """Compute the magnitude of the Fourier transform of stored rows: (volume, channel, bin), V, float32, without DC."""
    spectrum: np.ndarray = np.abs(np.fft.rfft(as_volts(rows), axis=-1)[..., 1 : bins + 1]).astype(np.float32)
    return spectrum


class _Kernel:
    """Interpolates rows whose first sample lies at one place between two samples."""

    def __init__(self, n_samples: int, step: float, offset: float) -> None:
        places = offset + step * np.arange(n_samples)
        if step == 1 and offset == 0:
            self.matrix, self.low, self.high = None, 0, n_samples
            return
        cutoff = min(1.0, PASSED / step) if step > 1 else 1.0
        half = int(np.ceil(CROSSINGS / cutoff))
        columns = np.floor(places).astype(int)[:, None] + np.arange(1 - half, half + 1)
        distance = places[:, None] - columns
        inside = np.sqrt(np.clip(1 - (distance * cutoff / CROSSINGS) ** 2, 0, None))
        weights = np.sinc(cutoff * distance) * scipy.special.i0(KAISER_BETA * inside)
        weights /= weights.sum(axis=1, keepdims=True)
        self.low, self.high = int(columns[0, 0]), int(columns[-1, -1]) + 1
        pointers = np.arange(n_samples + 1) * columns.shape[1]
        shape = (n_samples, self.high - self.low)
        self.matrix = scipy.sparse.csr_matrix((weights.ravel(), (columns - self.low).ravel(), pointers), shape)

    def apply(self, signal: np.ndarray) -> np.ndarray:
        """Interpolate a row (channel, sample) of samples `low` to `high` around its place."""
        if self.matrix is None:
            return signal
        made: np.ndarray = (self.matrix @ np.ascontiguousarray(signal.T)).T
        return made


_kernel = lru_cache(maxsize=32)(_Kernel)


def _padded(raw: mne.io.BaseRaw, derivation: Derivation, low: int, high: int) -> np.ndarray:
    """Read electrodes (channel, sample) from `low` to `high`, V; beyond the recording its first and last samples."""
    first, last = min(max(low, 0), raw.n_times - 1), max(min(high, raw.n_times), 1)
    signal = read_samples(raw, derivation.inputs, first, last) * derivation.scale
    return np.pad(derivation.apply(signal), ((0, 0), (first - low, high - last)), mode="edge")


def _stored(rows: np.ndarray, kind: Literal["float16", "float32"], where: str) -> np.ndarray:
    if not np.isfinite(rows).all():
        raise InputError(
            "the EEG holds values that are not finite (NaN or infinite)",
            where=where,
            hint="repair the file or leave the recording out",
        )
    largest = float(np.abs(rows).max())
    most = float(np.finfo(kind).max)
    if largest > most:
        raise InputError(
            "the EEG has larger values than the type of its raw rows can hold",
            where=where,
            got=f"{largest:.3g} uV from the level at the start",
            expected=f"at most {most:.3g} uV",
            hint="keep it in full with raw: {kind: float32}, or take out the artefact first (eeg: {clean: ...})",
        )
    return rows.astype(kind)
