"""What drives a simulated recording: electrodes, frequencies and times that its truth names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.windows import PairConfig, eeg_windows, pair_index
from eeg2fmri.explain.axes import Axes
from eeg2fmri.explain.faithfulness import rank_agreement

if TYPE_CHECKING:
    from eeg2fmri.simulate.truth import RecordingTruth


@dataclass(frozen=True, eq=False)
class Drivers:
    """How strongly each part of a window is tied to a target by the envelopes that drive both.

    Attributes
    ----------
    electrodes : array, shape (channel,)
    frequencies : array, shape (freq,)
        0 outside the bands of the rhythms.
    times : array, shape (time,)
    """

    electrodes: np.ndarray
    frequencies: np.ndarray
    times: np.ndarray


@dataclass(frozen=True)
class TruthAgreement:
    """Rank correlation (Spearman) of relevance with the drivers; NaN where the truth drives nothing.

    Attributes
    ----------
    electrodes, frequencies, times : float
    """

    electrodes: float
    frequencies: float
    times: float


def truth_agreement(magnitude: np.ndarray, drivers: Drivers) -> TruthAgreement:
    """Compare the share of absolute relevance (channel, freq, time) with the drivers."""
    return TruthAgreement(
        rank_agreement(magnitude.sum((1, 2)), drivers.electrodes),
        rank_agreement(magnitude.sum((0, 2)), drivers.frequencies),
        rank_agreement(magnitude.sum((0, 1)), drivers.times),
    )


def drivers(truth: RecordingTruth, axes: Axes, pairs: PairConfig, weights: np.ndarray) -> Drivers:
    """Find what drives a target in one simulated recording.

    The envelopes of the rhythms give the power of each electrode and band without noise, and the part of the BOLD that
    they drive gives the target. Both are brought to volumes and windows are cut and scaled as for the model; the
    drive of an electrode, band and row of the window is the absolute correlation with the target over the recording,
    times the root of the share that the rhythm has in the power of the electrode in the band.

    Parameters
    ----------
    truth : RecordingTruth
    axes : Axes
        Of the windows.
    pairs : PairConfig
    weights : array, shape (x, y, z)
        Of the target.

    Raises
    ------
    InputError
        If electrodes or the grid are not those of the simulation.
    """
    power, background = _band_power(truth, axes)
    amplitude = np.sqrt(_by_volume(truth, power) + background)
    target = _by_volume(truth, (_region_weights(truth, weights) @ truth.regional_bold_from_eeg)[None])[:, 0]
    starts, targets = pair_index(len(target), truth.truth.config.tr, pairs)
    windows = eeg_windows(amplitude, starts, pairs)
    seen = np.sqrt(power.mean(-1) / (power.mean(-1) + background))
    drive = np.abs(_correlation(windows, target[targets])) * seen[..., None]
    return Drivers(drive.mean((1, 2)), _on_bins(truth, axes, drive.mean((0, 2))), drive.mean((0, 1)))


def mean_drivers(found: list[Drivers]) -> Drivers:
    """Mean over recordings."""
    parts = ("electrodes", "frequencies", "times")
    return Drivers(*(np.mean([getattr(one, part) for one in found], axis=0) for part in parts))


def _band_power(truth: RecordingTruth, axes: Axes) -> tuple[np.ndarray, np.ndarray]:
    """Power of the rhythms (channel, band, time) and of the background (channel, band), V^2."""
    from eeg2fmri.simulate.electrodes import place_electrodes

    config = truth.truth.config
    names = place_electrodes(config.electrodes, config.reference).names
    missing = [name for name in axes.electrodes if name not in names]
    if missing:
        raise InputError(
            "the simulation has no such electrodes",
            where=str(truth.folder),
            got=", ".join(missing),
            expected=", ".join(names),
        )
    rows = [names.index(name) for name in axes.electrodes]
    gain = (truth.lead_field[rows, :, None] * truth.moment) ** 2
    power = np.einsum("crb,rbt->cbt", gain, truth.power)
    frequency = np.arange(1, int(config.sfreq)) / 2
    shape = np.maximum(frequency, 0.5) ** -config.eeg.exponent
    share = [shape[(frequency >= low) & (frequency < high)].sum() / shape.sum() for _, low, high in truth.truth.bands]
    return power, (truth.background[rows] ** 2).sum(1)[:, None] * np.array(share)


def _region_weights(truth: RecordingTruth, weights: np.ndarray) -> np.ndarray:
    """Change of the target for each per cent of regional BOLD, shape (region,)."""
    grid = tuple(truth.truth.config.grid)
    if weights.shape != grid:
        raise InputError.of(
            [
                Problem(
                    "the target is on another grid than the simulation",
                    str(truth.folder),
                    str(weights.shape),
                    str(grid),
                    "compare with the truth on a store that keeps the grid",
                )
            ]
        )
    per_voxel = (weights * truth.baseline / 100).ravel()
    return np.asarray(per_voxel @ truth.voxel_weights)


def _by_volume(truth: RecordingTruth, courses: np.ndarray) -> np.ndarray:
    """Mean of courses (..., time) over the TR that starts at each volume, shape (volume, ...)."""
    onsets, tr = truth.clock.volumes, truth.truth.config.tr
    first = np.searchsorted(truth.times, onsets)
    last = np.maximum(np.searchsorted(truth.times, onsets + tr), first + 1)
    total = np.concatenate([np.zeros((*courses.shape[:-1], 1)), np.cumsum(courses, axis=-1, dtype=float)], axis=-1)
    last = np.minimum(last, courses.shape[-1])
    return np.moveaxis((total[..., last] - total[..., first]) / (last - first), -1, 0)


def _correlation(windows: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Pearson r over pairs of windows (pair, channel, band, time) with a target (pair,); 0 where one is constant."""
    x, y = windows - windows.mean(0), target - target.mean()
    size = np.sqrt((x**2).sum(0) * (y**2).sum())
    covariance = np.tensordot(y, x, axes=1)
    return np.divide(covariance, size, out=np.zeros_like(size), where=size > 0)


def _on_bins(truth: RecordingTruth, axes: Axes, by_band: np.ndarray) -> np.ndarray:
    on_bins = np.zeros(len(axes.frequencies))
    for (_, low, high), value in zip(truth.truth.bands, by_band, strict=True):
        on_bins[(axes.frequencies >= low) & (axes.frequencies < high)] = value
    return on_bins
