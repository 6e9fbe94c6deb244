"""Cut windows of EEG rows, scale them, and pair each with its volume."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.features.raw_rows import as_volts, spectrum_of_rows
from eeg2fmri.data.timing.first_steady_volume import first_steady_volume

#: Length of a window (s) where none is given: the haemodynamic response lasts about as long.
WINDOW_S = 20.0
#: A standard deviation below this share of the magnitude of the mean is rounding, not signal.
CONSTANT = 1e-6
#: Representations that are made of the raw EEG of a store.
RAW = ("raw", "raw_spectrum")


class PairConfig(Config):
    """How windows of EEG are paired with volumes, and how both are scaled.

    Attributes
    ----------
    window : int
        EEG rows (volumes) in a window; left out, those of `window_s`, or as many as cover 20 s.
    window_s : float or None
        Length of a window, s, in place of `window`: as many whole TRs as are nearest. A training takes the TR of its
        store (`eeg2fmri.data.pairs.of_store`). A raw window has this length to the sample.
    raw_rows : float or None
        Length of a raw window in TRs, which need not be whole: the end of the `window` rows that hold it. Follows from
        `window_s`.
    lag : int
        Volumes between the end of the window and the target; 0 is the volume that follows the window, -1 the volume
        that is measured while the window ends.
    skip_volumes : int or None
        Volumes dropped from the beginning of both EEG and BOLD, before the magnetisation is steady;
        None is 3 at a TR of 1.5 s or more and 6 below.
    eeg : {"spectrogram", "amplitude", "rows", "raw", "raw_spectrum"}
        Representation of the EEG: magnitudes of every frequency; band amplitudes recentred by the recording's own
        covariance (`eeg2fmri.data.features.recentring`); several kinds of features of each row side by side
        (`eeg2fmri.data.features.row_features`): these two are scaled already. ``raw``: the EEG itself, V, from a store
        that keeps it: a window is (channel, 1, sample). ``raw_spectrum``: the spectrogram of it.
    bins : int or None
        Frequencies of a spectrogram that are given, from the lowest on; None gives all. Where the spectrogram of the
        store has fewer, that of its raw EEG is taken.
    rows : tuple of str
        Kinds of row features, with ``eeg="rows"``; empty is all that the recordings of a training can give.
    eeg_scaling : {"electrodes", "none"}
        Of the spectrogram. ``electrodes``: z-score over electrodes for every frequency and volume.
    bold_scaling : {"recording", "volume", "voxel", "none", "recording_range", "volume_range"}
        z-score with one mean and deviation per recording, per volume, or per voxel of a recording. For outputs between
        0 and 1: ``recording_range`` puts 4 standard deviations around the mean of the recording there;
        ``volume_range`` each volume by its own smallest and largest value, as some publications do: what is lost of
        the volume cannot be known from EEG, and is brought back like that of ``recording_range``.
    target : {"volume", "dynamics"}
        ``dynamics``: deviation from the recording's own voxel mean in units of the voxel's standard
        deviation, whatever `bold_scaling` says.
    block : int
        Consecutive volumes that a window is to give, the last one that of the pair: stacked along x, the oldest first.
        All of them come after the volumes that are skipped. More than 1 is for models that give blocks
        (`eeg2fmri.models.capabilities.GivesBlocks`).

    Examples
    --------
    >>> PairConfig(window=10, target="dynamics").window
    10
    """

    window: Annotated[int, Field(ge=1)] = 10
    window_s: Annotated[float, Field(gt=0)] | None = None
    raw_rows: Annotated[float, Field(gt=0)] | None = None
    lag: Annotated[int, Field(ge=-1)] = 0
    skip_volumes: Annotated[int, Field(ge=0)] | None = None
    eeg: Literal["spectrogram", "amplitude", "rows", "raw", "raw_spectrum"] = "spectrogram"
    bins: Annotated[int, Field(ge=1)] | None = None
    rows: tuple[str, ...] = ()
    eeg_scaling: Literal["electrodes", "none"] = "electrodes"
    bold_scaling: Literal["recording", "volume", "voxel", "none", "recording_range", "volume_range"] = "recording"
    target: Literal["volume", "dynamics"] = "volume"
    block: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.window_s is not None and "window" in self.model_fields_set:
            raise ValueError("give 'window' (rows) or 'window_s' (seconds): a window has one length")
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_open(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave the rows out where they follow from the TR, so that whoever reads it takes them from the TR too."""
        values: dict[str, Any] = handler(self)
        dropped = {"window", "block"} - self.model_fields_set
        dropped |= {name for name in ("window_s", "raw_rows", "bins") if getattr(self, name) is None}
        return {name: value for name, value in values.items() if name not in dropped}

    def at(self, tr: float) -> PairConfig:
        """Give the same settings with the rows of a window at a TR (s), where they were given in seconds or left out.

        Examples
        --------
        >>> PairConfig().at(2.0).window, PairConfig().at(0.8).window, PairConfig(window=4).at(0.8).window
        (10, 25, 4)
        """
        if "window" in self.model_fields_set:
            return self
        if self.eeg == "raw":
            exact = (self.window_s or WINDOW_S) / tr
            return self.model_copy(update={"window": math.ceil(exact - 1e-6), "window_s": None, "raw_rows": exact})
        rows = math.ceil(WINDOW_S / tr - 1e-6) if self.window_s is None else max(1, round(self.window_s / tr))
        return self.model_copy(update={"window": rows, "window_s": None})

    def shape_of(self, row: tuple[int, ...]) -> tuple[int, int, int]:
        """Give the shape of a window (channel, freq, time) of rows of the shape (channel, freq or sample)."""
        if self.eeg == "raw":
            return row[0], 1, round((self.raw_rows or self.window) * row[1])
        if self.eeg == "raw_spectrum":
            return row[0], self.bins or row[1] // 2, self.window
        return row[0], self.bins or row[1], self.window


def skipped(tr: float, config: PairConfig) -> int:
    """Volumes dropped at the beginning of a recording under `config`."""
    return first_steady_volume(tr) if config.skip_volumes is None else config.skip_volumes


def volumes_needed(tr: float, config: PairConfig) -> int:
    """Volumes of the shortest recording that has a pair, at a TR (s)."""
    config = config.at(tr)
    return skipped(tr, config) + max(config.window + config.lag, config.block - 1) + 1


def length_problem(n_volumes: int, tr: float, config: PairConfig, where: str = "") -> Problem | None:
    """Return a problem if a recording is too short for one pair."""
    config = config.at(tr)
    skip, needed = skipped(tr, config), volumes_needed(tr, config)
    if n_volumes >= needed:
        return None
    target = "one target" if config.block == 1 else f"a target of {config.block} volumes that may begin in the window"
    return Problem(
        "the recording is shorter than one window and its target",
        where,
        f"{n_volumes} volumes",
        f"at least {needed} volumes: {skip} skipped, a window of {config.window}, a lag of {config.lag}, {target}",
        "leave this recording out, or shorten 'window', 'lag' or 'skip_volumes'",
    )


def pair_index(n_volumes: int, tr: float, config: PairConfig, *, where: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Index every pair of a recording.

    Parameters
    ----------
    n_volumes : int
        Volumes of the recording.
    tr : float
        TR in s.
    config : PairConfig
        Window, lag and skipped volumes.
    where : str
        Name of the recording, for the error.

    Returns
    -------
    starts, targets : int arrays, shape (pair,)
        Pair p joins EEG rows ``starts[p]`` to ``starts[p] + window - 1`` with volume
        ``targets[p] = starts[p] + window + lag``, the last one of its block.

    Raises
    ------
    InputError
        If the recording is too short for one pair.
    """
    config = config.at(tr)
    problem = length_problem(n_volumes, tr, config, where)
    if problem is not None:
        raise InputError.of([problem])
    targets = np.arange(volumes_needed(tr, config) - 1, n_volumes)
    return targets - config.window - config.lag, targets


def eeg_windows(
    spectrogram: np.ndarray, starts: np.ndarray, config: PairConfig, out: np.ndarray | None = None
) -> np.ndarray:
    """Cut and scale windows of a spectrogram.

    Parameters
    ----------
    spectrogram : array, shape (volume, channel, freq)
        Unscaled magnitudes, or raw rows (volume, channel, sample) as they are stored; a memory map is read where
        windows lie and nowhere else.
    starts : int array, shape (pair,)
        First row of every window.
    config : PairConfig
        Length of a window and scaling of the EEG.
    out : array, shape (pair, channel, freq, time), optional
        Where the windows go.

    Returns
    -------
    array, shape (pair, channel, freq, time)
        In the float type of the spectrogram, contiguous; a raw window is (channel, 1, sample), V, float32.

    Raises
    ------
    InputError
        If a window reaches beyond the spectrogram.
    """
    starts = np.asarray(starts)
    n_volumes = len(spectrogram)
    if starts.size and (starts.min() < 0 or starts.max() + config.window > n_volumes):
        raise InputError(
            "a window reaches beyond the spectrogram",
            got=f"rows {starts.min()} to {starts.max() + config.window - 1}",
            expected=f"rows 0 to {n_volumes - 1}",
        )
    shape, is_raw = config.shape_of(spectrogram.shape[1:]), config.eeg in RAW
    windows = np.empty((starts.size, *shape), np.float32 if is_raw else spectrogram.dtype) if out is None else out
    if not starts.size:
        return windows
    first = int(starts.min())
    rows = np.asarray(spectrogram[first : int(starts.max()) + config.window])
    if config.eeg == "raw":
        for pair, start in enumerate(starts - first):
            samples = np.concatenate([*rows[start : start + config.window]], axis=-1)
            windows[pair] = as_volts(samples[:, None, samples.shape[1] - shape[2] :])
        return windows
    rows = spectrum_of_rows(rows, shape[1]) if is_raw else rows[..., : shape[1]]
    if config.eeg in ("spectrogram", "raw_spectrum") and config.eeg_scaling == "electrodes":
        rows = zscore_electrodes(rows)
    by_time = np.moveaxis(rows, 0, -1)
    for pair, start in enumerate(starts - first):
        windows[pair] = by_time[..., start : start + config.window]
    return windows


def zscore_electrodes(spectrogram: np.ndarray) -> np.ndarray:
    """z-score over electrodes for every frequency and volume.

    Parameters
    ----------
    spectrogram : array, shape (..., channel, freq)
        Magnitudes.

    Returns
    -------
    array, shape (..., channel, freq)
        (x - mean) / population standard deviation over the electrodes, in the input's float type; 0 where
        all electrodes are equal.
    """
    values = np.asarray(spectrogram)
    if not np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float32)
    mean = values.mean(axis=-2, keepdims=True)
    centred = values - mean
    std = np.sqrt(np.mean(np.square(centred), axis=-2, keepdims=True))
    constant = std <= CONSTANT * np.abs(mean)
    centred /= np.where(constant, 1, std)
    if constant.any():
        centred[np.broadcast_to(constant, centred.shape)] = 0
    return centred


def consecutive_windows(n_rows: int, window: int, *, following: int = 0) -> np.ndarray:
    """First rows of windows that do not overlap, as an EEG-only recording is cut for classification.

    Parameters
    ----------
    n_rows : int
        Rows of one recording (or one individual); windows never reach beyond them.
    window : int
        Rows in a window.
    following : int
        Rows that must exist after each window; 1 leaves out a window that ends with the recording.
    """
    return np.arange(0, n_rows - window - following + 1, window)
