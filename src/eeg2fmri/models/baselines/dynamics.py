"""Deviations of BOLD from the mean of its recording, read from a store where they are needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eeg2fmri.data.pairs.scaling import RecordingStatistics
from eeg2fmri.data.store.store import Store


def brain_voxels(store: Store, recordings: Sequence[int | str]) -> np.ndarray:
    """Find the voxels (voxel,) inside the mask of any of the recordings, as positions in the flattened grid.

    Brains differ in shape: in the voxels that all have in common alone, the rim of an unseen brain has no prediction.
    """
    return np.flatnonzero(np.logical_or.reduce([store.mask(recording) for recording in recordings]))


def deviations(store: Store, recording: int | str, targets: np.ndarray, voxels: np.ndarray) -> np.ndarray:
    """Give (volume - voxel mean) / voxel deviation of a recording, 0 where it is constant.

    Parameters
    ----------
    store : Store
    recording : int or str
    targets : int array, shape (pair,)
        Volumes.
    voxels : int array, shape (voxel,)
        Positions in the flattened grid.

    Returns
    -------
    array, shape (pair, voxel), float32
    """
    own = RecordingStatistics.of_store(store, recording)
    mean, std = own.voxel_mean.reshape(-1)[voxels], own.voxel_std.reshape(-1)[voxels]
    gain = np.where(std > 0, 1 / np.where(std > 0, std, 1), 0).astype(np.float32)
    bold = store.bold(recording)
    found = np.empty((len(targets), len(voxels)), np.float32)
    for row, target in enumerate(targets):
        found[row] = (bold[target].reshape(-1)[voxels] - mean) * gain
    return found
