"""Settings of raw EEG windows: how the resampled EEG is kept in a store."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from eeg2fmri.core.config import Config


class RawConfig(Config):
    """How the EEG itself is kept in a store, beside its spectrogram.

    Attributes
    ----------
    rate : float
        Sampling rate, Hz. The nearest rate at which a volume is a whole number of samples is used.
    kind : {"float16", "float32"}
        Type of the numbers on disk. ``float16`` takes half the space and keeps 11 bits of each sample.

    Examples
    --------
    >>> RawConfig(rate=200).samples(2.013), round(RawConfig(rate=200).true_rate(2.013), 2)
    (403, 200.2)
    """

    rate: Annotated[float, Field(gt=0)] = 200.0
    kind: Literal["float16", "float32"] = "float16"

    def samples(self, tr: float) -> int:
        """Give the samples of a volume of `tr` seconds."""
        return max(2, round(self.rate * tr))

    def true_rate(self, tr: float) -> float:
        """Give the rate (Hz) that is used: a whole number of samples in `tr` seconds."""
        return self.samples(tr) / tr

    @property
    def file(self) -> str:
        """Name of the file of a recording in a store."""
        return {"float16": "raw16.npy", "float32": "raw.npy"}[self.kind]
