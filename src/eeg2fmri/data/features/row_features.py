"""Every kind of row features side by side, z-scored over the recording."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import cast

import numpy as np

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.data.features import rows
from eeg2fmri.data.features.recent import Recent
from eeg2fmri.data.features.recentring import RunningRecentring
from eeg2fmri.data.features.rows import whitened
from eeg2fmri.data.features.rows.kind import Bands, RowKind, RowSource, products, zscored, zscored_products


@cache
def row_kinds() -> dict[str, RowKind]:
    """Find the kinds by name, in alphabetical order: every module of `eeg2fmri.data.features.rows` with a ``KIND``."""
    modules = [import_module(f"{rows.__name__}.{found.name}") for found in pkgutil.iter_modules(rows.__path__)]
    return {module.KIND: cast(RowKind, module) for module in modules if hasattr(module, "KIND")}


def kinds_of(frequencies: np.ndarray, amplitude: bool) -> tuple[str, ...]:
    """Name the kinds that recordings with these frequencies (Hz), with or without band amplitudes, can give."""
    return tuple(name for name, kind in row_kinds().items() if kind.columns(frequencies, amplitude))


def columns_of(kinds: Sequence[str], frequencies: np.ndarray) -> dict[str, Bands]:
    """Give the columns of each kind, in the order in which they stand side by side.

    Raises
    ------
    ConfigError
        If there is no such kind.
    """
    return {name: _kind(name).columns(frequencies, True) for name in kinds}


def needs_amplitudes(kinds: Sequence[str], frequencies: np.ndarray) -> bool:
    """Whether any of the kinds is made of band amplitudes."""
    return any(not _kind(name).columns(frequencies, False) for name in kinds)


def row_features(source: RowSource, kinds: Sequence[str], skip: int = 0, where: str = "") -> np.ndarray:
    """Compute the features of every row of a recording.

    Subjects differ in skull, cap and gain, so that each feature is z-scored over its recording. No BOLD is needed: a
    new subject has it too.

    Parameters
    ----------
    source : RowSource
    kinds : sequence of str
        Of `row_kinds`.
    skip : int
        Rows at the beginning that statistics of the recording leave out.
    where : str
        Of the recording, for the error.

    Returns
    -------
    array of float32, shape (volume, channel, column)
        No unit; 0 where a feature is constant.

    Raises
    ------
    InputError
        If the recording does not have what a kind is made of.
    ConfigError
        If there is no such kind.
    """
    return side_by_side(plain_values(source, kinds, where), kinds, lambda _, values: zscored(values, skip))


def plain_values(source: RowSource, kinds: Sequence[str], where: str = "") -> dict[str, np.ndarray]:
    """Compute what the kinds are made of, each row by itself: kind to (volume, channel, column), not scaled.

    Raises
    ------
    InputError, ConfigError
        As `row_features`.
    """
    missing = [name for name in kinds if not _kind(name).columns(source.frequencies, source.amplitude is not None)]
    if missing:
        raise InputError(
            "the recording does not have the EEG features that the model needs",
            where=where,
            got="without " + ", ".join(missing),
            hint="take EEG of the training's sampling rate, or train a model with 'pairs.rows' that both can give",
        )
    made_of = dict.fromkeys(_kind(name).PRODUCTS_OF or name for name in kinds)
    return {name: _kind(name).values(source) for name in made_of}


def side_by_side(
    plain: Mapping[str, np.ndarray], kinds: Sequence[str], scale: Callable[[str, np.ndarray], np.ndarray]
) -> np.ndarray:
    """Scale the kinds, multiply what are products, and put all side by side.

    Parameters
    ----------
    plain : mapping of str to array, shape (..., channel, column)
        Of `plain_values`.
    kinds : sequence of str
    scale : callable
        Takes a kind and its values, and brings each feature to mean 0 and deviation 1.

    Returns
    -------
    array of float32, shape (..., channel, column)
    """
    scaled = {name: scale(name, values) for name, values in plain.items()}
    parts = []
    for name in kinds:
        base = _kind(name).PRODUCTS_OF
        parts.append(scale(name, products(scaled[base])) if base else scaled[name])
    return np.concatenate(parts, axis=-1).astype(np.float32)


class RunningRows:
    """Row features of a stream, scaled by what of it has been seen so far.

    Once the recording is over, and was no longer than `memory`, they are those of the whole recording.

    Parameters
    ----------
    kinds : sequence of str
    frequencies : array, shape (freq,)
        Hz.
    window : int
        Rows in a window.
    memory : int
        Rows that the statistics reach back.
    """

    def __init__(self, kinds: Sequence[str], frequencies: np.ndarray, window: int, memory: int = 600) -> None:
        self._kinds, self._frequencies, self._window, self._memory = kinds, frequencies, window, memory
        self._plain: dict[str, Recent] = {}
        self._recentring = RunningRecentring(window, memory) if needs_amplitudes(kinds, frequencies) else None

    def push(self, spectrum: np.ndarray, covariances: np.ndarray) -> np.ndarray | None:
        """Take the spectrum (channel, freq), V, and the band covariances (band, channel, channel), V^2, of a row.

        Returns
        -------
        array of float32, shape (row, channel, column), or None
            The last `window` rows; None until there are as many.
        """
        # amplitudes of a row change with all that comes after: they are put in below
        amplitude = np.zeros((1, len(spectrum), len(covariances)))
        row = plain_values(RowSource(spectrum[None], self._frequencies, amplitude), self._kinds)
        for name, values in row.items():
            self._plain.setdefault(name, Recent(self._memory)).push(values[0])
        recentred = None
        if self._recentring is not None:
            recentred = self._recentring.push_all(covariances)
        recent = next(iter(self._plain.values()))
        if len(recent) < max(self._window, 2):
            return None
        plain = {name: rows.seen for name, rows in self._plain.items()}
        if recentred is not None:
            plain[whitened.KIND] = recentred
        scaled, last = {name: zscored(values, 0) for name, values in plain.items()}, recent.last(self._window)
        bases = {name: _kind(name).PRODUCTS_OF for name in self._kinds}
        parts = [zscored_products(scaled[base], last) if base else scaled[name][last] for name, base in bases.items()]
        return np.concatenate(parts, axis=-1).astype(np.float32)


def _kind(name: str) -> RowKind:
    if name not in row_kinds():
        raise ConfigError(
            "there is no such kind of row features",
            where="pairs.rows",
            got=repr(name),
            expected="some of " + ", ".join(row_kinds()),
        )
    return row_kinds()[name]
