"""Markers of an EEG recording as times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError

if TYPE_CHECKING:
    import mne


#: Samples of a trigger channel that are read at once.
BLOCK = 4_000_000
#: A trigger channel with more values than this is a voltage, not a code.
MOST_CODES = 64


def markers_of(raw: mne.io.BaseRaw, trigger_channel: str | None = None) -> dict[str, np.ndarray]:
    """Collect the times of all markers by their description.

    Markers are annotations; where there are none, or a channel is named, they are the rises of trigger channels,
    described by channel and value (``Status/128``).

    Parameters
    ----------
    raw : mne Raw
    trigger_channel : str, optional
        Channel to take the markers from.

    Returns
    -------
    dict of str to array, shape (marker,)
        s after the first sample, rising, on the grid of samples.
    """
    import mne

    if trigger_channel is not None:
        if trigger_channel not in raw.ch_names:
            raise InputError(
                "there is no such trigger channel",
                where=str((raw.filenames or ("",))[0] or ""),
                got=", ".join(raw.ch_names)[-200:],
                expected=trigger_channel,
            )
        return _rises(raw, trigger_channel)
    names = {str(name): code for code, name in enumerate(sorted(set(raw.annotations.description)), 1)}
    if not names:
        stim = [name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind == "stim"]
        return {name: times for channel in stim for name, times in _rises(raw, channel).items()}
    events, _ = mne.events_from_annotations(raw, event_id=names, regexp=None, verbose="error")
    samples = events[:, 0] - raw.first_samp
    return {name: np.sort(samples[events[:, 2] == code]) / raw.info["sfreq"] for name, code in names.items()}


def _rises(raw: mne.io.BaseRaw, channel: str) -> dict[str, np.ndarray]:
    values = _channel(raw, channel)
    finite = values[np.isfinite(values)]
    if not finite.size or finite.min() == finite.max():
        return {}
    codes = np.unique(np.round(finite))
    if len(codes) > MOST_CODES or not np.allclose(finite, np.round(finite), atol=1e-3):
        high = values > (finite.min() + finite.max()) / 2
        samples = np.flatnonzero(high[1:] & ~high[:-1]) + 1
        return {f"{channel}/high": samples / raw.info["sfreq"]} if samples.size else {}
    whole = np.where(np.isfinite(values), np.round(values), 0).astype(np.int64)
    rest = np.bincount(np.searchsorted(codes, np.round(finite))).argmax()
    changed = np.flatnonzero((whole[1:] != whole[:-1]) & (whole[1:] != int(codes[rest]))) + 1
    return {
        f"{channel}/{int(code)}": changed[whole[changed] == code] / raw.info["sfreq"]
        for code in codes
        if (whole[changed] == code).any()
    }


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
