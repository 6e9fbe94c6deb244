"""Scale targets and inputs as publications do: with the whole scan, the volume itself, and the test recordings.

Nothing here may be used for a claim: what is scaled by a test recording knows something of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.pairs.dataset import Pair, PairDataset
from eeg2fmri.data.store.store import Store

#: Order of the low-pass filter that runs over the whole scan in both directions.
ORDER = 5


def filtered_by_quantile(courses: np.ndarray, tr: float, low_pass: float | None, quantile: float) -> np.ndarray:
    """Filter the courses of a whole scan, and divide them by a quantile of their absolute values.

    Parameters
    ----------
    courses : array, shape (volume, region)
    tr : float
        s.
    low_pass : float or None
        Hz; a Butterworth filter of order 5, forward and backward: each value knows the volumes after it.
    quantile : float

    Returns
    -------
    array, shape (volume, region)

    Raises
    ------
    InputError
        If the scan is too short for the filter.
    """
    import scipy.signal

    if low_pass is not None and low_pass < 0.5 / tr:
        sections = scipy.signal.butter(ORDER, low_pass, fs=1 / tr, output="sos")
        if len(courses) <= 3 * (2 * len(sections) + 1):
            raise InputError("the scan is too short for its filter", got=f"{len(courses)} volumes")
        courses = scipy.signal.sosfiltfilt(sections, courses, axis=0)
    centred = courses - courses.mean(axis=0)
    size = np.quantile(np.abs(centred), quantile, axis=0)
    scaled: np.ndarray = centred / np.where(size > 0, size, 1)
    return scaled


def region_courses(store: Store, recording: int | str, parts: np.ndarray, count: int) -> np.ndarray:
    """Average the deviations of the voxels of each part from their mean over the recording, in their deviation.

    Parameters
    ----------
    store : Store
    recording : int or str
    parts : int array, shape (voxel,)
        Part of each voxel; -1 for none.
    count : int
        Parts.

    Returns
    -------
    array, shape (volume, region), float64
    """
    mean, std = store.voxel_mean(recording).ravel(), store.voxel_std(recording).ravel()
    inside = parts >= 0
    weights = np.zeros((int(inside.sum()), count))
    weights[np.arange(len(weights)), parts[inside]] = 1
    weights /= np.maximum(weights.sum(axis=0), 1)
    size = np.where(std[inside] > 0, std[inside], np.inf)
    return np.stack([((volume.ravel()[inside] - mean[inside]) / size) @ weights for volume in store.bold(recording)])


class OtherPairs(Dataset[Pair]):
    """Pairs of a store whose windows and targets are scaled otherwise.

    Parameters
    ----------
    pairs : PairDataset
    targets : mapping of recording to array, shape (volume, region), optional
        By the position of the recording; takes the place of volumes.
    low, high : float
        Values of the windows that become 0 and 1.
    """

    def __init__(
        self, pairs: PairDataset, targets: Mapping[int, np.ndarray] | None = None, low: float = 0.0, high: float = 1.0
    ) -> None:
        self.pairs, self.targets, self.low, self.high = pairs, targets, low, high

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, number: int) -> Pair:
        pair = self.pairs[number]
        x = (pair.x - self.low) / (self.high - self.low)
        if self.targets is None:
            return pair._replace(x=x)
        end = pair.volume + 1
        block: Any = self.targets[pair.recording][end - self.pairs.config.block : end]
        return pair._replace(x=x, y=torch.from_numpy(block.astype(np.float32)).reshape(-1, 1, 1))


def window_range(*parts: PairDataset) -> tuple[float, float]:
    """Give the smallest and the largest value of the windows of several datasets."""
    ends = [
        (float(pair.x.min()), float(pair.x.max()))
        for pairs in parts
        for pair in map(pairs.__getitem__, range(len(pairs)))
    ]
    return min(low for low, _ in ends), max(high for _, high in ends)
