"""Windows and their volumes as torch tensors, cut from the store when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch.utils.data import Dataset

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.pairs.of_store import eeg_rows
from eeg2fmri.data.pairs.scaling import scale_bold
from eeg2fmri.data.pairs.scaling_cache import ScalingCache
from eeg2fmri.data.pairs.windows import PairConfig, eeg_windows, length_problem, pair_index
from eeg2fmri.data.store.npy_rows import ArrayRows
from eeg2fmri.data.store.store import Store


class Pair(NamedTuple):
    """A window, its volume, and where they come from.

    Attributes
    ----------
    x : tensor, shape (channel, freq, time)
        Scaled magnitudes.
    y : tensor, shape (x, y, z)
        Scaled volume; of blocks (`PairConfig.block`), the volumes stacked along x, the oldest first.
    recording, volume : int
        Position of the recording in the store; index of the volume (of a block, the last one) in the recording.
    """

    x: torch.Tensor
    y: torch.Tensor
    recording: int
    volume: int


class PairDataset(Dataset[Pair]):
    """Every pair of some recordings; the index is held in memory, and the voxel statistics of a few recordings.

    Threads may take pairs of the same dataset at once.

    Parameters
    ----------
    store : Store
        Where the recordings are.
    recordings : iterable of str or int
        Ids or positions, in the order of the pairs.
    config : PairConfig
        Windows and scaling.

    Attributes
    ----------
    recording, start, target : int arrays, shape (pair,)
        Position of the recording in the store, first EEG row, and volume of each pair.

    Raises
    ------
    InputError
        If there is no recording, recordings are shorter than one window, or one is constant: all at once.
    """

    def __init__(self, store: Store, recordings: Iterable[str | int], config: PairConfig) -> None:
        config = config.at(store.tr)
        self.store, self.config = store, config
        positions = [store.index(recording) for recording in recordings]
        if not positions:
            raise InputError("there is no recording to take pairs from", where=str(store.path))
        _check_length(store, positions, config)
        indices = [pair_index(store.recordings[position].n_volumes, store.tr, config) for position in positions]
        self.recording = np.repeat(positions, [len(starts) for starts, _ in indices])
        self.start = np.concatenate([starts for starts, _ in indices])
        self.target = np.concatenate([targets for _, targets in indices])
        self._scaling = ScalingCache(store, positions, config)
        self._rows: dict[int, tuple[ArrayRows, ArrayRows]] = {}

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, pair: int) -> Pair:
        x, y = self._empty(())
        recording, volume = self.fill(pair, x.numpy(), y.numpy())
        return Pair(x, y, recording, volume)

    def batch(self, pairs: Sequence[int], *, pin: bool = False) -> Pair:
        """Make a batch: tensors (pair, channel, freq, time) and (pair, x, y, z), int64 tensors (pair,).

        Parameters
        ----------
        pairs : sequence of int
            Which pairs, in the order of the batch.
        pin : bool
            Whether the batch lies in page-locked memory, from where a CUDA device copies while it computes.
        """
        x, y = self._empty((len(pairs),), pin)
        from_where = np.empty((2, len(pairs)), np.int64)
        for place, pair in enumerate(pairs):
            from_where[:, place] = self.fill(pair, x[place].numpy(), y[place].numpy())
        recording, volume = torch.from_numpy(from_where)
        return Pair(x, y, cast(Any, recording), cast(Any, volume))

    def fill(self, pair: int, x: np.ndarray, y: np.ndarray) -> tuple[int, int]:
        """Write a pair into arrays (channel, freq, time) and (x, y, z) that are there already.

        Returns
        -------
        recording, volume : int
            As in `Pair`.

        Raises
        ------
        StoreError
            If a file of the store cannot be read any more.
        """
        recording, start, target = int(self.recording[pair]), int(self.start[pair]), int(self.target[pair])
        eeg, bold = self._of(recording)
        rows = eeg.read(start, np.empty((self.config.window, *eeg.shape[1:]), eeg.dtype))
        eeg_windows(rows, np.array([0]), self.config, out=x[None])
        volumes = y.reshape(self.config.block, *bold.shape[1:])  # of the same memory
        bold.read(target + 1 - len(volumes), volumes)
        scale_bold(volumes, self.config, self._scaling[recording], out=volumes)
        return recording, target

    def _empty(self, batch: tuple[int, ...], pin: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        eeg, bold = self._of(int(self.recording[0]))
        _, first, *others = bold.shape
        shapes = self.config.shape_of(eeg.shape[1:]), (self.config.block * first, *others)
        x, y = (torch.empty((*batch, *shape), dtype=torch.float32, pin_memory=pin) for shape in shapes)
        return x, y

    def _of(self, recording: int) -> tuple[ArrayRows, ArrayRows]:
        if recording not in self._rows:
            maps = eeg_rows(self.store, recording, self.config), self.store.bold(recording)
            self._rows[recording] = ArrayRows(maps[0]), ArrayRows(maps[1])
        return self._rows[recording]


def _check_length(store: Store, positions: list[int], config: PairConfig) -> None:
    problems: list[Problem] = []
    for position in positions:
        recording = store.recordings[position]
        problem = length_problem(recording.n_volumes, store.tr, config, f"{store.path}: {recording.id}")
        if problem is not None:
            problems.append(problem)
    if problems:
        raise InputError.of(problems)
