"""Every metric: its name, unit, direction, protocol, and how it is computed. Add one here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from eeg2fmri.evaluate.metrics.measured import Measured, mean_of, median_of
from eeg2fmri.evaluate.metrics.spatial import deviation_correlations
from eeg2fmri.evaluate.metrics.ssim import WINDOW, ssim_slices, ssim_volume
from eeg2fmri.results.scores.method import Metric


@dataclass(frozen=True)
class ComputedMetric(Metric):
    """A metric with what computes it.

    Attributes
    ----------
    compute : callable
        Takes a `Measured`, gives a float; NaN where the score is not defined.
    """

    compute: Callable[[Measured], float] = lambda measured: float("nan")

    @property
    def facts(self) -> Metric:
        """The metric without its computation, for files."""
        return Metric(**{field.name: getattr(self, field.name) for field in fields(Metric)})


def _responsive(measured: Measured) -> float:
    return mean_of(measured.r[measured.responsive])


def _without_global(measured: Measured) -> float:
    return mean_of(measured.moments.temporal_r()[measured.responsive])


def _explained(measured: Measured) -> float:
    return median_of(measured.moments.explained_variance(measured.drifts.shape[1]))


def _spatial(measured: Measured) -> float:
    return mean_of(deviation_correlations(measured.truth, measured.prediction, measured.mask, measured.moments))


def _slices(measured: Measured) -> float:
    if min(measured.mask.shape[:2]) < WINDOW:
        return float("nan")
    return measured.over_volumes(lambda y, p: mean_of(ssim_slices(y, p)))


def _volume(measured: Measured) -> float:
    if min(measured.mask.shape) < WINDOW:
        return float("nan")
    return measured.over_volumes(
        lambda y, p: ssim_volume(y, p, measured.data_range, measured.mask, precision=np.float32)
    )


def _decibels(measured: Measured) -> float:
    error = measured.errors[0]
    if not error.all():
        return float("inf")
    return float(np.mean(20 * np.log10(measured.data_range / error)))


WITHOUT_DRIFTS = (
    "of the Pearson correlation over volumes, after drifts (polynomials up to order 2, periods of 128 s and more, an "
    "unsteady start) are regressed out of truth and prediction; 0 for a prediction that is constant in time"
)

#: The headline first.
COMPUTED: tuple[ComputedMetric, ...] = (
    ComputedMetric(
        "responsive_r",
        "temporal r, responsive voxels",
        "",
        True,
        "mean over the voxels where BOLD followed the EEG of the training group, chosen without the test recordings, "
        + WITHOUT_DRIFTS,
        decimals=3,
        compute=_responsive,
    ),
    ComputedMetric(
        "temporal_r",
        "temporal r",
        "",
        True,
        "median over the voxels of the recording's brain mask " + WITHOUT_DRIFTS,
        decimals=3,
        compute=lambda measured: median_of(measured.r),
    ),
    ComputedMetric(
        "temporal_r_mean",
        "temporal r, mean",
        "",
        True,
        "mean over voxels in place of the median",
        decimals=3,
        compute=lambda measured: mean_of(measured.r),
    ),
    ComputedMetric(
        "responsive_r_without_global",
        "temporal r, responsive voxels, global course out",
        "",
        True,
        "as temporal r of responsive voxels, with the measured mean course of the brain regressed out of both too",
        compute=_without_global,
    ),
    ComputedMetric(
        "explained_variance",
        "explained variance",
        "",
        True,
        "median over the voxels of the brain mask of 1 - var(truth - prediction) / var(truth) over volumes, drifts "
        "regressed out of both",
        compute=_explained,
    ),
    ComputedMetric(
        "spatial_r",
        "spatial r of deviations",
        "",
        True,
        "mean over volumes of the correlation over the brain mask of the deviations from the mean volumes of truth and "
        "prediction",
        compute=_spatial,
    ),
    ComputedMetric(
        "ssim_slices",
        "SSIM, slices",
        "",
        True,
        "mean over volumes and every third axial slice that is not empty in both; window 11 x 11, sigma 1.5, range = "
        "largest value of the two slices; background counts (the protocol of published tables; it measures anatomy)",
        decimals=3,
        compute=_slices,
    ),
    ComputedMetric(
        "ssim_volume",
        "SSIM, 3-D",
        "",
        True,
        "mean over volumes and the brain mask; window 11 x 11 x 11, sigma 1.5, range = largest minus smallest value of "
        "the recording inside the mask; not defined for volumes smaller than the window (measures anatomy)",
        decimals=3,
        compute=_volume,
    ),
    ComputedMetric(
        "psnr",
        "PSNR",
        "dB",
        True,
        "mean over volumes, brain mask, range as for SSIM 3-D (measures anatomy)",
        decimals=1,
        compute=_decibels,
    ),
    ComputedMetric(
        "rmse",
        "RMSE",
        "BOLD units",
        False,
        "mean over volumes of the root mean square error over the brain mask, in the unit of the store's BOLD "
        "(measures anatomy and the scanner's gain)",
        decimals=1,
        compute=lambda measured: mean_of(measured.errors[0]),
    ),
    ComputedMetric(
        "rmse_box",
        "RMSE, whole box",
        "BOLD units",
        False,
        "the same over all voxels, background included (the protocol of published tables)",
        compute=lambda measured: mean_of(measured.errors[1]),
    ),
)

#: What files and tables name of them.
METRICS = tuple(metric.facts for metric in COMPUTED)
#: Metric that decides whether the EEG helped.
HEADLINE = METRICS[0]


def all_scores(measured: Measured) -> dict[str, float]:
    """Compute every metric: name to score, NaN where it is not defined."""
    return {metric.name: float(metric.compute(measured)) for metric in COMPUTED}
