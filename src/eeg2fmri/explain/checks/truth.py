"""Describe what drives a simulated recording in the terms of the model that reads it: parts of its EEG windows.

The truth names regions, rhythms and responses. A model sees electrodes, frequencies and the rows of a window, scaled
or recentred. So the noiseless power of every region goes the way that recorded EEG goes, to windows without noise,
and the BOLD that the EEG drives goes the way of the target; a part drives as far as the two are tied.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.recentring import Recentring
from eeg2fmri.data.pairs.windows import PairConfig, eeg_windows, pair_index
from eeg2fmri.data.timing.first_steady_volume import first_steady_volume
from eeg2fmri.explain.checks.faithfulness import MapAgreement, rank_agreement
from eeg2fmri.explain.checks.truth_spectrum import TruthSpectrum
from eeg2fmri.explain.inputs.axes import Axes

if TYPE_CHECKING:
    from eeg2fmri.simulate.write.truth import RecordingTruth


@dataclass(frozen=True, eq=False)
class Drivers:
    """How each part of a window is tied to a target by the envelopes that drive both.

    Attributes
    ----------
    drive : array, shape (channel, freq, time)
        Correlation over windows of the part with the target that can be expected, both without noise of the BOLD;
        -1 to 1, 0 where no rhythm is.
    course : array, shape (pair,)
        The target as the EEG drives it, in the order of the pairs of the recording.
    sensors : array, shape (channel, freq, time), or None
        The drive of single electrodes as they were recorded, where a model reads recentred ones.
    """

    drive: np.ndarray
    course: np.ndarray
    sensors: np.ndarray | None = None


@dataclass(frozen=True)
class TruthAgreement(MapAgreement):
    """Rank correlation (Spearman) of the sizes of an explanation with those of the drive; NaN if nothing is driven.

    Attributes
    ----------
    electrodes_by_frequencies : float
        Over sums along time.
    signed : float
        Over all parts with their signs; NaN for explanations whose sign is not that of the drive.
    """

    electrodes_by_frequencies: float
    signed: float = float("nan")


def truth_agreement(explanation: np.ndarray, drive: np.ndarray, *, signed: bool = False) -> TruthAgreement:
    """Compare an explanation with the drive.

    Parameters
    ----------
    explanation, drive : array, shape (channel, freq, time)
        Compared by their size.
    signed : bool
        Whether its sign should be that of the drive.
    """
    found, true = np.abs(explanation), np.abs(drive)
    return TruthAgreement(
        **asdict(MapAgreement.of(found, true)),
        electrodes_by_frequencies=rank_agreement(found.sum(2), true.sum(2)),
        signed=rank_agreement(explanation, drive) if signed else float("nan"),
    )


def drivers(
    truth: RecordingTruth, axes: Axes, pairs: PairConfig, weights: np.ndarray, volumes: slice | None = None
) -> Drivers:
    """Find what drives a target in one simulated recording.

    The drive of a part is the correlation of its noiseless amplitude with the target over the recording, times what
    the scatter of an amplitude within one TR leaves of a correlation.

    Parameters
    ----------
    truth : RecordingTruth
    axes : Axes
        Of the windows.
    pairs : PairConfig
    weights : array, shape (x, y, z)
        Of the target.
    volumes : slice, optional
        Block of the recording that the pairs are of; the whole of it by default.

    Raises
    ------
    InputError
        If electrodes or the grid are not those of the simulation.
    """
    spectrum = TruthSpectrum.of(truth, axes)
    target = _by_volume(truth, (_region_weights(truth, weights) @ truth.regional_bold_from_eeg)[None])[:, 0]
    block = slice(None) if volumes is None else volumes
    target = target[block]
    starts, targets = pair_index(len(target), truth.truth.config.tr, pairs)
    course = target[targets]

    def drive(amplitude: np.ndarray, noise: np.ndarray) -> np.ndarray:
        windows = eeg_windows(amplitude[block], starts, pairs)
        variance = windows.var(axis=(0, 3))
        scaled = pairs.eeg == "spectrogram" and pairs.eeg_scaling == "electrodes"
        scatter = _scaled(amplitude, noise) if scaled else noise
        seen = np.sqrt(np.divide(variance, variance + scatter, out=np.zeros_like(variance), where=variance > 0))
        return np.asarray(_correlation(windows, course) * seen[..., None])

    plain = drive(*_plain(truth, axes, spectrum))
    if pairs.eeg == "spectrogram":
        return Drivers(plain, course)
    chosen = _whitened(axes, pairs)
    if not chosen.any():
        return Drivers(plain, course, plain)
    some = axes.only(chosen)
    found = plain.copy()
    found[:, chosen] = drive(*_recentred(truth, some, TruthSpectrum.of(truth, some)))
    return Drivers(found, course, plain)


def _whitened(axes: Axes, pairs: PairConfig) -> np.ndarray:
    """Which places of the frequency axis (freq,) are amplitudes of whitened electrodes.

    Other row features rise and fall with the amplitude of their band, as that of a plain electrode does.
    """
    if pairs.eeg == "amplitude" or axes.limits is None:
        return np.ones(len(axes.frequencies), bool)
    return np.array([name.startswith("whitened") for name, _, _ in axes.limits])


def _scaled(amplitude: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Variance (channel, freq) of noise in amplitudes (volume, channel, freq) that are scaled over electrodes."""
    return np.asarray(noise * (1 / np.maximum(amplitude.var(1), np.finfo(float).tiny)).mean(0))


def _rows(truth: RecordingTruth, axes: Axes) -> list[int]:
    """Electrodes of the windows in the simulation."""
    names = truth.electrodes
    missing = [name for name in axes.electrodes if name not in names]
    if missing:
        raise InputError(
            "the simulation has no such electrodes",
            where=str(truth.folder),
            got=", ".join(missing),
            expected=", ".join(names),
        )
    return [names.index(name) for name in axes.electrodes]


def _plain(truth: RecordingTruth, axes: Axes, spectrum: TruthSpectrum) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude of each electrode (volume, channel, freq), V, and its variance by scatter (channel, freq), V^2."""
    rows = _rows(truth, axes)
    gain = (truth.lead_field[rows, :, None] * truth.moment) ** 2
    rhythms = np.einsum("crb,vrb->vcb", gain, _by_volume(truth, truth.power))
    rest = (truth.background[rows] ** 2).sum(1)[:, None] * spectrum.background + spectrum.noise
    amplitude = np.sqrt(rhythms @ spectrum.rhythms + rest)
    return amplitude, amplitude.mean(0) ** 2 * spectrum.scatter()


def _recentred(truth: RecordingTruth, axes: Axes, spectrum: TruthSpectrum) -> tuple[np.ndarray, np.ndarray]:
    """Do the same for band amplitudes that are recentred by the recording's own covariance; no unit."""
    rows = _rows(truth, axes)
    power = _by_volume(truth, truth.power) * truth.moment**2
    sources = np.einsum("er,fr,vrb->vbef", truth.lead_field[rows], truth.lead_field[rows], power, optimize=True)
    fixed = (truth.background[rows] @ truth.background[rows].T) * spectrum.background[:, None, None]
    fixed += np.eye(len(rows)) * spectrum.noise[:, None, None]
    covariances = np.einsum("vbef,bk->vkef", sources, spectrum.rhythms) + fixed
    recentring = Recentring.of(covariances[first_steady_volume(truth.truth.config.tr) :])
    scale = np.divide(recentring.mean, recentring.std, out=np.zeros_like(recentring.mean), where=recentring.std > 0)
    return recentring.apply(covariances), scale**2 * spectrum.scatter()


def _region_weights(truth: RecordingTruth, weights: np.ndarray) -> np.ndarray:
    """Change of the target for each per cent of regional BOLD, shape (region,)."""
    grid = tuple(truth.truth.config.grid)
    if weights.shape != grid:
        raise InputError(
            "the target is on another grid than the simulation",
            where=str(truth.folder),
            got=str(weights.shape),
            expected=str(grid),
            hint="compare with the truth on a store that keeps the grid",
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
    """Pearson r over pairs of windows (pair, channel, freq, time) with a target (pair,); 0 where one is constant."""
    x, y = windows - windows.mean(0, dtype=float), target - target.mean()
    size = np.sqrt((x**2).sum(0) * (y**2).sum())
    covariance = np.tensordot(y, x, axes=1)
    # rounding leaves a trace of variance in what is constant
    flat = (x**2).mean(0) <= 1e-20 * (windows**2).mean(0)
    return np.divide(covariance, size, out=np.zeros_like(size), where=(size > 0) & ~flat)
