"""Random recordings inside a scanner with several faults at a time, whose truth is known, as markers and pauses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.data.timing.pauses import Pause, Span
from eeg2fmri.data.timing.trains import NEAR
from eeg2fmri.data.timing.volume_onsets import Alignment, Volumes

SFREQ = 250.0
#: Deviation (TR) from which an onset is that of other samples.
WRONG = 0.2


@dataclass(eq=False)
class Recording:
    """What was recorded, on the clock of the first sample that the recorder could have kept.

    Attributes
    ----------
    count, tr, start : int, float, float
        Volumes; TR and time of volume 0, s.
    begin, end : float
        Of the EEG.
    marked : array
        s; markers of the scanner, of this scan.
    others : array
        s; markers of the same kind that are none of a volume: localisers, tests, other runs, doubled ones.
    pauses : list of (float, float, bool)
        From, to, and whether the file says how long.
    drift : float
        Of the clocks, relative.
    """

    count: int
    tr: float
    start: float
    begin: float = 0.0
    end: float = 0.0
    marked: np.ndarray = field(default_factory=lambda: np.empty(0))
    others: np.ndarray = field(default_factory=lambda: np.empty(0))
    pauses: list[tuple[float, float, bool]] = field(default_factory=list)
    drift: float = 0.0
    dummies: int = 0
    told: int | None = None
    done: list[str] = field(default_factory=list)

    def at(self, volumes: np.ndarray) -> np.ndarray:
        """When volumes were, s."""
        return self.start + self.tr * (1 + self.drift) * np.asarray(volumes)

    def file(self, clock: np.ndarray) -> np.ndarray:
        """Places in the file, s; NaN for what the recorder did not keep."""
        found = np.asarray(clock, float) - self.begin
        for first, last, _ in self.pauses:
            inside = (clock >= first) & (clock < last)
            found = np.where(clock >= last, found - (last - first), np.where(inside, np.nan, found))
        return np.where((clock < self.begin) | (clock >= self.end), np.nan, found)

    def markers(self) -> np.ndarray:
        """Times of all markers that are in the file, on the grid of samples."""
        times = self.file(np.concatenate([self.marked, self.others]))
        return np.unique(np.round(times[np.isfinite(times)] * SFREQ) / SFREQ)

    def span(self) -> Span:
        """What the file says of itself."""
        lost, found = 0.0, []
        for first, last, says in self.pauses:
            at = round((first - self.begin - lost) * SFREQ) / SFREQ
            found.append(Pause(at, at, last - first if says else None, joint=not says))
            lost += last - first
        return Span(self.end - self.begin - lost, tuple(found))

    def volumes(self) -> Volumes:
        return Volumes(self.count, self.tr, discarded=self.told)

    def said(self) -> dict[str, int]:
        """What a user who knows it says of the first marker; nothing where there are others of its kind at the TR."""
        inside = np.isfinite(self.file(self.marked))
        if not inside.any() or {"localizer", "second_run", "tests"} & set(self.done):
            return {}
        if (self.others < self.marked[inside][0]).any():  # of a lost one: it is the first of the file
            return {}
        first = round((self.marked[inside][0] - self.start) / (self.tr * (1 + self.drift)))
        return {"dummies": -first} if first <= 0 else {"volumes_before": first}

    def wrong(self, found: Alignment) -> np.ndarray:
        """Volumes that were given samples that are not theirs."""
        volumes = found.first + np.arange(len(found.onsets))
        clock = self.at(volumes)
        true = self.file(clock)
        outside = (clock < self.begin) | (clock >= self.end)  # no samples: noticed where windows are cut
        off = np.abs(found.onsets - true) > WRONG * self.tr
        return volumes[(off | np.isnan(true)) & ~outside | (volumes >= self.count)]

    def alike(self, found: Alignment) -> bool:
        """Tell whether the volumes that were found begin and end with a marker, and no other one is beside them.

        Then nothing in the file tells the reading from the truth, as where as many markers are lost at the end as dummy
        scans have some.
        """
        times = self.markers()
        clock = self.span().clock(found.onsets)
        interval = self.tr * (1 + self.drift)
        first = clock[0] - interval * found.first
        marked = self.span().clock(times)

        def near(volume: int) -> bool:
            return bool(np.abs(marked - first - interval * volume).min() < NEAR * self.tr)

        before = -1 - (self.told or 0)  # dummy scans that the sidecar tells of have markers
        return near(0) and near(self.count - 1) and not near(before) and not near(self.count)


Fault = Callable[[Recording, np.random.Generator], None]


def dummies(one: Recording, rng: np.random.Generator) -> None:
    one.dummies = int(rng.integers(1, 6))
    one.marked = np.concatenate([one.at(np.arange(-one.dummies, 0)), one.marked])
    one.told = one.dummies if rng.random() < 0.3 else None


def stop(one: Recording, rng: np.random.Generator) -> None:
    one.others = np.append(one.others, one.at(np.arange(one.count, one.count + int(rng.integers(1, 3)))))


def lost_start(one: Recording, rng: np.random.Generator) -> None:
    one.marked = one.marked[int(rng.integers(1, 5)) :]


def lost_end(one: Recording, rng: np.random.Generator) -> None:
    one.marked = one.marked[: -int(rng.integers(1, 5))]


def lost_between(one: Recording, rng: np.random.Generator) -> None:
    gone = 1 + rng.choice(len(one.marked) - 2, int(rng.integers(1, 5)), replace=False)
    one.marked = np.delete(one.marked, gone)


def lost_stretch(one: Recording, rng: np.random.Generator) -> None:
    first = int(rng.integers(1, len(one.marked) // 2))
    one.marked = np.delete(one.marked, slice(first, first + int(rng.integers(2, 15))))


def doubled(one: Recording, rng: np.random.Generator) -> None:
    twice = rng.choice(one.marked, int(rng.integers(1, 6)), replace=False)
    one.others = np.append(one.others, twice + rng.uniform(0.004, 0.6 * one.tr, len(twice)))


def jitter(one: Recording, rng: np.random.Generator) -> None:
    one.marked = one.marked + rng.uniform(-0.02, 0.02, len(one.marked))


def drift(one: Recording, rng: np.random.Generator) -> None:
    by = float(rng.uniform(-2e-4, 2e-4))
    one.marked = one.start + (one.marked - one.start) * (1 + by) / (1 + one.drift)
    one.drift = by


def localizer(one: Recording, rng: np.random.Generator) -> None:
    number = int(rng.integers(3, one.count + 6))
    before = (one.marked[0] if len(one.marked) else one.start) - rng.uniform(1.0, 30.0)
    times = before - one.tr * np.arange(number)
    one.others = np.append(one.others, times)
    one.begin = min(one.begin, float(times[-1]) - 5)


def second_run(one: Recording, rng: np.random.Generator) -> None:
    number = one.count if rng.random() < 0.5 else int(rng.integers(3, one.count + 6))
    after = one.at(np.array([one.count]))[0] + rng.uniform(3.0, 60.0)
    times = after + one.tr * np.arange(number)
    one.others = np.append(one.others, times)
    one.end = max(one.end, float(times[-1]) + one.tr + rng.uniform(0, 5))


def tests(one: Recording, rng: np.random.Generator) -> None:
    first = one.marked[0] if len(one.marked) else one.start
    one.others = np.append(one.others, first - np.cumsum(rng.uniform(1.0, 9.0, int(rng.integers(1, 3)))))


def began_late(one: Recording, rng: np.random.Generator) -> None:
    one.begin = one.start + float(rng.uniform(0.2, 6.0)) * one.tr


def ended_early(one: Recording, rng: np.random.Generator) -> None:
    one.end = one.at(np.array([one.count]))[0] - float(rng.uniform(0.2, 6.0)) * one.tr


def paused(one: Recording, rng: np.random.Generator) -> None:
    first = round(float(rng.uniform(one.begin + 2, one.end - 12)) * SFREQ) / SFREQ
    last = first + round(float(rng.uniform(0.5, 10.0)) * SFREQ) / SFREQ
    if not any(first < other[1] + 1 and other[0] < last + 1 for other in one.pauses):
        one.pauses = sorted([*one.pauses, (first, last, rng.random() < 0.5)])


FAULTS: tuple[Fault, ...] = (
    dummies,
    stop,
    lost_start,
    lost_end,
    lost_between,
    lost_stretch,
    doubled,
    jitter,
    drift,
    localizer,
    second_run,
    tests,
    began_late,
    ended_early,
    paused,
)


def recording(number: int, most: int = 4) -> Recording:
    """Make the recording of a number, with two to `most` faults in a random order."""
    rng = generator(number, "several faults")
    one = Recording(int(rng.integers(20, 90)), float(rng.choice([0.8, 1.28, 2.0, 2.1, 3.0])), float(rng.uniform(3, 30)))
    one.end = one.start + one.tr * one.count + float(rng.uniform(0.0, 10.0))
    one.marked = one.at(np.arange(one.count))
    for k in rng.choice(len(FAULTS), int(rng.integers(2, most + 1)), replace=False):
        FAULTS[k](one, rng)
        one.done.append(FAULTS[k].__name__)
    return one
