"""Volume markers that do not fit, mended as the user chooses: a regular sequence again, or the sound part alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, SupportsInt

import numpy as np

from eeg2fmri.core.errors import first_of

#: Largest deviation of a marker from the regular sequence, in intervals, that is still sound.
LARGEST_DEVIATION = 0.1
#: Refits of the sequence without the markers that deviate.
REFITS = 3


def mend(
    times: np.ndarray, n_volumes: int | None, how: Literal["repair", "trim"]
) -> tuple[np.ndarray, int, tuple[str, ...]]:
    """Give an onset to each volume that can be kept.

    The markers are numbered by how many intervals they lie after the one before, a line through the sound ones
    is the regular sequence, and markers that deviate from it by more than a tenth of the interval are not sound.
    The first marker is taken for the first volume.

    Parameters
    ----------
    times : array, shape (marker,)
        s, rising; doubled markers are already left out.
    n_volumes : int or None
        Volumes of the BOLD run; None: as many as there are markers.
    how : {"repair", "trim"}
        ``repair``: volumes without a sound marker get the time of the regular sequence. ``trim``: the longest
        stretch of volumes with sound markers.

    Returns
    -------
    onsets : array, shape (volume,)
        s.
    first : int
        Volume of the BOLD run that has the first onset.
    notes : tuple of str
        What was done.
    """
    interval = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    numbers, used = _numbers(times, interval)
    slope, start = _sequence(numbers, times[used], interval)
    count = int(numbers[-1]) + 1
    wanted = count if n_volumes is None else n_volumes
    regular = start + slope * np.arange(wanted)
    onsets, sound = regular.copy(), np.zeros(wanted, bool)
    late = []
    for number, time in zip(numbers, times[used], strict=True):
        if number >= wanted:
            continue
        if abs(time - (start + slope * number)) <= LARGEST_DEVIATION * slope:
            onsets[number], sound[number] = time, True
        else:
            late.append(int(number))
    notes = []
    surplus = max(count - wanted, 0)
    if surplus:
        notes.append(f"{_plural(surplus, 'volume marker')} after the last volume left out")
    if count != wanted:
        notes.append(
            f"the first marker was taken for the first volume: markers of {_plural(count, 'volume')} for {wanted}; "
            "where the EEG started late, 'first_volume_s' says when the first volume was"
        )
    if len(used) < len(times):
        notes.append(f"{_plural(len(times) - len(used), 'marker')} between volumes left out")
    absent = [k for k in np.flatnonzero(~sound) if k not in late]
    if how == "repair":
        if absent:
            notes.append(f"volumes without marker, set by the sequence of the others: {_listed(absent)}")
        if late:
            notes.append(f"volumes whose markers are early or late, set by the sequence of the others: {_listed(late)}")
        return onsets, 0, tuple(notes)
    first, end = _longest(sound)
    if end - first < wanted:
        notes.append(
            f"cut to volumes {first} to {end - 1} of {wanted}: no sound marker for {_listed([*absent, *late])}"
        )
    return onsets[first:end], first, tuple(notes)


def within(
    onsets: np.ndarray, first: int, duration_s: float, window_s: float, tolerance_s: float
) -> tuple[np.ndarray, int, tuple[str, ...]]:
    """Leave out the volumes whose window of EEG is not whole."""
    inside = (onsets >= -tolerance_s) & (onsets + window_s <= duration_s + tolerance_s)
    if inside.all():
        return onsets, first, ()
    numbers = first + np.flatnonzero(~inside)
    return (
        onsets[inside],
        first + int(np.argmax(inside)),
        (f"volumes without a whole TR of EEG left out: {_listed(numbers)}",),
    )


def _numbers(times: np.ndarray, interval: float) -> tuple[np.ndarray, np.ndarray]:
    numbers, used = [0], [0]
    for index in range(1, len(times)):
        step = round(float(times[index] - times[used[-1]]) / interval)
        if step >= 1:
            numbers.append(numbers[-1] + step)
            used.append(index)
    return np.array(numbers), np.array(used)


def _sequence(numbers: np.ndarray, times: np.ndarray, interval: float) -> tuple[float, float]:
    if len(times) < 3:
        return interval, float(times[0])
    # the median resists markers that are far off, the line then follows the clock
    slope, start = interval, float(np.median(times - interval * numbers))
    for _ in range(REFITS):
        sound = np.abs(times - start - slope * numbers) <= LARGEST_DEVIATION * interval
        if sound.sum() < 3:
            break
        slope, start = np.polyfit(numbers[sound], times[sound], 1)
    return float(slope), float(start)


def _longest(sound: np.ndarray) -> tuple[int, int]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sound, [False]]).astype(int)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return 0, 0
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best])


def _listed(numbers: Iterable[SupportsInt]) -> str:
    return first_of(sorted(int(number) for number in numbers), 8)


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
