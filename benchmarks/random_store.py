"""Stores of random numbers in any shape: what is in them does not matter to time and memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store

TR = 2.16


def random_store(
    path: Path,
    recordings: int,
    volumes: int = 100,
    channels: int = 64,
    freqs: int = 134,
    grid: tuple[int, int, int] = (64, 64, 30),
    mask: np.ndarray | None = None,
    amplitudes: bool = False,
    nuisance: Mapping[str, np.ndarray] | None = None,
) -> Store:
    """Write a store of `recordings` subjects, all voxels brain by default, with band amplitudes and motion or not."""
    inside = np.ones(grid, bool) if mask is None else mask

    def each() -> Iterator[RecordingArrays]:
        for k in range(recordings):
            rng = generator(k, "benchmark")
            eeg = rng.random((volumes, channels, freqs), np.float32) * 1e-5
            bold = 1000 + 10 * rng.random((volumes, *grid), np.float32)
            amplitude = rng.standard_normal((volumes, channels, 3), np.float32) if amplitudes else None
            yield RecordingArrays(
                f"sub-{k:02d}_task-rest", eeg, bold, inside, amplitude=amplitude, nuisance=nuisance or {}
            )

    names = [f"E{k}" for k in range(channels)]
    return Store.open(write_store(path, each(), electrodes=names, frequencies=np.arange(1, freqs + 1) / TR, tr=TR))
