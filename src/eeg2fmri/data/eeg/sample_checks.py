"""Check the samples of EEG for faults while they stream by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.core.errors import Problem, first_of
from eeg2fmri.core.units import eeg_unit_problem

#: Seconds for which an electrode may hold one value without a word, and share of the time from which it is told.
STILL_S, STILL_SHARE = 0.5, 0.1
#: Share of the samples at the same limit from which it is told.
LIMIT_SHARE = 0.01
#: V: more than an amplifier of EEG gives, offsets included; and how much louder than the others an electrode may be.
LARGEST_RANGE_V, LOUDER = 1.0, 20.0


class SignalChecks:
    """Collects spread and finiteness of each channel, a block at a time.

    Parameters
    ----------
    names : sequence of str
        Channels, in the order of the blocks.
    sfreq : float
        Hz.
    """

    def __init__(self, names: Sequence[str], sfreq: float) -> None:
        self.names = list(names)
        self.sfreq = sfreq
        self._count = 0
        self._offset: np.ndarray | None = None
        self._sum = np.zeros(len(self.names))
        self._square = np.zeros(len(self.names))
        self._not_finite: dict[int, int] = {}
        self._piece = max(2, round(STILL_S * sfreq))
        self._low, self._high = np.full(len(self.names), np.inf), np.full(len(self.names), -np.inf)
        self._still, self._clipped = np.zeros(len(self.names), int), np.zeros(len(self.names), int)

    def update(self, block: np.ndarray, first_sample: int) -> None:
        """Take in a block (channel, time), V, that starts at sample `first_sample` of the recording."""
        if self._offset is None:
            self._offset = block[:, :1].copy()  # an electrode offset may be 1e4 times the signal
        with np.errstate(invalid="ignore", over="ignore"):
            centred = block - self._offset
            total = centred.sum(axis=1)
            square = np.square(centred, out=centred).sum(axis=1)  # a product of matrices depends on the threads
        for channel in np.flatnonzero(~np.isfinite(square)):
            bad = np.flatnonzero(~np.isfinite(block[channel]))
            if bad.size:
                self._not_finite.setdefault(int(channel), first_sample + int(bad[0]))
        if self._not_finite:
            return  # nothing else can be said of a recording with such values
        self._measure_limits(block)
        self._count += block.shape[1]
        self._sum += total
        self._square += square

    def _measure_limits(self, block: np.ndarray) -> None:
        """Measure range, stretches of one value, and samples that follow each other at the same limit."""
        starts = np.arange(0, block.shape[1], self._piece)
        low, high = (limit.reduceat(block, starts, axis=1) for limit in (np.minimum, np.maximum))
        whole = np.diff(starts, append=block.shape[1]) == self._piece
        self._still += self._piece * ((low == high) & whole).sum(axis=1)
        ends = low.min(axis=1), high.max(axis=1)
        often = ((low == ends[0][:, None]) | (high == ends[1][:, None])).mean(axis=1) > STILL_SHARE
        for channel in np.flatnonzero(often & (ends[0] < ends[1])):
            signal = block[channel]
            at_limit = (signal == ends[0][channel]) | (signal == ends[1][channel])
            self._clipped[channel] += int(np.sum(at_limit[1:] & (signal[1:] == signal[:-1])))
        self._low, self._high = np.minimum(self._low, ends[0]), np.maximum(self._high, ends[1])

    def notes(self) -> list[str]:
        """Say what is odd about samples that can be used."""
        std, n_samples = self.std(), max(self._count, 1)
        lively = std[std > 0]
        usual = float(np.median(lively)) if lively.size else 0.0
        still, clipped = self._still / n_samples, self._clipped / n_samples
        loud = [f"{name} {1e6 * one:.3g} uV" for name, one in zip(self.names, std, strict=True) if one > LOUDER * usual]
        held = [f"{self.names[k]} {still[k]:.0%}" for k in np.flatnonzero(still > STILL_SHARE)]
        limit = [f"{self.names[k]} {clipped[k]:.0%}" for k in np.flatnonzero(clipped > LIMIT_SHARE)]
        todo = "look at them, and name bad ones in eeg: {bad_electrodes: [...]}"
        return [
            f"{what}: {first_of(found, 8)}; {todo}"
            for what, found in (
                (f"electrodes more than {LOUDER:g} times as loud as the others (standard deviation)", loud),
                (f"electrodes that hold one value for {STILL_S:g} s or longer (share of the time)", held),
                ("electrodes at the limit of their converter (share of the samples)", limit),
            )
            if found
        ]

    def std(self) -> np.ndarray:
        """Give the standard deviation of each channel, V."""
        with np.errstate(over="ignore", invalid="ignore"):  # refused in `problems`
            mean = self._sum / max(self._count, 1)
            return np.sqrt(np.maximum(self._square / max(self._count, 1) - mean**2, 0))

    def flat(self) -> list[str]:
        """Name the channels whose samples are all equal."""
        return [name for name, square in zip(self.names, self._square, strict=True) if square == 0]

    def problems(self, where: str) -> list[Problem]:
        """Say what is wrong with the samples seen so far."""
        if self._not_finite:
            places = ", ".join(
                f"{self.names[channel]} at {sample / self.sfreq:.3f} s"
                for channel, sample in list(self._not_finite.items())[:5]
            )
            more = len(self._not_finite) - 5
            return [
                Problem(
                    "the EEG holds values that are not finite (NaN or infinite)",
                    where,
                    f"first in {places}" + (f" and {more} more channels" if more > 0 else ""),
                    hint="repair the file or leave the recording out",
                )
            ]
        problems = []
        flat = self.flat()
        with np.errstate(over="ignore"):
            wide = [
                name for name, span in zip(self.names, self._high - self._low, strict=True) if span > LARGEST_RANGE_V
            ]
        if wide and 2 * len(wide) < len(self.names):  # in most channels it is the unit that is wrong
            return [
                Problem(
                    "EEG channels have samples that no amplifier gives",
                    where,
                    first_of(wide, 12),
                    f"a range below {LARGEST_RANGE_V:g} V",
                    "repair the file, leave these electrodes out of all recordings with 'exclude', or name them as bad "
                    "with eeg: {bads: interpolate, bad_electrodes: [...]}",
                )
            ]
        if flat:
            problems.append(
                Problem(
                    "EEG channels are constant",
                    where,
                    first_of(flat, 20),
                    "a signal in every electrode",
                    "leave these electrodes out of all recordings with 'exclude', or interpolate them in the file",
                )
            )
        lively = self.std()[[name not in flat for name in self.names]]
        unit = eeg_unit_problem(lively, where) if lively.size else None
        return problems if unit is None else [*problems, unit]
