"""Compute heart rate, breathing and power of body signals, one number a volume."""

from __future__ import annotations

import numpy as np
import scipy  # its parts when they are used: not all EEG has heart and breathing, and scipy.signal takes half a second

#: Shortest and longest time (s) between two heart beats of an adult: 180 and 30 beats per minute.
BEAT_S = (60 / 180, 60 / 30)
#: An interval that differs from the median of those around it by more than this share is a missed or doubled beat.
ODD = 0.3
#: Share of sound intervals below which the heart rate is not known.
SOUND = 0.7
#: Time (s) over which the heart rate is averaged (Chang, Cunningham and Glover, NeuroImage 44, 2009).
AVERAGED_S = 6.0
#: Rate (Hz) of the grid on which rates are averaged.
GRID_HZ = 10.0


def pulse_beats(pulse: np.ndarray, sfreq: float) -> np.ndarray:
    """Find the peaks (sample,) of a pulse wave between 0.5 and 4 Hz."""
    band = scipy.signal.butter(2, [0.5, min(4.0, 0.45 * sfreq)], "bandpass", fs=sfreq, output="sos")
    wave = scipy.signal.sosfiltfilt(band, pulse - pulse.mean())
    peaks, _ = scipy.signal.find_peaks(wave, distance=max(1, round(BEAT_S[0] * sfreq)), prominence=0.5 * wave.std())
    found: np.ndarray = peaks
    return found


def heart_rate(beats_s: np.ndarray, times: np.ndarray) -> np.ndarray | None:
    """Compute the heart rate at some times.

    Parameters
    ----------
    beats_s : array, shape (beat,)
        s.
    times : array, shape (volume,)
        s, on the same clock.

    Returns
    -------
    array, shape (volume,), or None
        Beats per minute, averaged over 6 s; None where too few intervals between beats are those of a heart.
    """
    intervals = np.diff(beats_s)
    if len(intervals) < 10:
        return None
    around = scipy.ndimage.median_filter(intervals, 9, mode="nearest")
    sound = (intervals > BEAT_S[0]) & (intervals < BEAT_S[1]) & (np.abs(intervals / around - 1) < ODD)
    if sound.mean() < SOUND:
        return None
    middles = (beats_s[:-1] + beats_s[1:])[sound] / 2
    return _averaged(middles, 60 / intervals[sound], times, AVERAGED_S)


def respiration_volume(belt: np.ndarray, sfreq: float, start: float, times: np.ndarray) -> np.ndarray | None:
    """Compute the respiration volume per time: depth of each breath over its length.

    Birn, Diamond, Smith and Bandettini (NeuroImage 31, 2006).

    Parameters
    ----------
    belt : array, shape (sample,)
        Signal of a belt or of a flow, any unit.
    sfreq, start : float
        Hz; time of the first sample, s.
    times : array, shape (volume,)
        s, on the same clock.

    Returns
    -------
    array, shape (volume,), or None
        Unit of the belt a second; None where no breathing is seen.
    """
    low = scipy.signal.butter(2, min(1.0, 0.45 * sfreq), fs=sfreq, output="sos")
    wave = scipy.signal.sosfiltfilt(low, belt - belt.mean())
    # 1.5 s: 40 breaths a minute
    peaks, _ = scipy.signal.find_peaks(wave, distance=max(1, round(1.5 * sfreq)), prominence=0.3 * wave.std())
    if len(peaks) < 4:
        return None
    lows = np.minimum.reduceat(wave, peaks[:-1])
    depth, length = wave[peaks[:-1]] - lows, np.diff(peaks) / sfreq
    middles = start + (peaks[:-1] + peaks[1:]) / 2 / sfreq
    return _averaged(middles, depth / length, times, 0.0)


def of_volumes(
    signal: np.ndarray, sfreq: float, start: float, onsets: np.ndarray, tr: float, power: bool
) -> np.ndarray:
    """Reduce a signal to one number a volume: its mean, or the logarithm of its power.

    Parameters
    ----------
    signal : array, shape (sample,)
    sfreq, start : float
        Hz; time of the first sample, s.
    onsets : array, shape (volume,)
        Start of each volume, s, on the same clock.
    tr : float
        s.
    power : bool
        Log of the variance within the TR in place of the mean.

    Returns
    -------
    array, shape (volume,)
        A volume without samples has the value of the nearest one with samples.
    """
    first = np.round((onsets - start) * sfreq).astype(int)
    length = max(2, round(tr * sfreq))
    values = np.full(len(onsets), np.nan)
    for k, begin in enumerate(first):
        part = signal[max(0, begin) : max(0, begin + length)]
        if len(part) >= length / 2:
            values[k] = np.log(max(float(part.var()), np.finfo(float).tiny)) if power else float(part.mean())
    known = np.flatnonzero(np.isfinite(values))
    if not known.size:
        return np.zeros(len(onsets))
    filled: np.ndarray = np.interp(np.arange(len(values)), known, values[known])
    return filled


def _averaged(at: np.ndarray, values: np.ndarray, times: np.ndarray, width_s: float) -> np.ndarray:
    grid = np.arange(min(at[0], times[0]), max(at[-1], times[-1]) + 1 / GRID_HZ, 1 / GRID_HZ)
    course = np.interp(grid, at, values)
    if width_s:
        course = scipy.ndimage.uniform_filter1d(course, max(1, round(width_s * GRID_HZ)), mode="nearest")
    found: np.ndarray = np.interp(times, grid, course)
    return found
