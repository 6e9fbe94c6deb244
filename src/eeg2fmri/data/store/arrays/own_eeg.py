"""Read the EEG that somebody has in memory: magnitudes, features, tables, objects of MNE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.store.arrays.own_numbers import column_names, numbers, shapes_of

#: The place on the frequency axis that stands for a feature, Hz; a store has one for each row of EEG.
FEATURE_HZ = 10.0
#: Note of a store of features.
FEATURES = (
    "The EEG rows are features that were given, standardised in each recording: each stands in the place of a channel, "
    "as the magnitude whose log power it is. Frequencies mean nothing."
)
#: Standardised features beyond this are cut off: what is kept is exp(feature / 2).
LARGEST = 12.0
#: Deviation below this share of the largest value is rounding (float64 of a constant).
ROUNDING = 1e-13


class OwnEeg(NamedTuple):
    """EEG of each recording, (volume, channel, freq) or (volume, feature), and what its axes are called."""

    rows: list[np.ndarray]
    channels: tuple[str, ...]
    frequencies: np.ndarray
    notes: tuple[str, ...]


def read_eeg(parts: Sequence[Any], channels: Iterable[Any] | None, frequencies: Sequence[float] | None) -> OwnEeg:
    """Read EEG of recordings.

    Raises
    ------
    InputError
        If it is no EEG, or its axes are not named, or not alike in all recordings.
    """
    first = parts[0]
    if any(hasattr(part, "ch_names") for part in parts):
        if channels is not None or frequencies is not None:
            raise InputError("MNE's objects name their channels and frequencies themselves", where="channels")
        rows = [_amplitude(part, f"eeg[{number}]") for number, part in enumerate(parts)]
        channels, frequencies = list(first.ch_names), list(first.freqs)
        for number, part in enumerate(parts):
            same = len(part.freqs) == len(frequencies) and np.allclose(part.freqs, frequencies)
            if list(part.ch_names) != channels or not same:
                raise InputError(
                    "a recording has other channels or frequencies than the first",
                    where=f"eeg[{number}]",
                    got=f"{', '.join(part.ch_names)}; {np.array2string(np.asarray(part.freqs), threshold=20)} Hz",
                    expected=f"{', '.join(channels)}; {np.array2string(np.asarray(frequencies), threshold=20)} Hz",
                )
    else:
        known = column_names(parts, "eeg")
        channels = known if channels is None else channels
        rows = [numbers(part, f"eeg[{number}]") for number, part in enumerate(parts)]
    kinds = {array.ndim for array in rows}
    if kinds - {2, 3} or len(kinds) != 1 or any(array.dtype.kind not in "fiu" for array in rows):
        raise InputError(
            "the EEG is no array of numbers (volume, channel, freq) or (volume, feature)",
            where="eeg",
            got=shapes_of(rows),
            expected="one of the two for all recordings; one feature is (volume, 1)",
        )
    if kinds == {2}:
        return _features(rows, channels, frequencies)
    return OwnEeg(rows, _channels(channels, rows[0].shape[1], "channel"), _hertz(rows, frequencies), ())


def as_magnitudes(rows: np.ndarray) -> np.ndarray:
    """Give each feature (volume, feature) as the magnitude (volume, feature, 1) whose log power it is.

    All that reads log power then reads the feature, standardised.
    """
    largest = np.abs(rows.astype(float)).max(axis=0)
    scaled = np.divide(rows, largest, out=np.zeros(rows.shape), where=largest > 0)
    centred = scaled - scaled.mean(axis=0)
    size = centred.std(axis=0)
    standard = np.divide(centred, size, out=np.zeros_like(centred), where=size > ROUNDING)
    magnitudes: np.ndarray = np.exp(standard.clip(-LARGEST, LARGEST) / 2)[:, :, None]
    return magnitudes


def _hertz(rows: Sequence[np.ndarray], frequencies: Sequence[float] | None) -> np.ndarray:
    """Check magnitudes and the frequencies (Hz) of their columns."""
    count = rows[0].shape[2]
    if frequencies is None:
        raise InputError(
            "the frequencies of the EEG are not named",
            where="frequencies",
            got="None",
            expected=f"{count} frequencies, Hz; or EEG (volume, feature)",
        )
    if any((array < 0).any() for array in rows):
        raise InputError(
            "magnitudes of EEG are below 0",
            where="eeg",
            expected="magnitudes (volume, channel, freq), V: the root of power, not its logarithm",
            hint="give what is no magnitude as features, without frequencies: eeg.reshape(len(eeg), -1) of each array",
        )
    try:
        hertz = np.asarray(frequencies, float)
    except (TypeError, ValueError):
        hertz = np.zeros(0)
    if hertz.shape != (count,) or not np.isfinite(hertz).all() or not (np.diff(hertz) > 0).all() or hertz[0] < 0:
        raise InputError(
            "the frequencies do not fit the EEG",
            where="frequencies",
            got=f"{frequencies} for {count} columns",
            expected="one for each column, Hz, rising",
        )
    return hertz


def _amplitude(tfr: Any, where: str) -> np.ndarray:
    """Root of the mean power of each epoch, (epoch, channel, freq)."""
    kind, power = type(tfr).__name__, np.zeros(0)
    if hasattr(tfr, "freqs") and hasattr(tfr, "events"):  # an average or a whole recording has none
        data = np.asarray(tfr.get_data())
        power = np.abs(data) ** 2 if np.iscomplexobj(data) else data
        if power.ndim == 4:
            power = power.mean(axis=-1)
        kind = f"{kind} {data.shape}"
    if power.ndim != 3 or (power < 0).any():
        raise InputError(
            "the object of MNE holds no power of epochs",
            where=where,
            got=kind,
            expected="EpochsTFR or EpochsSpectrum, an epoch for each volume, without a baseline taken away",
            hint="epochs.compute_tfr('morlet', freqs=...) or epochs.compute_psd(), of one epoch from the onset of each "
            "volume to the next",
        )
    return np.sqrt(power)


def _features(rows: list[np.ndarray], channels: Iterable[Any] | None, frequencies: Any) -> OwnEeg:
    if frequencies is not None:
        raise InputError(
            "features have no frequencies",
            where="frequencies",
            got=f"EEG {shapes_of(rows)}",
            expected="EEG (volume, channel, freq), or no frequencies",
        )
    return OwnEeg(rows, _channels(channels, rows[0].shape[1], "feature"), np.array([FEATURE_HZ]), (FEATURES,))


def _channels(given: Iterable[Any] | None, count: int, what: str) -> tuple[str, ...]:
    if isinstance(given, str):
        given = [given]
    names = tuple(map(str, given)) if given is not None else tuple(f"{what}{k}" for k in range(1, count + 1))
    if len(names) != count or len(set(names)) != count:
        raise InputError(
            f"the names do not fit the {what}s",
            where="channels",
            got=f"{len(names)} names, {len(set(names))} of them different",
            expected=f"{count} different names",
        )
    return names
