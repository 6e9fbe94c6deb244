"""The one time axis of a recording: 0 s is the onset of the first volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.neural.envelopes import RATE
from eeg2fmri.simulate.neural.haemodynamics import HISTORY_S


@dataclass(frozen=True)
class Clock:
    """When everything of a recording happens, in seconds after the onset of the first volume.

    Attributes
    ----------
    volumes : array, shape (volume,)
        Onsets of the volumes.
    slices : array, shape (slice,)
        Start of the acquisition of each slice after the onset of its volume.
    n_samples : int
        Samples of EEG.
    sfreq : float
        Sampling rate of the EEG, Hz.
    first_sample : float
        Time of the first sample of EEG (negative).
    envelopes : array, shape (time,)
        Samples of envelopes and regional BOLD.
    """

    volumes: np.ndarray
    slices: np.ndarray
    n_samples: int
    sfreq: float
    first_sample: float
    envelopes: np.ndarray

    def samples(self) -> np.ndarray:
        """Return the times of the EEG samples, shape (sample,)."""
        return self.first_sample + np.arange(self.n_samples) / self.sfreq

    def marker_samples(self) -> np.ndarray:
        """EEG sample nearest to each volume's onset, shape (volume,)."""
        return np.round((self.volumes - self.first_sample) * self.sfreq).astype(int)


def make_clock(config: SimulationConfig) -> Clock:
    """Lay out a recording; all recordings of a data set have the same."""
    lead_in = np.round(config.lead_in * config.sfreq) / config.sfreq
    end = config.volumes * config.tr + config.tail
    start = -max(HISTORY_S, np.ceil(lead_in) + 1)
    return Clock(
        volumes=np.arange(config.volumes) * config.tr,
        slices=slice_times(config),
        n_samples=int(np.ceil(np.round((lead_in + end) * config.sfreq, 6))),
        sfreq=config.sfreq,
        first_sample=-float(lead_in),
        envelopes=start + np.arange(int(np.ceil((end - start) * RATE)) + 2) / RATE,
    )


def slice_times(config: SimulationConfig) -> np.ndarray:
    """Start of each slice after the onset of its volume, s, shape (slice,)."""
    shots = config.grid[2] // config.multiband
    order = np.arange(shots)
    if config.slice_order == "descending":
        order = order[::-1]
    elif config.slice_order == "interleaved":
        order = np.concatenate([order[::2], order[1::2]])
    rank = np.empty(shots, int)
    rank[order] = np.arange(shots)
    return np.round(np.tile(rank, config.multiband) * (config.tr / shots), 6)
