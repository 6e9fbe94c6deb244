"""Clean EEG as it comes: the steps of a store that can be taken without the samples that are still to come."""

from __future__ import annotations

from collections import deque

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.settings.eeg import CleanConfig

#: Order of the causal filters (Butterworth), and of that before samples are left out.
ORDER, ANTI_ALIAS = 4, 8
#: Share of the new Nyquist frequency that is kept when samples are left out.
KEPT = 0.8
#: Volumes that have to be complete before the artefact of the next is known.
FEWEST = 3


class GradientTemplate:
    """Subtracts from each volume the mean of those before it: the artefact of the gradients is the same in all.

    The mean over time of what is subtracted is 0, as in a store (`eeg2fmri.data.eeg.cleaning.subtract_average`), where
    the volumes that follow count too. Markers may come after their samples: until then a volume is taken to follow on
    the last, and it is learned from only once it was marked.

    Parameters
    ----------
    n_channels : int
    length : int
        Samples of a volume.
    neighbours : int
        Volumes in the mean.
    """

    def __init__(self, n_channels: int, length: int, neighbours: int) -> None:
        self._length = length
        self._seen: deque[np.ndarray] = deque(maxlen=neighbours)
        self._template = np.zeros((n_channels, length))
        self._recent = np.zeros((n_channels, 0))
        self._current = np.zeros((n_channels, length))
        self._starts: deque[int] = deque()
        self._place: int | None = None
        self._whole = self._marked = False
        self._sample = 0

    @property
    def known(self) -> bool:
        """Whether enough volumes have been seen."""
        return len(self._seen) >= FEWEST

    def start(self, sample: int) -> None:
        """Take note that a volume starts at a sample, counted from the first; it may have passed already."""
        if not self._starts or sample > self._starts[-1]:
            self._starts.append(sample)

    def __call__(self, block: np.ndarray) -> np.ndarray:
        """Take the next samples (channel, time) and return them without the artefact."""
        out, done = block.copy(), 0
        while done < block.shape[1]:
            self._begin()
            count = block.shape[1] - done
            if self._starts:
                count = min(count, self._starts[0] - self._sample)
            if self._place is not None:
                count = min(count, self._length - self._place)
                part = slice(self._place, self._place + count)
                if self.known:
                    out[:, done : done + count] -= self._template[:, part]
                self._current[:, part] = block[:, done : done + count]
                self._place += count
            self._recent = np.concatenate([self._recent, block[:, done : done + count]], axis=1)[:, -self._length :]
            done += count
            self._sample += count
            if self._place == self._length:
                self._complete()
        return out

    def _begin(self) -> None:
        """Begin the volumes whose start is reached; the samples that have passed are taken from what is kept."""
        while self._starts and self._starts[0] <= self._sample:
            late = self._sample - self._starts.popleft()
            if late < self._length:
                self._place, self._marked, self._whole = late, True, late <= self._recent.shape[1]
                if self._whole and late:
                    self._current[:, :late] = self._recent[:, -late:]

    def _complete(self) -> None:
        if self._whole and self._marked:
            self._seen.append(self._current.copy())
            mean = np.mean(self._seen, axis=0)
            self._template = mean - mean.mean(axis=1, keepdims=True)
        self._place, self._whole, self._marked = (0 if self._marked else None), True, False


class CausalCleaning:
    """Takes the steps of a store's recordings on samples as they come.

    Filters are causal (Butterworth), where those of a store have no delay: the same frequencies pass, later.

    Parameters
    ----------
    steps : CleanConfig
        Of the store.
    sfreq : float
        Hz.
    n_channels : int
    tr : float
        s.

    Attributes
    ----------
    gradient : GradientTemplate or None
        Is told of volumes.
    sfreq : float
        Of what comes out, Hz.
    notes : tuple of str
        What is otherwise than in a store.

    Raises
    ------
    InputError
        If a step cannot be taken: the pulse artefact, a rate that is no whole part of the stream's, a band beyond it.
    """

    def __init__(self, steps: CleanConfig, sfreq: float, n_channels: int, tr: float) -> None:
        if steps.pulse != "keep":
            raise InputError(
                "the recordings of the training had their pulse artefact averaged over beats to come",
                got=f"pulse: {steps.pulse}",
                expected="steps that a stream can take: gradient, high_pass, low_pass, resample",
                hint="prepare and train without it, or clean the stream before it comes here and say --cleaning done",
            )
        nyquist = sfreq / 2
        if max(steps.high_pass or 0, steps.low_pass or 0) >= nyquist:
            raise InputError(
                "the pass band reaches beyond half the rate of the stream",
                got=f"{steps.high_pass} to {steps.low_pass} Hz",
                expected=f"below {nyquist:g} Hz",
            )
        self._every = _every(sfreq, steps.resample)
        self.sfreq = sfreq / self._every
        self.gradient = None
        notes = []
        if steps.gradient == "average":
            self.gradient = GradientTemplate(n_channels, round(tr * sfreq), steps.gradient_volumes)
            notes.append(
                f"the gradient artefact is the mean of {steps.gradient_volumes} volumes before, not of those around"
            )
        self._filters = [_Filter(sos, n_channels) for sos in _bands(steps, sfreq, self._every)]
        if self._filters:
            notes.append("filters are causal: what passes comes a little later than in the training's recordings")
        self._skip = 0
        self.notes = tuple(notes)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Take the next samples (channel, time) and return those that are kept of them."""
        data = samples if self.gradient is None else self.gradient(samples)
        for each in self._filters:
            data = each(data)
        if self._every == 1:
            return data
        kept = data[:, self._skip :: self._every]
        self._skip = (self._skip - data.shape[1]) % self._every
        return kept


class _Filter:
    """A filter that remembers what it has seen; it begins as if the first sample had always been there."""

    def __init__(self, sos: np.ndarray, n_channels: int) -> None:
        from scipy.signal import sosfilt_zi

        self._sos, self._n_channels = sos, n_channels
        self._state: np.ndarray | None = None
        self._at_rest = sosfilt_zi(sos)

    def __call__(self, data: np.ndarray) -> np.ndarray:
        from scipy.signal import sosfilt

        if not data.shape[1]:
            return data
        if self._state is None:
            self._state = self._at_rest[:, None, :] * data[None, :, :1]
        found, self._state = sosfilt(self._sos, data, axis=1, zi=self._state)
        return np.asarray(found)


def _bands(steps: CleanConfig, sfreq: float, every: int) -> list[np.ndarray]:
    from scipy.signal import butter

    found = []
    if steps.high_pass is not None:
        found.append(butter(ORDER, steps.high_pass, "highpass", fs=sfreq, output="sos"))
    if steps.low_pass is not None:
        found.append(butter(ORDER, steps.low_pass, "lowpass", fs=sfreq, output="sos"))
    if every > 1:
        found.append(butter(ANTI_ALIAS, KEPT * sfreq / every / 2, "lowpass", fs=sfreq, output="sos"))
    return found


def _every(sfreq: float, resample: float | None) -> int:
    if resample is None or resample == sfreq:
        return 1
    every = sfreq / resample
    if every < 1 or abs(every - round(every)) > 1e-6:
        raise InputError(
            "the stream's rate is no multiple of that of the training's recordings",
            got=f"{sfreq:g} Hz",
            expected=f"a multiple of {resample:g} Hz",
            hint="set the amplifier to one",
        )
    return round(every)
