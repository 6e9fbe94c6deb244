"""Blocks of time: consecutive volumes of one recording that are treated as a recording of their own.

Whatever works on recordings of a store works on blocks of them, and cannot reach beyond: windows are cut inside a
block, and its statistics are those of its own volumes. So nothing that is fitted to training blocks can have read a
test block of the same recording.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np

from eeg2fmri.data.store.store import Recording, Store
from eeg2fmri.data.timing.first_steady_volume import first_steady_volume

#: What follows the name of a recording in the name of one of its blocks.
NAME = re.compile(r"^(?P<recording>.+)_volumes-(?P<first>\d+)to(?P<last>\d+)$")


@dataclass(frozen=True)
class Block:
    """Consecutive volumes of a recording, or a whole recording.

    Attributes
    ----------
    recording : str
        Id of the recording.
    span : (int, int) or None
        First and last volume; None for a whole recording.
    """

    recording: str
    span: tuple[int, int] | None = None

    @classmethod
    def of(cls, name: str) -> Self:
        """Read the name of a recording or of a block."""
        found = NAME.match(name)
        if found is None:
            return cls(name)
        return cls(found["recording"], (int(found["first"]), int(found["last"])))

    @property
    def id(self) -> str:
        """Name: that of the recording, and for a block ``_volumes-120to299`` after it."""
        return self.recording if self.span is None else f"{self.recording}_volumes-{self.span[0]}to{self.span[1]}"

    @property
    def first(self) -> int:
        """First volume."""
        return 0 if self.span is None else self.span[0]

    @property
    def rows(self) -> slice:
        """Volumes of the recording that belong to it."""
        return slice(None) if self.span is None else slice(self.span[0], self.span[1] + 1)


@dataclass(frozen=True, eq=False, repr=False)
class BlockStore(Store):
    """A store whose recordings are blocks of the recordings of another one.

    Arrays are read from the other store's files by memory map. Statistics of a block are those of its own volumes with
    steady magnetisation; its amplitudes are z-scored again over its own rows. What still comes from the whole recording
    is its brain mask, and the whitening of the amplitudes, which is made of the EEG alone.
    """

    source: Store | None = None
    blocks: tuple[Block, ...] = ()
    _statistics: dict[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    @classmethod
    def cut(cls, store: Store, names: Iterable[str]) -> BlockStore:
        """Cut a store into the recordings and blocks of these names, in their order."""
        blocks = tuple(Block.of(name) for name in names)
        own: dict[str, Any] = {each.name: getattr(store, each.name) for each in fields(Store)}
        own["recordings"] = tuple(_recording(store, block) for block in blocks)
        return cls(**own, source=store, blocks=blocks)

    def __fspath__(self) -> str:
        """Refuse to stand for the folder of the whole store, which holds more than the blocks."""
        raise TypeError("blocks of a store have no folder of their own")

    def origin(self, recording: int | str) -> tuple[str, int]:
        """Name the recording that a block is of, and its volume that the block begins with; see `Store.origin`."""
        block = self._block(recording)
        return block.recording, block.first

    def eeg(self, recording: int | str) -> np.ndarray:
        """Read-only memory map of the EEG of a block; see `Store.eeg`."""
        block, store = self._block(recording), self._source()
        rows: np.ndarray = store.eeg(block.recording)[block.rows]
        return rows

    def amplitude(self, recording: int | str) -> np.ndarray:
        """Recentred amplitudes of a block, z-scored over its own rows; see `Store.amplitude`."""
        block, store = self._block(recording), self._source()
        amplitude = store.amplitude(block.recording)
        if block.span is None:
            return amplitude
        rows = np.asarray(amplitude[block.rows], np.float64)
        steady = rows[self._unsteady(block) :]
        mean, std = steady.mean(axis=0), steady.std(axis=0)
        varies = std > 1e-6 * np.abs(steady).max(axis=0)
        scaled: np.ndarray = np.where(varies, (rows - mean) / np.where(varies, std, 1), 0).astype(np.float32)
        scaled.flags.writeable = False
        return scaled

    def raw(self, recording: int | str) -> np.ndarray:
        """Read-only memory map of the resampled EEG of a block; see `Store.raw`."""
        block, store = self._block(recording), self._source()
        rows: np.ndarray = store.raw(block.recording)[block.rows]
        return rows

    def nuisance(self, recording: int | str) -> dict[str, np.ndarray]:
        """Read what is known of a block beside EEG and BOLD; see `Store.nuisance`."""
        block, store = self._block(recording), self._source()
        return {name: column[block.rows] for name, column in store.nuisance(block.recording).items()}

    def bold(self, recording: int | str) -> np.ndarray:
        """Read-only memory map of the volumes of a block; see `Store.bold`."""
        block, store = self._block(recording), self._source()
        rows: np.ndarray = store.bold(block.recording)[block.rows]
        return rows

    def mask(self, recording: int | str) -> np.ndarray:
        """Brain mask (x, y, z) of the recording that a block is of."""
        return self._source().mask(self._block(recording).recording)

    def voxel_mean(self, recording: int | str) -> np.ndarray:
        """Mean over the block's volumes with steady magnetisation (x, y, z), BOLD units."""
        return self._moments(recording)[0].copy()

    def voxel_std(self, recording: int | str) -> np.ndarray:
        """Deviation over the block's volumes with steady magnetisation (x, y, z), BOLD units."""
        return self._moments(recording)[1].copy()

    def __getstate__(self) -> dict[str, Any]:
        # statistics are made again where they are needed: copies would travel to every worker process
        return {**self.__dict__, "_statistics": {}}

    def _source(self) -> Store:
        assert self.source is not None
        return self.source

    def _block(self, recording: int | str) -> Block:
        return self.blocks[self.index(recording)]

    def _unsteady(self, block: Block) -> int:
        """Volumes at the beginning of a block before the magnetisation of its recording is steady."""
        return max(0, first_steady_volume(self.tr) - block.first)

    def _moments(self, recording: int | str) -> tuple[np.ndarray, np.ndarray]:
        block, store = self._block(recording), self._source()
        if block.span is None:
            return store.voxel_mean(block.recording), store.voxel_std(block.recording)
        if block.id not in self._statistics:
            self._statistics[block.id] = _moments(self.bold(block.id)[self._unsteady(block) :])
        return self._statistics[block.id]


def _recording(store: Store, block: Block) -> Recording:
    known = store.recordings[store.index(block.recording)]
    if block.span is None:
        return known
    first, last = block.span
    return replace(known, id=block.id, n_volumes=last - first + 1, onsets=known.onsets[block.rows])


def _moments(volumes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and population deviation over volumes (volume, x, y, z), a volume in memory at a time."""
    total = np.zeros(volumes.shape[1:])
    for volume in volumes:
        total += volume
    mean = total / len(volumes)
    squares = np.zeros(volumes.shape[1:])
    for volume in volumes:
        squares += np.square(volume - mean)
    return mean.astype(np.float32), np.sqrt(squares / len(volumes)).astype(np.float32)
