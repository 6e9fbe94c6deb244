"""Every kind of row features side by side, z-scored over the recording."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import cast

import numpy as np

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.data.features import rows
from eeg2fmri.data.features.rows.kind import Bands, RowKind, RowSource, zscored


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


def row_features(source: RowSource, kinds: Sequence[str], where: str = "") -> np.ndarray:
    """Compute the features of every row of a recording.

    Subjects differ in skull, cap and gain, so that each feature is z-scored over its recording. No BOLD is needed: a
    new subject has it too.

    Parameters
    ----------
    source : RowSource
    kinds : sequence of str
        Of `row_kinds`.
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
    missing = [name for name in kinds if not _kind(name).columns(source.frequencies, source.amplitude is not None)]
    if missing:
        raise InputError(
            "the recording does not have the EEG features that the model needs",
            where=where,
            got="without " + ", ".join(missing),
            hint="take EEG of the training's sampling rate, or train a model with 'pairs.rows' that both can give",
        )
    parts = [zscored(_kind(name).values(source), source.skip) for name in kinds]
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
