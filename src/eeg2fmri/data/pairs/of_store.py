"""Cut pairs as the store has them: windows in seconds become rows, kinds of features those that there are."""

from __future__ import annotations

import math

import numpy as np

from eeg2fmri.core.errors import InputError, StoreError
from eeg2fmri.data.features.row_features import columns_of, kinds_of, needs_amplitudes, row_features
from eeg2fmri.data.features.rows.kind import Bands, RowSource
from eeg2fmri.data.pairs.windows import RAW, PairConfig, skipped
from eeg2fmri.data.store.store import Store


def pairs_of_store(config: PairConfig, store: Store) -> PairConfig:
    """Settle what the settings leave to the store: the rows of a window, and the kinds of row features.

    Returns
    -------
    PairConfig
        With `window` in place of `window_s`, with `rows` where ``eeg="rows"``, and with the spectrogram of the raw EEG
        where that of the store has too few frequencies.

    Raises
    ------
    InputError
        If the recordings can give no kind of row features, or not as many frequencies as asked for.
    StoreError
        If raw EEG is asked for and there is none.
    """
    config = config.at(store.tr)
    if config.eeg == "spectrogram" and (config.bins or 0) > len(store.frequencies):
        config = config.model_copy(update={"eeg": "raw_spectrum"})
        if store.config.raw is None:
            raise _few_bins(config, store, len(store.frequencies), "n_bins: {bins} or raw: {{rate: {rate}}}")
    if config.eeg in RAW:
        samples = store.raw(0).shape[2]
        if config.eeg == "raw_spectrum" and (config.bins or 1) > samples // 2:
            raise _few_bins(config, store, samples // 2, "raw: {{rate: {rate}}}")
    if config.eeg == "rows" and not config.rows:
        kinds = kinds_of(store.frequencies, has_amplitudes(store))
        if not kinds:
            raise InputError("the store has no EEG features", where=str(store.path), expected="a spectrogram of EEG")
        return config.model_copy(update={"rows": kinds})
    return config


def row_columns(config: PairConfig, frequencies: np.ndarray) -> dict[str, Bands]:
    """Name the columns of each kind of row features; empty where windows hold none."""
    return columns_of(config.rows, frequencies) if config.eeg == "rows" else {}


def needs_covariances(config: PairConfig, frequencies: np.ndarray) -> bool:
    """Whether windows are made of the covariance between electrodes, which a magnitude spectrogram has lost."""
    return config.eeg == "amplitude" or (config.eeg == "rows" and needs_amplitudes(config.rows, frequencies))


def eeg_rows(store: Store, recording: int | str, config: PairConfig) -> np.ndarray:
    """Give the representation (volume, channel, freq or column) that the windows of a recording are cut from.

    A read-only memory map where it is stored, else an array.
    """
    if config.eeg == "spectrogram":
        return store.eeg(recording)
    if config.eeg in RAW:
        return store.raw(recording)
    if config.eeg == "amplitude":
        return store.amplitude(recording)
    amplitude = _amplitude(store, recording)
    source = RowSource(store.eeg(recording), store.frequencies, amplitude)
    where = f"{store.path}: {store.recordings[store.index(recording)].id}"
    return row_features(source, pairs_of_store(config, store).rows, skipped(store.tr, config), where)


def _few_bins(config: PairConfig, store: Store, there: int, how: str) -> InputError:
    bins = config.bins or 0
    rate = 10 * math.ceil((2 * bins + 1) / store.tr / 10)
    return InputError(
        "the store does not have so many frequencies",
        where=str(store.path),
        got=f"{there} of a volume of {store.tr:g} s",
        expected=f"at least {bins} ('bins')",
        hint=f"prepare the store with {how.format(bins=bins, rate=rate)} in the file of --config, or lower 'bins'",
    )


def has_amplitudes(store: Store) -> bool:
    """Whether the store has recentred amplitudes of every recording."""
    return all(_amplitude(store, recording.id) is not None for recording in store.recordings)


def _amplitude(store: Store, recording: int | str) -> np.ndarray | None:
    try:
        return store.amplitude(recording)
    except StoreError:
        return None
