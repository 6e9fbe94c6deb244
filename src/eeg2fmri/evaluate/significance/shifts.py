"""Circular time shifts of the prediction against the truth: what temporal r would be if the EEG told nothing.

Which shifts count
------------------
If truth and prediction are independent and stationary, shifting the prediction around the circle changes nothing
about their joint distribution, and the shifts by 0, 1, ..., n - 1 volumes form a group: the observed score is one
of n exchangeable scores, and the share of them that reach it,

    p = (1 + #{shifts s != 0: r_s >= r_0}) / (1 + (n - 1)),

is a valid p value. Mean and variance of a series do not change when it is shifted around the circle, so the mean is
removed, and the edges are treated, in the same way for the observed and for every shifted score.

Shifts shorter than the autocorrelation are no picture of "no information": a prediction that is right stays partly
right when it is shifted by a volume. They are left out of the null distribution (`ShiftScores.beyond`) that is shown,
averaged and used for effect sizes. They are not left out of p, because that would break the group: the scores next to
the observed one go up with it, and a test that counts long shifts alone rejects too often (0.07 to 0.13 in place of
0.05 for AR(1) series of 290 to 100 volumes with phi = 0.9). Counting them costs no power as long as the prediction is
better at its own time than a volume earlier or later.

How small p can be
------------------
A recording of n volumes has n distinct shifts, so its p is at least about 1/n, whatever is computed. Tests over
several recordings combine independent shifts of each (n_1 x n_2 x ... of them).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.evaluate.metrics.arrays import as_numpy, checked_mask

#: Autocorrelation below which two volumes count as independent.
INDEPENDENT = 0.1
#: Voxels that are transformed at once: some MB.
CHUNK = 2048
#: Standard deviation below this share of the mean is rounding (float32 of a constant).
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class ShiftScores:
    """One score of one recording at every circular shift.

    Attributes
    ----------
    values : array, shape (shift,)
        Score when the prediction is shifted by 0, 1, ..., n - 1 volumes; the first is the observed one.
    shortest : int
        Shifts by fewer volumes, forth or back, lie within the autocorrelation.
    """

    values: np.ndarray
    shortest: int

    @property
    def observed(self) -> float:
        """Score without a shift."""
        return float(self.values[0])

    @property
    def beyond(self) -> np.ndarray:
        """Scores at the shifts beyond the autocorrelation: the null distribution."""
        return self.values[self.shortest : len(self.values) - self.shortest + 1]

    @property
    def p_value(self) -> float:
        """One-sided p value; see the module."""
        return float(np.mean(self.values >= self.values[0]))

    def minus(self, other: ShiftScores) -> ShiftScores:
        """Score of this prediction minus that of another one of the same volumes, both shifted together.

        r of a voxel minus r of another prediction is the covariance of the truth with the difference of the two
        standardised predictions. If the truth holds nothing of that difference, neither prediction is better, however
        much of it both have in common, and shifting the truth against it changes nothing: the share of shifts that
        reach the observed difference tests whether the first is better. For a median over voxels it is the same up to
        the difference between the median of differences and the difference of medians.

        Parameters
        ----------
        other : ShiftScores
            One score stands for a prediction that is constant in time.

        Raises
        ------
        InputError
            If the two have different numbers of volumes.
        """
        lengths = {len(self.values), len(other.values)} - {1}
        if len(lengths) > 1:
            raise InputError("scores of different volumes cannot be paired", got=f"{sorted(lengths)} volumes")
        return ShiftScores(self.values - other.values, max(self.shortest, other.shortest))


@dataclass(frozen=True, eq=False)
class VoxelShiftTest:
    """Shift test of the temporal r of every voxel of one recording.

    Attributes
    ----------
    median, mean : ShiftScores
        Of the median and the mean over the voxels of the mask.
    maximum : ShiftScores
        Of the largest r of any voxel.
    r : array, shape (x, y, z)
        Temporal r without a shift; NaN outside the mask and where the truth is constant.
    p_voxel : array, shape (x, y, z)
        p value of each voxel by itself. Control the false discovery rate with `significance.false_discovery`.
    p_max : array, shape (x, y, z)
        p value corrected for all voxels by the distribution of the largest r (family-wise error).
    """

    median: ShiftScores
    mean: ShiftScores
    maximum: ShiftScores
    r: np.ndarray
    p_voxel: np.ndarray
    p_max: np.ndarray


def shift_test(y: Any, yhat: Any, mask: Any | None = None, *, progress: Progress = silent) -> VoxelShiftTest:
    """Compute temporal r at every circular shift of the prediction, by FFT.

    r_s = sum_t (y_t - mean y) (yhat_{t+s mod n} - mean yhat)
          / sqrt(sum_t (y_t - mean y)^2 sum_t (yhat_t - mean yhat)^2)

    Parameters
    ----------
    y, yhat : array or tensor, shape (volume, x, y, z)
        Truth and prediction of one recording. A constant prediction has r = 0 at every shift, and p = 1.
    mask : bool array, shape (x, y, z), optional
        Voxels to score.
    progress : Progress

    Returns
    -------
    VoxelShiftTest

    Raises
    ------
    InputError
        If shapes differ, there are fewer than 8 volumes, values are not finite, or no voxel of the mask varies.
    """
    shape = tuple(np.shape(y))
    if len(shape) != 4 or shape != tuple(np.shape(yhat)):
        raise InputError(
            "truth and prediction must have one shape",
            got=f"truth {shape}, prediction {tuple(np.shape(yhat))}",
            expected="(volume, x, y, z)",
        )
    if shape[0] < 8:
        raise InputError("a shift test needs at least 8 volumes", got=str(shape[0]), hint="score a whole recording")
    inside = np.flatnonzero(checked_mask(mask, shape[1:]))
    truth, prediction = (as_numpy(a).reshape(shape[0], -1) for a in (y, yhat))
    r, varies, shortest = _correlations(truth, prediction, inside, progress)
    r = r[:, varies] if not varies.all() else r
    scores = {
        name: ShiftScores(np.array([reduce(row) for row in r], float), shortest)
        for name, reduce in (("median", np.median), ("mean", np.mean), ("maximum", np.max))
    }
    voxels = inside[varies]
    return VoxelShiftTest(
        **scores,
        r=_volume(r[0], voxels, shape[1:]),
        p_voxel=_volume(sum(row >= r[0] for row in r) / len(r), voxels, shape[1:]),
        p_max=_volume(sum(row.max() >= r[0] for row in r) / len(r), voxels, shape[1:]),
    )


def autocorrelation_length(autocorrelation: np.ndarray) -> int:
    """Give the first lag (volumes) at which an autocorrelation falls below 0.1, at most a quarter of its length."""
    below = np.flatnonzero(autocorrelation < INDEPENDENT)
    first = int(below[0]) if below.size else len(autocorrelation)
    return max(1, min(first, len(autocorrelation) // 4))


def _correlations(
    truth: np.ndarray, prediction: np.ndarray, inside: np.ndarray, progress: Progress
) -> tuple[np.ndarray, np.ndarray, int]:
    """Give r (shift, voxel), which voxels of the truth vary, and the shortest shift beyond the autocorrelation."""
    n = len(truth)
    r = np.zeros((n, inside.size), np.float32)
    varies = np.zeros(inside.size, bool)
    autocorrelations = np.zeros((2, n))
    for first in range(0, inside.size, CHUNK):
        part = slice(first, first + CHUNK)
        spectra, constant = zip(*(_spectrum(a[:, inside[part]]) for a in (truth, prediction)), strict=True)
        r[:, part] = scipy.fft.irfft(spectra[0].conj() * spectra[1], n, axis=0)
        varies[part] = ~constant[0]
        for total, spectrum in zip(autocorrelations, spectra, strict=True):
            total += scipy.fft.irfft((np.abs(spectrum) ** 2).sum(axis=1), n)
        progress("Shifting", min(first + CHUNK, inside.size), inside.size)
    if not varies.any():
        raise InputError("no voxel of the mask varies over time", got=f"{inside.size} voxels, {n} volumes")
    largest = np.maximum(autocorrelations[:, :1], np.finfo(float).tiny)
    return r, varies, max(autocorrelation_length(each) for each in autocorrelations / largest)


def _spectrum(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spectrum of series (volume, voxel) of zero mean and unit norm, 0 where they are constant; which are constant."""
    values = series.astype(np.float64)
    if not np.isfinite(values).all():
        raise InputError("a value inside the mask is not finite")
    mean = values.mean(axis=0)
    values -= mean
    norm = np.sqrt((values**2).sum(axis=0))
    constant = norm <= ROUNDING * np.sqrt(len(values)) * np.abs(mean)
    values /= np.where(constant, 1, norm)
    values[:, constant] = 0
    return scipy.fft.rfft(values, axis=0), constant


def _volume(values: np.ndarray, voxels: np.ndarray, grid: tuple[int, ...]) -> np.ndarray:
    volume = np.full(int(np.prod(grid)), np.nan)
    volume[voxels] = values
    return volume.reshape(grid)
