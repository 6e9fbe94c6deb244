"""Pauses of a recorder: what the file says of them, and how the clock goes on over them.

The samples of a file follow each other without a break, whatever happened between them. Markers are stored with
samples, volumes follow a clock: the two agree up to the first pause only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import first_of

if TYPE_CHECKING:
    import mne

#: What stands in annotations for a pause of the recorder whose time is not in the file: EEGLAB, MNE, BrainVision.
CUT = "boundary"
_CUTS = (CUT, "edge boundary", "bad boundary", "new segment")
#: What MNE writes where it put one recording after another.
_JOINTS = ("edge boundary", "bad boundary")
#: What stands for stretches that are in the file as zeros (FIF).
SKIP = "BAD_ACQ_SKIP"
#: s that a pause of unknown length is taken for: no train of markers goes on over it.
UNKNOWN_S = 1e6


@dataclass(frozen=True)
class Pause:
    """A pause of the recorder.

    Attributes
    ----------
    start_s, stop_s : float
        s after the first sample: between them the file holds no EEG; equal where the pause takes no room in the file.
    lost_s : float or None
        s of the clock that are not in the file; None where the file does not say.
    joint : bool
        Whether one file ends and another begins there.
    """

    start_s: float
    stop_s: float
    lost_s: float | None
    joint: bool = False

    def annotation(self) -> tuple[float, float, str]:
        """Onset, duration (s) and description of the annotation that `pauses_of` reads as this pause."""
        if self.stop_s > self.start_s:
            return self.start_s, self.stop_s - self.start_s, SKIP
        return self.start_s, self.lost_s or 0.0, _JOINTS[0] if self.joint and self.lost_s is None else CUT

    def __str__(self) -> str:
        length = None if self.lost_s is None else self.lost_s + self.stop_s - self.start_s
        return f"at {self.start_s:.3f} s" + (" (how long is not known)" if length is None else f" for {length:.3f} s")


@dataclass(frozen=True)
class Span:
    """The time that the samples of a recording cover.

    Attributes
    ----------
    duration_s : float
        s that the samples last.
    pauses : tuple of Pause
        In their order.
    """

    duration_s: float = float("inf")
    pauses: tuple[Pause, ...] = ()

    def clock(self, times: np.ndarray) -> np.ndarray:
        """Time on the clock (s after the first sample) of times in the file."""
        found = np.array(times, float)
        for pause in self.pauses:
            found[np.asarray(times) >= pause.start_s - 1e-9] += UNKNOWN_S if pause.lost_s is None else pause.lost_s
        return found

    def file(self, clock: np.ndarray) -> np.ndarray:
        """Time in the file of times on the clock; NaN for times at which nothing was recorded."""
        clock, behind = np.asarray(clock, float), 0.0
        found = clock.copy()
        for pause in self.pauses:
            begins = pause.start_s + behind
            lost = UNKNOWN_S if pause.lost_s is None else pause.lost_s
            behind += lost
            found = np.where(clock >= begins - 1e-9, clock - behind, found)
            found[(clock >= begins - 1e-9) & (clock < begins + lost - 1e-9)] = np.nan
        return found

    def has_eeg(self, clock: np.ndarray, window_s: float, tolerance_s: float = 0.0) -> np.ndarray:
        """Tell which windows of a length, by when they start on the clock, were recorded without a break."""
        start = self.file(clock)
        stop = start + window_s
        whole = np.isfinite(start) & (start >= -tolerance_s) & (stop <= self.duration_s + tolerance_s)
        for pause in self.pauses:
            whole &= (stop <= pause.start_s + tolerance_s) | (start >= pause.stop_s - tolerance_s)
        return whole

    def outside(self, first: float, last: float) -> list[Pause]:
        """Pauses before and after two times on the clock."""
        found, behind = [], 0.0
        for pause in self.pauses:
            begins = pause.start_s + behind
            behind += UNKNOWN_S if pause.lost_s is None else pause.lost_s
            if pause.stop_s + behind <= first + 1e-9 or begins >= last - 1e-9:
                found.append(pause)
        return found

    def between(self, first: float, last: float) -> list[Pause]:
        """Pauses between two times in the file."""
        return [pause for pause in self.pauses if pause.stop_s > first + 1e-9 and pause.start_s < last - 1e-9]


def pauses_of(raw: mne.io.BaseRaw) -> tuple[Pause, ...]:
    """Collect the pauses of a recording from its annotations."""
    sfreq = float(raw.info["sfreq"])
    duration = raw.n_times / sfreq
    found: dict[int, Pause] = {}
    for each in raw.annotations:
        kind = _kind(each["description"])
        start = float(each["onset"]) - raw.first_time
        length = float(each["duration"])
        if not -1 / sfreq < start < duration + 1 / sfreq:
            continue
        # between two samples: EEGLAB counts halves, others the first sample after the pause
        sample = round(start * sfreq + 1e-6)
        at = sample / sfreq
        if kind.startswith(SKIP.casefold()) and length > 0:
            found[sample] = Pause(at, at + length, 0.0)
        elif kind in _CUTS and 0 < sample < raw.n_times:
            # EEGLAB alone says with a boundary how much was cut out there
            known = length if kind == CUT and np.isfinite(length) and length > 0 else None
            earlier = found.get(sample)
            joint = kind in _JOINTS or (earlier is not None and earlier.joint)
            known = earlier.lost_s if earlier is not None and earlier.lost_s is not None else known
            found[sample] = Pause(at, at, known, joint)
    return tuple(found[sample] for sample in sorted(found))


def is_pause(description: str) -> bool:
    """Tell whether an annotation stands for a pause."""
    kind = _kind(description)
    return kind in _CUTS or kind.startswith(SKIP.casefold())


def _kind(description: str) -> str:
    return str(description).casefold().rstrip("/ ")


def span_of(raw: mne.io.BaseRaw) -> Span:
    """Give the time that the samples of a recording cover."""
    return Span(raw.n_times / float(raw.info["sfreq"]), pauses_of(raw))


def listed_pauses(pauses: Iterable[Pause]) -> str:
    """Name pauses by time and length."""
    return first_of(pauses, 4)
