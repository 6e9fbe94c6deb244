"""Markers of an EEG recording as times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.timing.choose_marker import marks_volumes
from eeg2fmri.data.timing.pauses import is_pause

if TYPE_CHECKING:
    import mne


#: Samples of a trigger channel that are read at once.
BLOCK = 4_000_000
#: A trigger channel with more values than this is a voltage, not a code.
MOST_CODES = 64
#: A voltage is high above, and low below, these shares of its range; between them it stays what it was.
HIGH, LOW = 0.6, 0.4
#: A value that is kept for so many times the time from pulse to pulse is that between pulses.
LONGER = 1.1
#: Share of the time above which the higher of two values is that between pulses.
HARDLY_EVER = 0.9


def markers_of(
    raw: mne.io.BaseRaw, trigger_channel: str | None = None, tr: float | None = None
) -> dict[str, np.ndarray]:
    """Collect the times of all markers by their description.

    Markers are annotations; where none comes every TR, the pulses of trigger channels too, described by channel and
    value (``Status/128``); where a channel is named, its pulses alone.

    Parameters
    ----------
    raw : mne Raw
    trigger_channel : str, optional
        Channel to take the markers from.
    tr : float, optional
        s; by it annotations that stand for volumes are known.

    Returns
    -------
    dict of str to array, shape (marker,)
        s after the first sample, rising, on the grid of samples.
    """
    if trigger_channel is not None:
        found = [name for name in raw.ch_names if name.casefold() == trigger_channel.casefold()]
        if not found:
            raise InputError(
                "there is no such trigger channel",
                where=str((raw.filenames or ("",))[0] or ""),
                got=", ".join(raw.ch_names)[-200:],
                expected=trigger_channel,
            )
        return _pulses(raw, trigger_channel if trigger_channel in found else found[0])
    markers = _annotated(raw)
    if markers and (tr is None or marks_volumes(markers, tr)):
        return markers
    stim = [name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind == "stim"]
    return markers | {name: times for channel in stim for name, times in _pulses(raw, channel).items()}


def _annotated(raw: mne.io.BaseRaw) -> dict[str, np.ndarray]:
    import mne

    described = sorted({str(name) for name in raw.annotations.description if not is_pause(name)})
    names = {name: code for code, name in enumerate(described, 1)}
    if not names:
        return {}
    events, _ = mne.events_from_annotations(raw, event_id=names, regexp=None, verbose="error")
    samples = events[:, 0] - raw.first_samp
    return {name: np.sort(samples[events[:, 2] == code]) / raw.info["sfreq"] for name, code in names.items()}


def _pulses(raw: mne.io.BaseRaw, channel: str) -> dict[str, np.ndarray]:
    """Find where a channel leaves its rest."""
    values = _channel(raw, channel)
    finite = np.isfinite(values)
    if not finite.any() or values[finite].min() == values[finite].max():
        return {}
    whole = np.round(np.where(finite, values, 0.0))
    codes = np.unique(whole[finite])
    is_code = len(codes) > 1 and np.allclose(values[finite], whole[finite], rtol=0, atol=1e-3)
    states = whole.astype(np.int64) if is_code and len(codes) <= MOST_CODES else _levels(values)
    rest = _rest(states)
    changed = np.flatnonzero((states[1:] != states[:-1]) & (states[1:] != rest)) + 1
    names = {int(code): str(int(code)) for code in np.unique(states[changed])}
    if not is_code or len(codes) > MOST_CODES:
        names = {code: "high" if code else "low" for code in names}
    return {f"{channel}/{names[code]}": changed[states[changed] == code] / raw.info["sfreq"] for code in names}


def _levels(values: np.ndarray) -> np.ndarray:
    """Turn a voltage into 0 (low) and 1 (high); noise between the two changes nothing."""
    low, high = np.nanmin(values), np.nanmax(values)
    share = (values - low) / (high - low)
    known = np.flatnonzero((share >= HIGH) | (share <= LOW))
    at = np.maximum(np.searchsorted(known, np.arange(len(values)), side="right") - 1, 0)
    return (share[known[at]] > 0.5).astype(np.int64)


def _rest(states: np.ndarray) -> int:
    """Value of a trigger channel between its pulses.

    Of two values it is the one that is kept for longer than pulses follow each other, as before and after a scan:
    pulses may be high for most of the TR. Where pulses fill the whole recording, it is the lower one, unless the
    channel hardly ever has it. Of more values it is the one that starts and ends the recording, or the most common.
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(states)) + 1])
    lengths = np.diff(np.concatenate([starts, [len(states)]]))
    kept = states[starts]
    codes, counted = np.unique(states, return_counts=True)
    if len(codes) != 2:
        return int(kept[0] if kept[0] == kept[-1] else codes[np.argmax(counted)])
    inside = lengths[1:-1]
    if len(inside) < 2 or lengths.max() > LONGER * np.median(inside[1:] + inside[:-1]):
        return int(kept[np.argmax(lengths)])
    return int(codes[1] if counted[1] > HARDLY_EVER * len(states) else codes[0])


def _channel(raw: mne.io.BaseRaw, channel: str) -> np.ndarray:
    step = max(1, BLOCK // len(raw.ch_names))
    try:
        return np.concatenate(
            [
                raw.get_data(picks=[channel], start=start, stop=min(start + step, raw.n_times), verbose="error")[0]
                for start in range(0, raw.n_times, step)
            ]
        )
    except Exception as error:
        raise InputError(
            "the trigger channel cannot be read",
            where=f"{(raw.filenames or ('',))[0] or ''}: {channel}",
            got=f"{type(error).__name__}: {error}",
            hint="copy the file again",
        ) from None
