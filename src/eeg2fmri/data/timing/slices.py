"""Markers that come with every slice, or every excitation of several slices, instead of every volume; or twice."""

from __future__ import annotations

import numpy as np

from eeg2fmri.core.errors import InputError

#: Fewest markers in a TR that are slices: two can be the beginning and the end of a volume.
FEWEST = 3
#: Largest deviation from the same slice of the volume before, in TRs.
NEAR = 0.02
#: Share of markers that must have one a TR later.
MOST = 0.8
#: Longest time (s) after a marker at which one that follows all of them is the end of the same pulse.
ECHO_S = 0.02
#: Least time from there to the next marker, in times of that distance.
APART = 4.0
#: A break between slices that is so many times the usual one begins a volume.
BREAK = 1.5


def without_echo(times: np.ndarray) -> np.ndarray | None:
    """Take the first of every two markers, where each is followed by another at one short distance; else None.

    Recorders that mark both edges of a short pulse alike do so.
    """
    if len(times) < 2 * FEWEST or len(times) % 2:
        return None
    after, between = times[1::2] - times[::2], times[2::2] - times[1:-1:2]
    echo = after.min() > 0 and after.max() <= ECHO_S and np.ptp(after) <= ECHO_S / 4
    return times[::2] if echo and between.min() > APART * after.max() else None


def per_slice(times: np.ndarray, tr: float) -> int | None:
    """Count the markers in a TR where they repeat every TR; None where they do not, or come less than three times."""
    if len(times) < 2 * FEWEST:
        return None
    ahead = np.searchsorted(times, times + tr * (1 - NEAR)) - np.arange(len(times))
    count = int(np.bincount(ahead[: max(1, len(times) - int(ahead.max(initial=0)))]).argmax())
    if count < FEWEST or len(times) <= count:
        return None
    repeated = np.abs(times[count:] - times[:-count] - tr) <= NEAR * tr
    return count if repeated.mean() >= MOST else None


def starts_of_volumes(times: np.ndarray, count: int, tr: float, name: str, n_volumes: int | None) -> np.ndarray:
    """Take the first of every `count` markers.

    Slices that come in a bunch, with a break before the next volume, say themselves where a volume begins. Of evenly
    spaced ones the first of an uninterrupted sequence begins a volume, if the sequence has whole volumes.

    Raises
    ------
    InputError
        If it cannot be told which slice is the first of a volume.
    """
    intervals = np.diff(times)
    usual = float(np.median(intervals))
    breaks = np.flatnonzero(intervals > BREAK * usual) + 1
    stretches = np.split(times, np.flatnonzero(intervals > max(BREAK * usual, 1.05 * tr)) + 1)
    if len(breaks) > 0.8 * (len(times) / count - 1) and len(times) > 2 * count:
        # a recording that began within a volume has no beginning of it
        return times[breaks if breaks[0] < count else np.concatenate([[0], breaks])]
    if all(len(stretch) % count == 0 for stretch in stretches) and len(breaks) == len(stretches) - 1:
        return np.concatenate([stretch[::count] for stretch in stretches])
    volumes = "" if n_volumes is None else f" of {n_volumes} volumes"
    raise InputError(
        "the marker comes with every slice, and some are missing: which begins a volume cannot be told",
        where=name,
        got=f"{len(times)} markers, {count} in a TR of {tr:g} s, the first at {times[0]:.3f} s",
        expected=f"a multiple of {count}{volumes}",
        hint=f"if the first one begins the first volume, write 'first_marker: {{name: {name}, repeats: first}}'; else "
        "give the time of the first volume with 'first_volume_s'",
    )
