"""Windows of a recording that are explained, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.windows import eeg_windows
from eeg2fmri.explain.inputs.open_run import OpenedRun


class Batch(NamedTuple):
    """Some windows.

    Attributes
    ----------
    x : Tensor, shape (window, channel, freq, time)
    y : Tensor, shape (window, x, y, z)
        Their volumes.
    sensors : array, shape (window, channel, freq, time), or None
        Amplitude, V, of every electrode in each band as it was recorded; None where `x` is of single electrodes itself.
    """

    x: Tensor
    y: Tensor
    sensors: np.ndarray | None


def chosen_pairs(n: int, windows: int | None) -> np.ndarray:
    """Choose the indices of some of n pairs, spread evenly; None is all of them."""
    if windows is None or windows >= n:
        return np.arange(n)
    return np.linspace(0, n - 1, windows).round().astype(int)


def count(opened: OpenedRun, name: str, windows: int | None) -> int:
    """Count the windows that `batches` gives."""
    return len(chosen_pairs(len(PairDataset(opened.store, [name], opened.card.pairs)), windows))


def batches(opened: OpenedRun, name: str, windows: int | None, size: int) -> Iterator[Batch]:
    """Give windows of a recording in the order of time.

    Parameters
    ----------
    opened : OpenedRun
    name : str
        Id of the recording.
    windows : int or None
        How many, spread evenly; None for all.
    size : int
        How many at a time.
    """
    pairs = PairDataset(opened.store, [name], opened.card.pairs)
    chosen = chosen_pairs(len(pairs), windows)
    like = next(opened.model.parameters())
    sensors = _amplitudes(opened, name) if opened.axes.limits is not None else None
    for start in range(0, len(chosen), size):
        members = chosen[start : start + size]
        batch = [pairs[int(k)] for k in members]
        x, y = torch.stack([pair.x for pair in batch]), torch.stack([pair.y for pair in batch])
        cut = None if sensors is None else eeg_windows(sensors, pairs.start[members], opened.card.pairs)
        yield Batch(x.to(like), y.to(like), cut)


def _amplitudes(opened: OpenedRun, name: str) -> np.ndarray:
    """Root of the summed power of the bins of each band, shape (volume, channel, band), V."""
    store = opened.store
    power = np.square(store.eeg(name), dtype=np.float64)
    # multiples of the bin width may miss a limit by their last digits
    bins = store.frequencies * (1 + 1e-6)
    members = [(bins >= low) & (bins < high) for _, low, high in opened.axes.limits or ()]
    return np.sqrt(np.stack([power[..., inside].sum(-1) for inside in members], axis=-1))
