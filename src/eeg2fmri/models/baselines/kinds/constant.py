"""Baselines that give the same volume at every time: they show how much of a score is anatomy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.base import Sees


class MeanVolume:
    """The mean volume of the training recordings, whatever the EEG."""

    name = "mean_volume"
    label = "mean training volume"
    sees: Sees = "nothing"

    def fit(
        self,
        store: Store,
        recordings: Sequence[str],
        pairs: PairConfig,
        validation: Sequence[str] = (),
        *,
        progress: Progress = silent,
    ) -> Self:
        """Take the mean of the training recordings; see `Baseline.fit`."""
        self._pairs = pairs
        self._volume = group_statistics(store, recordings).voxel_mean
        return self

    def predict(self, store: Store, recording: int | str) -> np.ndarray:
        """Repeat the mean volume, (pair, x, y, z), read-only and without taking memory."""
        return _repeat(self._volume, store, recording, self._pairs)


class SubjectMean:
    """The mean volume of the very recording that is scored: an oracle for anatomy that knows no time."""

    name = "subject_mean"
    label = "subject's own mean volume (oracle)"
    sees: Sees = "own BOLD"

    def fit(
        self,
        store: Store,
        recordings: Sequence[str],
        pairs: PairConfig,
        validation: Sequence[str] = (),
        *,
        progress: Progress = silent,
    ) -> Self:
        """Keep how pairs are made; nothing is learned."""
        self._pairs = pairs
        return self

    def predict(self, store: Store, recording: int | str) -> np.ndarray:
        """Repeat the recording's own mean volume, (pair, x, y, z), read-only and without taking memory."""
        return _repeat(store.voxel_mean(recording), store, recording, self._pairs)


def _repeat(volume: np.ndarray, store: Store, recording: int | str, pairs: PairConfig) -> np.ndarray:
    facts = store.recordings[store.index(recording)]
    starts, _ = pair_index(facts.n_volumes, store.tr, pairs, where=facts.id)
    return np.broadcast_to(volume.astype(np.float32, copy=False), (len(starts), *volume.shape))


#: What stands in every table.
BASELINES = (MeanVolume, SubjectMean)
