"""Cleaning of EEG, on request: artefacts of gradients and pulse averaged and subtracted, band-pass, resampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.eeg.heart_beats import heart_beats
from eeg2fmri.data.eeg.read_samples import read_samples
from eeg2fmri.data.settings.eeg import EegConfig

if TYPE_CHECKING:
    import mne

#: Channels that are in memory at once.
GROUP = 8
#: Heart beats in the mean that is subtracted.
BEATS = 21
#: Part of a beat (s) before the R peak that belongs to it.
BEFORE_R_S = 0.1
#: Consecutive volumes by which the gradient artefact is looked for.
LOOKED_AT = 8
#: Share of the variance that is the same in every volume from which the user is told.
LOCKED_SHARE = 0.5


def clean(raw: mne.io.BaseRaw, config: EegConfig, onsets: np.ndarray, tr: float, where: str) -> mne.io.BaseRaw:
    """Clean a recording, some channels at a time: only what comes out is in memory as a whole.

    Parameters
    ----------
    raw : mne Raw
        Left as it is.
    config : EegConfig
        Steps (`clean`).
    onsets : array, shape (volume,)
        Start of each volume, s after the first sample.
    tr : float
        s.
    where : str
        File, for the errors.

    Returns
    -------
    mne Raw
        In memory, with the channels that have signals, where there is a step to take; otherwise `raw` itself.

    Raises
    ------
    InputError
        If a step cannot be taken: no ECG, no volumes, a band beyond the sampling rate.
    """
    import mne

    steps = config.clean
    if not steps.steps:
        return raw
    sfreq = float(raw.info["sfreq"])
    if max(steps.high_pass or 0, steps.low_pass or 0) >= sfreq / 2:
        raise InputError(
            "the pass band reaches beyond half the sampling rate",
            where=where,
            got=f"{steps.high_pass} to {steps.low_pass} Hz",
            expected=f"below {sfreq / 2:g} Hz",
        )
    kinds = {
        name: kind
        for name, kind in zip(raw.ch_names, raw.get_channel_types(), strict=True)
        if kind in ("eeg", "eog", "ecg", "emg", *config.keep)
    }
    volumes = np.round(onsets * sfreq).astype(int)

    def without_gradients(names: list[str]) -> np.ndarray:
        data = _samples(raw, names, where)
        if steps.gradient == "average":
            subtract_average(data, volumes, round(tr * sfreq), steps.gradient_volumes)
        return data

    beats = None
    if steps.pulse == "average":
        ecg = [name for name, kind in kinds.items() if kind == "ecg"]
        if not ecg:
            raise InputError(
                "there is no ECG to find heart beats in",
                where=where,
                got=", ".join(raw.ch_names)[:300],
                hint="give its type with eeg: {types: {NAME: ecg}}",
            )
        beats = _beats(without_gradients(ecg[:1]), sfreq, f"{where}: {ecg[0]}")
    made: list[np.ndarray] = []
    for first in range(0, len(kinds), GROUP):
        names = list(kinds)[first : first + GROUP]
        data = without_gradients(names)
        if beats is not None:
            for row, name in enumerate(names):
                if kinds[name] == "eeg":
                    subtract_average(data[row : row + 1], *beats, BEATS)
        if steps.high_pass is not None or steps.low_pass is not None:
            data = mne.filter.filter_data(data, sfreq, steps.high_pass, steps.low_pass, verbose="error")
        if steps.resample is not None and steps.resample != sfreq:
            data = mne.filter.resample(data, up=steps.resample, down=sfreq, verbose="error")
        made.append(data)
    info = mne.create_info(list(kinds), cleaned_rate(sfreq, config), list(kinds.values()))
    cleaned = mne.io.RawArray(np.concatenate(made), info, verbose="error")
    cleaned.filenames = raw.filenames
    return cleaned


def cleaned_rate(sfreq: float, config: EegConfig) -> float:
    """Give the sampling rate (Hz) after cleaning."""
    return config.clean.resample or sfreq


def subtract_average(data: np.ndarray, starts: np.ndarray, length: int, neighbours: int) -> None:
    """Subtract, in place, from each stretch of signal the mean of the stretches around it.

    The stretch itself is not in the mean, so that what it has of its own is not reduced; the mean over time of
    what is subtracted is 0, so that no steps arise.

    Parameters
    ----------
    data : array, shape (channel, time)
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
    for signal in data:
        stretches = signal[inside]
        total = np.concatenate([np.zeros((1, length)), np.cumsum(stretches, axis=0)])
        mean = (total[first + span + 1] - total[first] - stretches) / span
        signal[inside] = stretches - (mean - mean.mean(axis=1, keepdims=True))


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


class LockedShare:
    """Looks at some volumes in the middle of a recording, while its samples stream by, for what is the same in all.

    Parameters
    ----------
    onsets : array, shape (volume,)
        s after the first sample.
    tr, sfreq : float
        s, Hz.
    """

    def __init__(self, onsets: np.ndarray, tr: float, sfreq: float) -> None:
        middle = onsets[max(0, (len(onsets) - LOOKED_AT) // 2) :][:LOOKED_AT]
        self._length = round(tr * sfreq)
        self._starts = [round(float(onset) * sfreq) for onset in middle]
        self._windows: list[np.ndarray] = []

    def __call__(self, block: np.ndarray, first_sample: int) -> None:
        """Take in a block (channel, time), V, that starts at sample `first_sample` of the recording."""
        while self._starts and self._starts[0] + self._length <= first_sample + block.shape[1]:
            start = self._starts.pop(0) - first_sample
            self._windows.append(block[:, start : start + self._length].astype(np.float32))

    def share(self) -> float:
        """Give `volume_locked_share` of the volumes that were seen; 0 if there are not two, or samples are missing."""
        if len(self._windows) < 2 or not all(np.isfinite(window).all() for window in self._windows):
            return 0.0
        return volume_locked_share(np.stack(self._windows))


def _samples(raw: mne.io.BaseRaw, names: list[str], where: str) -> np.ndarray:
    data = read_samples(raw, names, 0, int(raw.n_times))
    bad = [name for name, signal in zip(names, data, strict=True) if not np.isfinite(signal).all()]
    if bad:
        raise InputError(
            "the EEG holds values that are not finite (NaN or infinite)",
            where=where,
            got=", ".join(bad),
            hint="repair the file or leave the recording out",
        )
    return np.array(data)


def _beats(ecg: np.ndarray, sfreq: float, where: str) -> tuple[np.ndarray, int]:
    peaks = heart_beats(ecg[0], sfreq)
    if len(peaks) < 3:
        raise InputError("no heart beats were found in the ECG", where=where, got=f"{len(peaks)}")
    return peaks - round(BEFORE_R_S * sfreq), int(np.percentile(np.diff(peaks), 10))
