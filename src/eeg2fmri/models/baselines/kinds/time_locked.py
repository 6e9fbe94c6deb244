"""Baseline for experiments that run on one clock: what other subjects' BOLD did at the same volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.pairs.scaling import RecordingStatistics, group_statistics
from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.base import Sees


class GroupMeanOfOthers:
    """Mean over the training recordings at the same volume number, without any EEG.

    Deviations from each recording's own voxel mean, in units of its voxel deviation, are averaged and brought to
    BOLD units with the statistics of the training group. Wherever subjects share the timing of stimuli, or of the
    scanner's start, this reaches a temporal r above 0; a model must beat it before the EEG can be given the credit.
    """

    name = "group_mean_of_others"
    label = "other subjects' BOLD at the same time"
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
        """Average the training recordings volume by volume; see `Baseline.fit`."""
        if not recordings:
            raise InputError("there is no training recording to average", where=str(store.path))
        self._pairs = pairs
        self._group = group_statistics(store, recordings)
        spans = {recording: _volumes(store, recording) for recording in recordings}
        longest = max(span.stop for span in spans.values())
        self._course = np.zeros((longest, *store.grid), np.float32)
        counts = np.zeros(longest, int)
        for number, recording in enumerate(recordings):
            own = RecordingStatistics.of_store(store, recording)
            gain = np.where(own.voxel_std > 0, 1 / np.where(own.voxel_std > 0, own.voxel_std, 1), 0)
            bold = store.bold(recording)
            for volume, values in zip(spans[recording], bold, strict=True):
                self._course[volume] += (values - own.voxel_mean) * gain
            counts[spans[recording].start : spans[recording].stop] += 1
            progress(f"Averaging {len(recordings)} recordings", number + 1, len(recordings))
        self._course /= np.maximum(counts, 1)[:, None, None, None]
        return self

    def predict(self, store: Store, recording: int | str) -> np.ndarray:
        """Give the average at the targets of the recording, (pair, x, y, z); the group mean where there is none."""
        facts = store.recordings[store.index(recording)]
        _, targets = pair_index(facts.n_volumes, store.tr, self._pairs, where=facts.id)
        targets = targets + _volumes(store, recording).start
        volumes = np.zeros((len(targets), *store.grid), np.float32)
        known = targets < len(self._course)
        volumes[known] = self._course[targets[known]]
        volumes *= self._group.voxel_std
        volumes += self._group.voxel_mean
        return volumes


def _volumes(store: Store, recording: int | str) -> range:
    """Numbers of the volumes of a recording, counted from the start of the scan; a block starts later."""
    first = store.origin(recording)[1]
    return range(first, first + store.recordings[store.index(recording)].n_volumes)


#: What stands in every table.
BASELINES = (GroupMeanOfOthers,)
