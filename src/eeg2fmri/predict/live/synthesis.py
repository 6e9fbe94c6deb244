"""Turn timed samples into timed courses: gaps filled and told of, cleaning, the synthesis, means of regions.

It knows nothing of where samples come from, so that a recording can be played through it faster than it was made.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.prepare.new_recording import Cleaning
from eeg2fmri.data.settings.eeg import CleanConfig
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.predict.live.cleaning import CausalCleaning
from eeg2fmri.predict.live.clock import SampleClock
from eeg2fmri.predict.live.regions import Reduction
from eeg2fmri.predict.synthesizer import Synthesizer


@dataclass(frozen=True)
class LiveVolume:
    """What is told of one volume.

    Attributes
    ----------
    index : int
        Number since the first volume.
    timestamp : float
        Start of the volume that it stands for, s, on the clock of the samples.
    values : array, shape (course,)
        BOLD units.
    notes : tuple of str
        Gaps and constant channels in the EEG that it was made of.
    """

    index: int
    timestamp: float
    values: np.ndarray
    notes: tuple[str, ...] = ()


class LiveSynthesis:
    """Samples with their times in, courses with theirs out.

    Parameters
    ----------
    synthesizer : Synthesizer
    sfreq : float
        Hz.
    channels : sequence of str
    reduction : Reduction
        What becomes of a volume.
    first_volume_s : float
        Start of the first volume, s after the first sample; see `begin_at`.
    cleaning : {"replay", "done"}
        ``replay``: the steps of the training's recordings are taken, causally.

    Raises
    ------
    InputError
        See `Synthesizer.stream` and `CausalCleaning`.
    """

    def __init__(
        self,
        synthesizer: Synthesizer,
        sfreq: float,
        channels: Sequence[str],
        reduction: Reduction,
        *,
        first_volume_s: float = 0.0,
        cleaning: Cleaning = "replay",
    ) -> None:
        self.sfreq, self.channels, self.reduction = sfreq, tuple(channels), reduction
        card = synthesizer.card
        self.tr, self._window = card.tr, card.pairs.window
        prepared = card.prepare or PrepareConfig()
        self._steps = prepared.eeg.clean if cleaning == "replay" else CleanConfig()
        plain = prepared.model_copy(update={"eeg": prepared.eeg.model_copy(update={"clean": CleanConfig()})})
        loaded = replace(synthesizer.loaded, card=card.model_copy(update={"prepare": plain}))
        self._synthesizer, self._how = Synthesizer(loaded, synthesizer.device), cleaning
        self._wait_for: float | None = None
        self._by_marker = False
        self.first_volume_s = first_volume_s
        self._clock = SampleClock(sfreq)
        self._begin()
        self.notes = (*self._clean.notes, *self._stream.notes)

    def _begin(self) -> None:
        self._clean = CausalCleaning(self._steps, self.sfreq, len(self.channels), self.tr)
        self._stream = self._synthesizer.stream(
            self._clean.sfreq, self.channels, first_volume_s=self.first_volume_s, cleaning=self._how
        )
        self._taken = 0
        self._held: np.ndarray | None = None
        self._gaps: list[tuple[float, str]] = []

    def begin_at(self, timestamp: float) -> None:
        """Begin anew with the first volume at a time on the clock of the samples; earlier samples are forgotten."""
        self.first_volume_s, self._clock = 0.0, SampleClock(self.sfreq)
        self._begin()
        self._wait_for, self._by_marker = timestamp, True

    def volume_at(self, timestamp: float) -> None:
        """Take note of a volume marker: its time on the clock of the samples."""
        self._by_marker = True
        if self._clean.gradient is None:
            return
        if np.isfinite(self._clock.zero):
            self._clean.gradient.start(self._clock.sample_at(timestamp))
        elif self._wait_for is not None:
            self._clean.gradient.start(round((timestamp - self._wait_for) * self.sfreq))

    def take(self, samples: np.ndarray, timestamps: np.ndarray) -> list[LiveVolume]:
        """Take the next samples.

        Parameters
        ----------
        samples : array, shape (channel, sample)
            V.
        timestamps : array, shape (sample,)
            s; samples that are later than their rate has it were stamped late, or follow on others that were lost.

        Returns
        -------
        list of LiveVolume
            Those that the samples complete.

        Raises
        ------
        InputError
            If shapes do not fit, or a sample is not finite.
        """
        samples, timestamps = np.asarray(samples, float), np.asarray(timestamps, float)
        if samples.ndim != 2 or samples.shape != (len(self.channels), len(timestamps)):
            raise InputError(
                "samples and their times do not fit together",
                got=f"{samples.shape} and {timestamps.shape}",
                expected=f"({len(self.channels)}, sample) and (sample,)",
            )
        if self._wait_for is not None:
            after = timestamps >= self._wait_for - 0.5 / self.sfreq
            if not after.any():
                return []
            samples, timestamps, self._wait_for = samples[:, after], timestamps[after], None
        made: list[LiveVolume] = []
        for part in self._clock.take(samples, timestamps):
            if part.anew:
                self._begin()
                self._say(part.anew)
            if part.missing and self._held is not None:
                made += self._bridge(part.samples[:, 0], part.missing)
            if part.samples.shape[1]:
                made += self._feed(part.samples)
        return made

    def _bridge(self, following: np.ndarray, missing: int) -> list[LiveVolume]:
        """Fill a gap with a straight line, so that later volumes stay in their places."""
        assert self._held is not None
        lasted = 1000 * missing / self.sfreq
        self._say(f"{missing} samples were missing ({lasted:.0f} ms): a straight line stands in their place")
        share = np.arange(1, missing + 1) / (missing + 1)
        return self._feed(self._held[:, None] * (1 - share) + following[:, None] * share)

    def _say(self, note: str) -> None:
        warnings.warn(note, stacklevel=4)
        self._gaps.append((self._taken / self.sfreq, note))

    def _feed(self, samples: np.ndarray) -> list[LiveVolume]:
        if self._clean.gradient is not None and not self._by_marker:
            self._mark_by_tr(samples.shape[1])
        self._taken, self._held = self._taken + samples.shape[1], samples[:, -1]
        made = []
        for volume in self._stream.feed(self._clean(samples)):
            since = (volume.index - self._window - 1) * self.tr + self.first_volume_s
            gaps = tuple(note for at, note in self._gaps if since <= at)
            timestamp = self._clock.zero + volume.onset
            values = self.reduction(volume.volume)
            made.append(LiveVolume(volume.index, timestamp, values, (*gaps, *volume.notes)))
            self._gaps = [(at, note) for at, note in self._gaps if since <= at]
        return made

    def _mark_by_tr(self, count: int) -> None:
        """Without markers volumes start a TR apart from the first."""
        assert self._clean.gradient is not None
        first = np.ceil((self._taken / self.sfreq - self.first_volume_s) / self.tr - 1e-9)
        end = (self._taken + count) / self.sfreq
        while (start := self.first_volume_s + max(first, 0) * self.tr) < end:
            self._clean.gradient.start(round(start * self.sfreq))
            first = max(first, 0) + 1
