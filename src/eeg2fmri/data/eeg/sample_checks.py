"""Check the samples of EEG for faults while they stream by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.core.errors import Problem
from eeg2fmri.core.units import eeg_unit_problem


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
        self._count += block.shape[1]
        self._sum += total
        self._square += square

    def std(self) -> np.ndarray:
        """Give the standard deviation of each channel, V."""
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
        if flat:
            problems.append(
                Problem(
                    "EEG channels are constant",
                    where,
                    ", ".join(flat),
                    "a signal in every electrode",
                    "leave these electrodes out of all recordings with 'exclude', or interpolate them in the file",
                )
            )
        lively = self.std()[[name not in flat for name in self.names]]
        unit = eeg_unit_problem(lively, where) if lively.size else None
        return problems if unit is None else [*problems, unit]
