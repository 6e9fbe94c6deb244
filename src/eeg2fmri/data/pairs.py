"""Windows and their volumes as torch tensors, cut from the store when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.standardize import RecordingStatistics, scale_bold, scaling
from eeg2fmri.data.store import Store
from eeg2fmri.data.windows import PairConfig, eeg_windows, length_problem, pair_index


class Pair(NamedTuple):
    """A window, its volume, and where they come from.

    Attributes
    ----------
    x : tensor, shape (channel, freq, time)
        Scaled magnitudes.
    y : tensor, shape (x, y, z)
        Scaled volume.
    recording, volume : int
        Position of the recording in the store; index of the volume in the recording.
    """

    x: torch.Tensor
    y: torch.Tensor
    recording: int
    volume: int


class PairDataset(Dataset[Pair]):
    """Every pair of some recordings; nothing but the index is held in memory.

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
        self.store = store
        self.config = config
        positions = [store.index(recording) for recording in recordings]
        if not positions:
            raise InputError("there is no recording to take pairs from", where=str(store.path))
        _check_length(store, positions, config)
        indices = [pair_index(store.recordings[position].n_volumes, store.tr, config) for position in positions]
        self.recording = np.repeat(positions, [len(starts) for starts, _ in indices])
        self.start = np.concatenate([starts for starts, _ in indices])
        self.target = np.concatenate([targets for _, targets in indices])
        self._statistics = {position: RecordingStatistics.of_store(store, position) for position in positions}
        self._maps: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, pair: int) -> Pair:
        recording, start, target = int(self.recording[pair]), int(self.start[pair]), int(self.target[pair])
        eeg, bold = self._arrays(recording)
        x = eeg_windows(eeg, np.array([start]), self.config)[0]
        y = scale_bold(bold[target], self.config, self._statistics[recording])
        if scaling(self.config) == "none":
            y = np.array(y)  # torch would warn of, and could write to, the read-only memory map
        return Pair(torch.from_numpy(x), torch.from_numpy(y), recording, target)

    def _arrays(self, recording: int) -> tuple[np.ndarray, np.ndarray]:
        if recording not in self._maps:
            self._maps[recording] = (eeg_rows(self.store, recording, self.config), self.store.bold(recording))
        return self._maps[recording]

    def __getstate__(self) -> dict[str, object]:
        # a pickled memory map would become a copy of the whole array in every worker process
        return {**self.__dict__, "_maps": {}}


def eeg_rows(store: Store, recording: int | str, config: PairConfig) -> np.ndarray:
    """Memory map of the representation (volume, channel, freq or band) that the windows of a recording are cut from."""
    return store.eeg(recording) if config.eeg == "spectrogram" else store.amplitude(recording)


def _check_length(store: Store, positions: list[int], config: PairConfig) -> None:
    problems: list[Problem] = []
    for position in positions:
        recording = store.recordings[position]
        problem = length_problem(recording.n_volumes, store.tr, config, f"{store.path}: {recording.id}")
        if problem is not None:
            problems.append(problem)
    if problems:
        raise InputError.of(problems)
