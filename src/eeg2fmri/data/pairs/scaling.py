"""Scaling of BOLD, and the statistics it stands on.

The statistics of the training group are fitted on training recordings alone and travel with the model;
those of one recording are used where that recording's own BOLD is at hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.pairs.windows import CONSTANT, PairConfig

if TYPE_CHECKING:
    from eeg2fmri.data.store.store import Store

#: Scalings whose targets lie between 0 and 1, and the standard deviations on each side of the mean that do.
RANGES = ("recording_range", "volume_range")
Z_RANGE = 4.0


@dataclass(frozen=True, eq=False)
class RecordingStatistics:
    """Statistics of one recording's BOLD.

    Attributes
    ----------
    mean, std : float
        Over all voxels and volumes, BOLD units.
    voxel_mean, voxel_std : array, shape (x, y, z)
        Over volumes, BOLD units.
    """

    mean: float
    std: float
    voxel_mean: np.ndarray
    voxel_std: np.ndarray

    @cached_property
    def voxel_inverse(self) -> np.ndarray:
        """1 / `voxel_std`, and 0 where a voxel is constant."""
        return _inverse(self.voxel_std, self.voxel_mean)

    @classmethod
    def of_voxels(cls, voxel_mean: np.ndarray, voxel_std: np.ndarray, where: str = "") -> RecordingStatistics:
        """Derive the scalars from voxel means and population deviations (law of total variance).

        Raises
        ------
        InputError
            If the recording does not vary at all or its statistics are not finite.
        """
        mean, std = scalars(voxel_mean, voxel_std)
        if not np.isfinite([mean, std]).all() or std <= CONSTANT * abs(mean):
            raise InputError(
                "the BOLD of the recording is constant or not finite",
                where=where,
                got=f"mean {mean:g}, standard deviation {std:g}",
                hint="check the BOLD image; leave this recording out",
            )
        return cls(mean, std, voxel_mean, voxel_std)

    @classmethod
    def of_store(cls, store: Store, recording: int | str) -> RecordingStatistics:
        """Read the statistics that the store holds of a recording."""
        name = store.recordings[store.index(recording)].id
        return cls.of_voxels(store.voxel_mean(recording), store.voxel_std(recording), f"{store.path}: {name}")

    @classmethod
    def of_volumes(cls, volumes: np.ndarray, where: str = "") -> RecordingStatistics:
        """Compute the statistics of an array (volume, x, y, z), in float64."""
        return cls.of_voxels(volumes.mean(axis=0, dtype=np.float64), volumes.std(axis=0, dtype=np.float64), where)


@dataclass(frozen=True, eq=False)
class GroupStatistics:
    """Statistics of a training group, each recording counting the same.

    Attributes
    ----------
    mean, std : float
        Mean of the recordings' means; root mean square of their standard deviations.
    voxel_mean, voxel_std : array, shape (x, y, z)
        The same for each voxel; the deviation is that within recordings, over volumes.
    mask : bool array, shape (x, y, z)
        Voxels inside the mask of every recording.
    """

    mean: float
    std: float
    voxel_mean: np.ndarray
    voxel_std: np.ndarray
    mask: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Give the statistics as named arrays, to be saved."""
        return {
            "mean": np.asarray(self.mean, np.float64),
            "std": np.asarray(self.std, np.float64),
            "voxel_mean": self.voxel_mean,
            "voxel_std": self.voxel_std,
            "mask": self.mask,
        }

    @classmethod
    def of_arrays(cls, arrays: dict[str, np.ndarray]) -> GroupStatistics:
        """Rebuild the statistics from `arrays`."""
        return cls(
            float(arrays["mean"]),
            float(arrays["std"]),
            np.asarray(arrays["voxel_mean"]),
            np.asarray(arrays["voxel_std"]),
            np.asarray(arrays["mask"]).astype(bool),
        )


def group_statistics(store: Store, recordings: Iterable[int | str]) -> GroupStatistics:
    """Fit the statistics of a group of recordings (the training part of a split).

    Parameters
    ----------
    store : Store
        Where the recordings are.
    recordings : iterable of str or int
        Ids or positions of the recordings.

    Raises
    ------
    InputError
        If there is no recording, one is constant, or the masks have no voxel in common.
    """
    count, mean, variance = 0, 0.0, 0.0
    mask = np.ones(store.grid, bool)
    voxel_mean, voxel_variance = np.zeros(store.grid), np.zeros(store.grid)
    for recording in recordings:
        own = RecordingStatistics.of_store(store, recording)
        count += 1
        mean += own.mean
        variance += own.std**2
        mask &= store.mask(recording)
        voxel_mean += own.voxel_mean
        voxel_variance += np.square(own.voxel_std, dtype=np.float64)
    if not count:
        raise InputError("there is no training recording to take statistics from", where=str(store.path))
    if not mask.any():
        raise InputError(
            "the brain masks of the training recordings have no voxel in common",
            where=str(store.path),
            got=f"{count} recordings",
            hint="bring the recordings to a common space, or check their masks",
        )
    return GroupStatistics(
        mean=mean / count,
        std=float(np.sqrt(variance / count)),
        voxel_mean=(voxel_mean / count).astype(np.float32),
        voxel_std=np.sqrt((voxel_variance / count).astype(np.float32)),
        mask=mask,
    )


class BoldScaler:
    """Scales volumes for training and brings a model's output back to BOLD units.

    Parameters
    ----------
    config : PairConfig
        `bold_scaling` and `target`.
    statistics : GroupStatistics
        Of the training group; used by `unscale`, which must not need the BOLD of a new subject.
    """

    def __init__(self, config: PairConfig, statistics: GroupStatistics) -> None:
        self.config = config
        self.statistics = statistics

    def scale(self, volume: np.ndarray, recording: RecordingStatistics) -> np.ndarray:
        """Scale volumes (..., x, y, z) of a recording with its own statistics."""
        return scale_bold(volume, self.config, recording)

    def unscale(
        self, output: np.ndarray, own_mean: np.ndarray | None = None, own_std: np.ndarray | None = None
    ) -> np.ndarray:
        """Bring output (..., x, y, z) of a model to BOLD units.

        Parameters
        ----------
        output : array, shape (..., x, y, z)
            In the scale of `scale`.
        own_mean, own_std : array, shape (x, y, z), optional
            The subject's own voxel mean and deviation; the training group's where not given. With
            ``recording`` and ``volume`` scaling they set the scalar mean and deviation.

        Notes
        -----
        The mean and deviation of each single volume cannot be known from EEG, so ``volume`` scaling is
        undone like ``recording`` scaling.
        """
        how = scaling(self.config)
        if how == "none":
            return output
        group = self.statistics
        voxel_mean = group.voxel_mean if own_mean is None else own_mean
        voxel_std = group.voxel_std if own_std is None else own_std
        if how == "voxel":
            return output * voxel_std + voxel_mean
        mean, std = group.mean, group.std
        if own_mean is not None or own_std is not None:
            mean, std = scalars(voxel_mean, voxel_std)
        if how in RANGES:
            mean, std = mean - Z_RANGE * std, 2 * Z_RANGE * std
        return output * std + mean


def scaling(config: PairConfig) -> str:
    """Name the scaling that a config means: a ``dynamics`` target is scaled by voxel whatever else is set."""
    return "voxel" if config.target == "dynamics" else config.bold_scaling


def scale_bold(
    volume: np.ndarray, config: PairConfig, recording: RecordingStatistics, out: np.ndarray | None = None
) -> np.ndarray:
    """Scale volumes for training.

    Parameters
    ----------
    volume : array, shape (..., x, y, z)
        BOLD units.
    config : PairConfig
        `bold_scaling` and `target`.
    recording : RecordingStatistics
        Of the recording that the volumes come from.
    out : array, shape (..., x, y, z), optional
        Where the result goes; may be `volume` itself.

    Returns
    -------
    array, shape (..., x, y, z)
        In the float type of the volume. A voxel (or a volume) that is constant gives 0. Without `out`, the volume
        itself where nothing is scaled.
    """
    volume = np.asarray(volume)
    how = scaling(config)
    if how == "none":
        if out is None:
            return volume
        out[...] = volume
        return out
    mean: np.ndarray | float
    inverse: np.ndarray | float
    if how == "recording":
        mean, inverse = recording.mean, 1 / recording.std
    elif how == "recording_range":
        mean, inverse = recording.mean - Z_RANGE * recording.std, 1 / (2 * Z_RANGE * recording.std)
    elif how == "voxel":
        mean, inverse = recording.voxel_mean, recording.voxel_inverse
    elif how == "volume_range":
        mean, most = (getattr(volume, end)(axis=(-3, -2, -1), keepdims=True) for end in ("min", "max"))
        inverse = _inverse(most - mean, most)
    else:
        means = volume.mean(axis=(-3, -2, -1), keepdims=True, dtype=np.float64)
        mean, inverse = means, _inverse(volume.std(axis=(-3, -2, -1), keepdims=True, dtype=np.float64), means)
    if how not in ("volume", "volume_range"):  # of single precision throughout
        scaled = np.subtract(volume, mean, out=out)
        scaled *= inverse
        return scaled.astype(volume.dtype, copy=False)
    scaled = (volume - mean) * inverse
    if out is None:
        return scaled.astype(volume.dtype)
    out[...] = scaled
    return out


def _inverse(std: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """1 / std, and 0 where the deviation is nothing but rounding of the mean."""
    constant = std <= CONSTANT * np.abs(mean)
    return np.where(constant, 0, 1 / np.where(constant, 1, std)).astype(std.dtype, copy=False)


def scalars(voxel_mean: np.ndarray, voxel_std: np.ndarray) -> tuple[float, float]:
    """Mean and deviation over voxels and volumes from those of each voxel (law of total variance)."""
    within = np.mean(np.square(voxel_std, dtype=np.float64))
    between = np.var(voxel_mean, dtype=np.float64)
    return float(np.mean(voxel_mean, dtype=np.float64)), float(np.sqrt(within + between))
