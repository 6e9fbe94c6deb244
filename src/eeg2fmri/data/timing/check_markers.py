"""Find faults of the volume markers of a recording: missing, doubled, late, too few."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import Problem, first_of
from eeg2fmri.data.timing.readings import Reading
from eeg2fmri.data.timing.trains import Train

#: Largest deviation of the mean interval of markers from the TR (relative) that can be clock drift.
LARGEST_DRIFT = 5e-3
#: Deviation from which no mending goes on: what was taken for a train is none.
NO_DRIFT = 2e-2
#: Largest deviation of one marker from a regular sequence, in TRs.
LARGEST_DEVIATION_TR = 0.1
#: Refits of the sequence without the markers that deviate.
REFITS = 3


@dataclass(frozen=True, eq=False)
class NumberedMarkers:
    """The markers of a recording by the volumes they belong to.

    Attributes
    ----------
    all : array, shape (marker,)
        s; every marker of the kind, the surplus ones too.
    sound : array, shape (volume,)
        s; time of the marker of each volume, NaN where there is none that is sound.
    late : dict of int to float
        Time (s) of the markers that are early or late, by volume.
    extra : array, shape (marker,)
        s; markers between those of the volumes.
    outside : int
        Markers before the first volume and after the last one.
    first, last : int
        Volumes of the first and of the last marker, where all between them should be marked.
    interval, start : float
        Of the regular sequence: s between volumes, time (s) of volume 0.
    """

    all: np.ndarray
    sound: np.ndarray
    late: dict[int, float]
    extra: np.ndarray
    outside: int
    first: int
    last: int
    interval: float
    start: float

    @property
    def regular(self) -> np.ndarray:
        """Times (s) of the volumes by the regular sequence."""
        return self.start + self.interval * np.arange(len(self.sound))

    @property
    def lost(self) -> list[int]:
        """Volumes between the first marker and the last that have none."""
        inside = range(self.first, self.last + 1)
        return [k for k in inside if np.isnan(self.sound[k]) and k not in self.late]


def number_markers(times: np.ndarray, reading: Reading, n_volumes: int, tr: float) -> NumberedMarkers:
    """Give the markers of a kind to the volumes, as a reading of them says."""
    numbers = reading.train.numbers + reading.first
    interval, start = _sequence(numbers, reading.train.times, tr)
    sound, late = np.full(n_volumes, np.nan), {}
    kept = (numbers >= 0) & (numbers < n_volumes)
    for number, time in zip(numbers[kept].tolist(), reading.train.times[kept].tolist(), strict=True):
        if abs(time - start - interval * number) <= LARGEST_DEVIATION_TR * interval:
            sound[number] = time
        else:
            late[number] = time
    first, last = max(reading.first, 0), min(reading.last, n_volumes - 1)
    extra, outside = [], int(np.sum(~kept))
    for time in times[~np.isin(times, reading.train.times)].tolist():
        place = (time - start) / interval
        number = round(place)
        if not first - 0.5 <= place <= last + 0.5:
            outside += 1
        elif np.isnan(sound[min(max(number, 0), n_volumes - 1)]) and number not in late:
            late[number] = time
        else:
            extra.append(time)
    return NumberedMarkers(times, sound, late, np.array(extra), outside, first, last, interval, start)


def marker_problems(
    numbered: NumberedMarkers, reading: Reading, tr: float, where: str, shown: np.ndarray
) -> Iterator[Problem]:
    """Find what is wrong with volume markers.

    Parameters
    ----------
    numbered : NumberedMarkers
    reading : Reading
        What the markers were read as.
    tr : float
        s.
    where : str
        File and marker.
    shown : array, shape (marker,)
        s in the file, of every marker.
    """
    n_volumes, times = len(numbered.sound), numbered.all
    if numbered.extra.size:
        yield Problem(
            "volume markers are doubled",
            where,
            listed(np.searchsorted(times, numbered.extra), shown),
            f"intervals of {tr:g} s",
            "remove the surplus markers from the marker file, or set triggers: repair",
        )
    if numbered.lost:
        lost, marked = np.array(numbered.lost), np.flatnonzero(np.isfinite(numbered.sound))
        before = np.unique(marked[np.searchsorted(marked, lost) - 1])
        at = np.searchsorted(times, numbered.sound[before])
        yield Problem(
            "1 volume marker is missing" if len(lost) == 1 else f"{len(lost)} volume markers are missing",
            where,
            "gaps after " + listed(at, shown),
            f"intervals of {tr:g} s",
            "add the missing markers to the marker file, give 'first_volume_s', or set triggers: repair",
        )
    if numbered.first > 0 or numbered.last < n_volumes - 1:
        absent = [*range(numbered.first), *range(numbered.last + 1, n_volumes)]
        yield Problem(
            "there are fewer volume markers than volumes",
            where,
            f"{len(times)} markers, the first at {shown[0]:.3f} s, the last at {shown[-1]:.3f} s"
            + (f": {reading.words}" if reading.words else ""),
            f"{n_volumes} volumes",
            f"set triggers: trim to leave out the volumes without EEG or marker ({first_of(absent, 6)}); "
            "check that both files are of the same run and complete",
        )
    if abs(numbered.interval / tr - 1) > LARGEST_DRIFT and len(reading.train.times) > 2:
        yield Problem(
            "the mean interval of the volume markers is not the TR",
            where,
            f"{numbered.interval:.6g} s, {(numbered.interval / tr - 1) * 1e6:.0f} ppm off",
            f"TR {tr:g} s, within {LARGEST_DRIFT * 1e6:.0f} ppm",
            "check the TR in sidecar and header",
        )
    elif numbered.late:
        off = {volume: time - numbered.start - numbered.interval * volume for volume, time in numbered.late.items()}
        yield Problem(
            "volume markers are early or late",
            where,
            first_of(
                (
                    f"index {np.searchsorted(times, numbered.late[volume])} at {numbered.late[volume]:.3f} s "
                    f"by {off[volume] * 1e3:+.0f} ms"
                    for volume in sorted(off)
                ),
                5,
            ),
            f"within {LARGEST_DEVIATION_TR * tr * 1e3:.0f} ms of a regular sequence",
            "correct the marker file, give 'first_volume_s', or set triggers: repair",
        )


def interval_problem(times: np.ndarray, train: Train, tr: float, where: str) -> Problem | None:
    """Find markers that follow each other, but not at the TR."""
    single = np.array([time for time, gap in zip(times, np.diff(times, prepend=-np.inf), strict=True) if gap > tr / 2])
    dense = len(single) < len(times) / 2 and len(train.times) < len(times) / 3
    interval = float(np.median(np.diff(times if dense else single))) if len(single) > 1 else tr
    if abs(interval / tr - 1) <= 0.1 or len(train.times) - train.lost > max(2, len(single) / 2):
        return None
    return Problem(
        "the interval of the volume markers is not the TR",
        where,
        f"{interval:.4g} s",
        f"TR {tr:g} s",
        "check the TR in sidecar and header; if this is no volume marker, name another with 'marker', or the "
        "first one with 'first_marker: {name: ..., repeats: first}', or give 'first_volume_s'",
    )


def listed(indices: np.ndarray, times: np.ndarray) -> str:
    """Name some markers by index and time."""
    return first_of((f"index {k} at {times[k]:.3f} s" for k in indices), 5)


def _sequence(numbers: np.ndarray, times: np.ndarray, interval: float) -> tuple[float, float]:
    """Interval and time of number 0 of the straight line through the sound markers."""
    if len(times) < 3:
        slope = float(np.diff(times)[0] / np.diff(numbers)[0]) if len(times) == 2 else interval
        return slope, float(times[0] - slope * numbers[0])
    # the median resists markers that are far off, the line then follows the clock
    slope = float(np.median(np.diff(times) / np.diff(numbers)))
    start = float(np.median(times - slope * numbers))
    for _ in range(REFITS):
        near = np.abs(times - start - slope * numbers) <= LARGEST_DEVIATION_TR * slope
        if near.sum() < 3:
            break
        slope, start = np.polyfit(numbers[near], times[near], 1)
    return float(slope), float(start)
