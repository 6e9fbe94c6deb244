"""All scores of one prediction of one recording, in two passes over its volumes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from eeg2fmri.evaluate.metrics.moments import TemporalMoments
from eeg2fmri.evaluate.metrics.spatial import deviation_correlations
from eeg2fmri.evaluate.metrics.ssim import WINDOW, ssim_slices, ssim_volume

Tick = Callable[[], None]
Volumes = np.ndarray | Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class RecordingScores:
    """Scores of one method on one recording.

    Attributes
    ----------
    values : dict of metric name to float
        NaN where a score is not defined.
    r : array, shape (x, y, z)
        Temporal r of each voxel; NaN outside the mask.
    """

    values: dict[str, float]
    r: np.ndarray

    @property
    def constant(self) -> bool:
        """Whether the prediction does not vary over time in any voxel."""
        return not np.nan_to_num(self.r).any()


def value_range(truth: np.ndarray, mask: np.ndarray) -> float:
    """Largest minus smallest value of volumes (volume, x, y, z) inside a mask."""
    low, high = np.inf, -np.inf
    for volume in truth:
        inside = volume[mask]
        low, high = min(low, float(inside.min())), max(high, float(inside.max()))
    return high - low


def score_recording(
    truth: Volumes, prediction: Volumes, mask: np.ndarray, data_range: float, tick: Tick = lambda: None
) -> RecordingScores:
    """Compute every metric of `eeg2fmri.evaluate.protocol`.

    Parameters
    ----------
    truth, prediction : array, shape (volume, x, y, z), or sequence of volumes
        BOLD units; memory maps are read one volume at a time.
    mask : bool array, shape (x, y, z)
    data_range : float
        BOLD units.
    tick : callable
        Called after each volume.

    Raises
    ------
    InputError
        If shapes differ or values inside the mask are not finite.
    """
    moments = TemporalMoments(mask)
    wide_enough = min(mask.shape[:2]) >= WINDOW
    volumes = []
    for y, p in zip(truth, prediction, strict=True):
        moments.update(y, p)
        squares = np.square(np.subtract(y, p, dtype=np.float64))
        inside, box = np.sqrt(squares[mask].mean()), np.sqrt(squares.mean())
        slices = ssim_slices(y, p).mean() if wide_enough else np.nan
        whole = ssim_volume(y, p, data_range, mask, precision=np.float32)
        volumes.append((slices, whole, _decibels(data_range, inside), inside, box))
        tick()
    r, explained = moments.temporal_r(), moments.explained_variance()
    values = {
        "temporal_r": float(np.nanmedian(r)),
        "temporal_r_mean": float(np.nanmean(r)),
        "explained_variance": float(np.nanmedian(explained)),
        "spatial_r": float(np.nanmean(deviation_correlations(truth, prediction, mask, moments))),
    }
    names = ("ssim_slices", "ssim_volume", "psnr", "rmse", "rmse_box")
    values |= dict(zip(names, np.mean(volumes, axis=0).tolist(), strict=True))
    return RecordingScores(values, r)


def _decibels(data_range: float, error: float) -> float:
    """PSNR of a root mean square error; infinite without an error."""
    return float(20 * np.log10(data_range / error)) if error > 0 else float("inf")
