"""Trains of markers: those that follow each other at the TR, however many of them were lost between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

#: Largest deviation of a marker from where the markers before it let it be expected, in intervals.
NEAR = 0.15
#: Markers that may be lost one after another within a train; a longer break ends it.
MOST_LOST = 10
#: Markers by which the next one is expected.
LAST = 5
#: Largest deviation of the interval of markers from the TR (relative) at which they are looked at.
INTERVAL = 0.1


@dataclass(frozen=True, eq=False)
class Train:
    """Markers at the TR.

    Attributes
    ----------
    times : array, shape (marker,)
        s, rising.
    numbers : int array, shape (marker,)
        How many intervals each lies after the first; numbers that are left out are lost markers.
    """

    times: np.ndarray
    numbers: np.ndarray

    @property
    def extent(self) -> int:
        """Volumes from the first marker to the last, with the lost ones."""
        return int(self.numbers[-1] - self.numbers[0]) + 1

    @property
    def lost(self) -> int:
        """Markers that are lost between the first and the last."""
        return self.extent - len(self.times)

    def part(self, first: int, last: int) -> Train:
        """Markers `first` to `last` (indices, both included) as a train of its own."""
        return Train(self.times[first : last + 1], self.numbers[first : last + 1] - self.numbers[first])

    def pieces(self) -> list[tuple[int, int]]:
        """First and last index of every stretch without a lost marker."""
        breaks = np.flatnonzero(np.diff(self.numbers) > 1)
        return list(zip([0, *(breaks + 1)], [*breaks, len(self.times) - 1], strict=True))

    def broken(self) -> Iterator[Train]:
        """Split where more than `MOST_LOST` markers are lost one after another."""
        breaks = np.flatnonzero(np.diff(self.numbers) > MOST_LOST + 1)
        for first, last in zip([0, *(breaks + 1)], [*breaks, len(self.times) - 1], strict=True):
            yield self.part(int(first), int(last))

    def expected(self, intervals: int) -> float:
        """Time (s) at which the marker so many intervals after the first is expected (before it where negative)."""
        if len(self.times) == 1:
            raise ValueError("one marker has no interval")
        slope, start = self.line()
        return float(start + slope * intervals)

    def line(self) -> tuple[float, float]:
        """Interval and time of number 0 (both s) of the straight line through the markers."""
        slope, start = np.polyfit(self.numbers, self.times, 1)
        return float(slope), float(start)


@dataclass(frozen=True, eq=False)
class Trains:
    """All markers of one kind by the trains they belong to.

    Attributes
    ----------
    chains : list of Train
        In the order of their first markers, however long the breaks in them.
    doubled : array, shape (marker,)
        s; markers within `NEAR` intervals of another one of their train.
    """

    chains: list[Train]
    doubled: np.ndarray

    def trains(self) -> list[Train]:
        """Chains split at long breaks, in the order of their first markers."""
        return sorted((train for chain in self.chains for train in chain.broken()), key=lambda train: train.times[0])

    def longest(self) -> Train | None:
        """Train of the most markers, the first of equals."""
        return max(self.trains(), key=lambda train: len(train.times), default=None)


def find_trains(times: np.ndarray, tr: float) -> Trains:
    """Sort markers into trains at the TR.

    A marker belongs to a train if it comes a whole number of intervals after it, as far as the last markers of the
    train tell; so clocks may drift, markers may jitter, be lost or doubled, and trains may overlap.

    Parameters
    ----------
    times : array, shape (marker,)
        s, rising.
    tr : float
        s.
    """
    interval = marker_interval(times, tr)
    found: list[_Growing] = []
    doubled = []
    for time in np.asarray(times, float).tolist():
        steps = [(chain, chain.step(time, interval)) for chain in reversed(found)]
        fitting = [(chain, step) for chain, step in steps if step is not None]
        if not fitting:
            found.append(_Growing(time))
            continue
        # the train that came last, among those that are not long over
        chain, step = min(fitting, key=lambda each: (each[1] > MOST_LOST + 1, -len(each[0].times), each[1]))
        if step == 0:
            doubled.append(time)
        else:
            chain.times.append(time)
            chain.numbers.append(chain.numbers[-1] + step)
    return Trains([Train(np.array(each.times), np.array(each.numbers)) for each in found], np.array(doubled))


def marker_interval(times: np.ndarray, tr: float) -> float:
    """Mean of the intervals (s) that are about the TR; the TR where there are none."""
    differences = np.diff(times)
    near = differences[np.abs(differences / tr - 1) <= INTERVAL]
    return float(near.mean()) if near.size else tr


class _Growing:
    """A train while its markers are found."""

    def __init__(self, time: float) -> None:
        self.times, self.numbers = [time], [0]

    def step(self, time: float, interval: float) -> int | None:
        """Intervals from the last marker; None for a marker that is not expected."""
        last = self.numbers[-1]
        ahead = [
            (time - known) / interval - (last - number)
            for known, number in zip(self.times[-LAST:], self.numbers[-LAST:], strict=True)
        ]
        middle = sorted(ahead)[len(ahead) // 2]
        step = round(middle)
        return step if step >= 0 and abs(middle - step) <= NEAR else None
