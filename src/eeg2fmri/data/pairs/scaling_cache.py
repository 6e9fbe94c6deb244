"""Statistics by which the volumes of many recordings are scaled, without the voxel maps of all of them in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.data.pairs.scaling import RecordingStatistics, scaling

if TYPE_CHECKING:
    from eeg2fmri.data.pairs.windows import PairConfig
    from eeg2fmri.data.store.store import Store

#: Recordings whose voxel maps are kept; others are read again when they are asked for.
KEPT = 8
_NO_MAP = np.zeros(0, np.float32)


class ScalingCache:
    """Statistics of recordings by their position in the store, as far as the scaling needs them.

    Parameters
    ----------
    store : Store
    recordings : iterable of int
        Every recording is looked at once.
    config : PairConfig
        Voxel maps are given only where `bold_scaling` and `target` ask for them.

    Raises
    ------
    InputError
        If a recording is constant.
    """

    def __init__(self, store: Store, recordings: Iterable[int], config: PairConfig) -> None:
        self.store = store
        self._by_voxel = scaling(config) == "voxel"
        self._scalars: dict[int, RecordingStatistics] = {}
        self._kept: OrderedDict[int, RecordingStatistics] = OrderedDict()
        self._lock = threading.Lock()
        for recording in recordings:
            whole = RecordingStatistics.of_store(store, recording)
            self._scalars[recording] = replace(whole, voxel_mean=_NO_MAP, voxel_std=_NO_MAP)

    def __getitem__(self, recording: int) -> RecordingStatistics:
        if not self._by_voxel:
            return self._scalars[recording]
        with self._lock:
            if recording in self._kept:
                self._kept.move_to_end(recording)
                return self._kept[recording]
        whole = RecordingStatistics.of_store(self.store, recording)
        whole.voxel_inverse  # noqa: B018 - cached before other threads see it
        with self._lock:
            self._kept[recording] = whole
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return whole

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_kept": OrderedDict(), "_lock": None}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
