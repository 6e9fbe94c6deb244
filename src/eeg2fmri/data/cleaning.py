"""Cleaning of EEG, on request: artefacts of gradients and pulse averaged and subtracted, band-pass, resampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.eeg_config import EegConfig

if TYPE_CHECKING:
    import mne

#: Heart beats in the mean that is subtracted.
BEATS = 21
#: Part of a beat (s) before the R peak that belongs to it.
BEFORE_R_S = 0.1
#: Consecutive volumes by which the gradient artefact is looked for.
LOOKED_AT = 8
#: Share of the variance that is the same in every volume from which the user is told.
LOCKED_SHARE = 0.5


def clean(raw: mne.io.BaseRaw, config: EegConfig, onsets: np.ndarray, tr: float, where: str) -> mne.io.BaseRaw:
    """Clean a recording.

    Parameters
    ----------
    raw : mne Raw
        Left as it is.
    config : EegConfig
        Steps (`clean`) and unit.
    onsets : array, shape (volume,)
        Start of each volume, s after the first sample.
    tr : float
        s.
    where : str
        File, for the errors.

    Returns
    -------
    mne Raw
        In memory, where there is a step to take; otherwise `raw` itself.

    Raises
    ------
    InputError
        If a step cannot be taken: no ECG, no volumes, a band beyond the sampling rate.
    """
    steps = config.clean
    if not steps.steps:
        return raw
    try:
        raw = raw.copy().load_data(verbose="error")
    except Exception as error:
        raise InputError(
            "the EEG samples cannot be read", where=where, got=f"{type(error).__name__}: {error}", hint="copy it again"
        ) from None
    kinds = raw.get_channel_types()
    rows = np.array([k for k, kind in enumerate(kinds) if kind in ("eeg", "eog", "ecg", "emg")])
    finite = np.isfinite(raw._data[rows]).all()
    if not finite:
        raise InputError("the EEG holds values that are not finite (NaN or infinite)", where=where)
    sfreq = float(raw.info["sfreq"])
    if steps.gradient == "average":
        length = round(tr * sfreq)
        starts = np.round(onsets * sfreq).astype(int)
        subtract_average(raw._data, rows, starts, length, steps.gradient_volumes)
    if steps.pulse == "average":
        starts, length = _beats(raw, where)
        subtract_average(raw._data, np.array([k for k in rows if kinds[k] == "eeg"]), starts, length, BEATS)
    highest = sfreq / 2
    if max(steps.high_pass or 0, steps.low_pass or 0) >= highest:
        raise InputError(
            "the pass band reaches beyond half the sampling rate",
            where=where,
            got=f"{steps.high_pass} to {steps.low_pass} Hz",
            expected=f"below {highest:g} Hz",
        )
    if steps.high_pass is not None or steps.low_pass is not None:
        raw.filter(steps.high_pass, steps.low_pass, picks=rows, verbose="error")
    if steps.resample is not None and steps.resample != sfreq:
        raw.resample(steps.resample, verbose="error")
    return raw


def cleaned_rate(sfreq: float, config: EegConfig) -> float:
    """Give the sampling rate (Hz) after cleaning."""
    return config.clean.resample or sfreq


def subtract_average(data: np.ndarray, rows: np.ndarray, starts: np.ndarray, length: int, neighbours: int) -> None:
    """Subtract, in place, from each stretch of signal the mean of the stretches around it.

    The stretch itself is not in the mean, so that what it has of its own is not reduced; the mean over time of
    what is subtracted is 0, so that no steps arise.

    Parameters
    ----------
    data : array, shape (channel, time)
    rows : int array
        Channels to clean.
    starts : int array, shape (stretch,)
        First sample of each.
    length : int
        Samples of each.
    neighbours : int
        Stretches in the mean (fewer where there are not so many).
    """
    starts = starts[(starts >= 0) & (starts + length <= data.shape[1])]
    count = len(starts)
    if count < 3:
        return
    inside = starts[:, None] + np.arange(length)
    span = min(neighbours, count - 1)
    first = np.clip(np.arange(count) - span // 2, 0, count - span - 1)
    for row in rows:
        stretches = data[row][inside]
        total = np.concatenate([np.zeros((1, length)), np.cumsum(stretches, axis=0)])
        mean = (total[first + span + 1] - total[first] - stretches) / span
        data[row][inside] = stretches - (mean - mean.mean(axis=1, keepdims=True))


def volume_locked_share(windows: np.ndarray) -> float:
    """Share of the variance of EEG that is the same in every volume: near 1 where the gradient artefact is in.

    Parameters
    ----------
    windows : array, shape (volume, channel, time)
        V; consecutive volumes.

    Returns
    -------
    float
        Median over channels of the variance of the mean over volumes, corrected for what noise leaves in such a
        mean, over the whole variance.
    """
    count = len(windows)
    whole = windows.var(axis=-1).mean(axis=0)
    mean = windows.mean(axis=0).var(axis=-1)
    locked = (count * mean - whole) / (count - 1)
    return float(np.median(np.clip(locked / np.where(whole > 0, whole, 1), 0, 1)))


def _beats(raw: mne.io.BaseRaw, where: str) -> tuple[np.ndarray, int]:
    import mne

    names = [name for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True) if kind == "ecg"]
    if not names:
        raise InputError(
            "there is no ECG to find heart beats in",
            where=where,
            got=", ".join(raw.ch_names)[:300],
            hint="give its type with eeg: {types: {NAME: ecg}}",
        )
    events, _, _ = mne.preprocessing.find_ecg_events(raw, ch_name=names[0], verbose="error")
    peaks = events[:, 0] - raw.first_samp
    if len(peaks) < 3:
        raise InputError("no heart beats were found in the ECG", where=f"{where}: {names[0]}", got=f"{len(peaks)}")
    sfreq = raw.info["sfreq"]
    return peaks - round(BEFORE_R_S * sfreq), int(np.percentile(np.diff(peaks), 10))
