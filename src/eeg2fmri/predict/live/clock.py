"""Tell samples that came late from samples that were lost, by the times that a stream gives them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

#: Lateness (s) from which samples may be missing: they are held until it is known.
GAP_S = 0.02
#: Time (s) for which samples have to stay late: others were lost before them.
HOLD_S = 0.5
#: Longest gap (s) that is bridged; after a longer one the stream begins anew.
LONGEST_GAP_S = 5.0
#: Largest difference between the clocks of amplifier and stream, s a second.
DRIFT = 1e-4


@dataclass(frozen=True)
class Part:
    """Samples that follow each other without a gap.

    Attributes
    ----------
    samples : array, shape (channel, sample)
    missing : int
        Samples that were lost before them.
    anew : str
        Why nothing of what was before goes on; empty where it does.
    """

    samples: np.ndarray
    missing: int = 0
    anew: str = ""


class SampleClock:
    """Gives each sample its place at a steady rate.

    Times are stamped by programs that are interrupted: they may be late, and never early. The rate is steady, so that a
    sample which is later than those around it was stamped late. Where all that follow stay late, samples were lost.

    Parameters
    ----------
    sfreq : float
        Hz.

    Attributes
    ----------
    zero : float
        Time of the first sample, s; NaN before it.

    Examples
    --------
    >>> clock = SampleClock(100.0)
    >>> times = 5 + np.arange(200) / 100
    >>> times[50] += 0.03  # late
    >>> times[100:] += 0.1  # ten were lost
    >>> [(part.missing, part.samples.shape[1]) for part in clock.take(np.zeros((1, 200)), times)]
    [(0, 50), (0, 1), (0, 49), (10, 100)]
    """

    def __init__(self, sfreq: float) -> None:
        self.sfreq = sfreq
        self._held, self._stamps = np.empty((0, 0)), np.empty(0)
        self._begin()

    def _begin(self) -> None:
        self.zero, self._placed, self._last = np.nan, 0, np.nan

    def sample_at(self, time: float) -> int:
        """Give the number of the sample at a time, s."""
        return round((time - self.zero) * self.sfreq)

    def take(self, samples: np.ndarray, stamps: np.ndarray) -> Iterator[Part]:
        """Take the next samples (channel, sample) with their times, s, and give those whose place is known."""
        jumps = np.diff(stamps, prepend=stamps[:1] if np.isnan(self._last) else self._last)
        cuts: list[int] = np.flatnonzero((jumps < -HOLD_S) | (jumps > LONGEST_GAP_S)).tolist()
        for first, end in zip([0, *cuts], [*cuts, len(stamps)], strict=True):
            if first in cuts:
                jump = float(jumps[first])
                why = f"{jump:.1f} s without samples" if jump > 0 else "the clock of the stream went back"
                yield from self._placed_parts(final=True)
                self._begin()
                yield Part(samples[:, :0], anew=f"{why}: the stream began anew")
            if end > first:
                new = samples[:, first:end]
                self._held = np.concatenate([self._held, new], axis=1) if len(self._stamps) else new
                self._stamps = np.concatenate([self._stamps, stamps[first:end]])
                self._last = float(stamps[end - 1])
                yield from self._placed_parts()

    def _placed_parts(self, *, final: bool = False) -> Iterator[Part]:
        """Give what is held, up to samples of which it is not known yet whether others are missing before them."""
        missing = 0
        while len(self._stamps):
            if np.isnan(self.zero):
                self.zero = float(self._stamps[0])
            late = self._stamps - self.zero - (self._placed + np.arange(len(self._stamps))) / self.sfreq
            behind = late > GAP_S
            count = len(late) if not behind.any() else int(behind.argmax())
            if count == 0 and not behind.all():  # it was late, and those after it are not
                count = int(behind.argmin())
            elif count == 0 and not final and self._stamps[-1] - self._stamps[0] < HOLD_S:
                break
            elif count == 0:
                missing += round(float(late.min()) * self.sfreq)
                self._placed += missing
                continue
            yield Part(self._held[:, :count], missing)
            missing = 0
            # earlier than ever: the first was late; later by as much as clocks differ: they do
            self.zero += min(float(late[:count].min()), DRIFT * count / self.sfreq)
            self._placed += count
            self._held, self._stamps = self._held[:, count:], self._stamps[count:]
