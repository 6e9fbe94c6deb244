"""Define what is scored and how: every number names its protocol."""

from __future__ import annotations

from eeg2fmri.results.method import Metric

#: The headline first.
METRICS = (
    Metric(
        "temporal_r",
        "temporal r",
        "",
        True,
        "median over the voxels of the recording's brain mask of the Pearson correlation over volumes; the mean of "
        "each voxel is removed, so anatomy does not count; 0 for a prediction that is constant in time",
    ),
    Metric("temporal_r_mean", "temporal r, mean", "", True, "mean over voxels in place of the median"),
    Metric(
        "explained_variance",
        "explained variance",
        "",
        True,
        "median over the voxels of the brain mask of 1 - var(truth - prediction) / var(truth) over volumes",
    ),
    Metric(
        "spatial_r",
        "spatial r of deviations",
        "",
        True,
        "mean over volumes of the correlation over the brain mask of the deviations from the mean volumes of truth and "
        "prediction",
    ),
    Metric(
        "ssim_slices",
        "SSIM, slices",
        "",
        True,
        "mean over volumes and every third axial slice; window 11 x 11, sigma 1.5, range = largest value of the two "
        "slices; background counts (the protocol of published tables; it measures anatomy)",
    ),
    Metric(
        "ssim_volume",
        "SSIM, 3-D",
        "",
        True,
        "mean over volumes and the brain mask; window 11 x 11 x 11, sigma 1.5, range = largest minus smallest value of "
        "the recording inside the mask (measures anatomy)",
    ),
    Metric(
        "psnr",
        "PSNR",
        "dB",
        True,
        "mean over volumes, brain mask, range as for SSIM 3-D (measures anatomy)",
    ),
    Metric(
        "rmse",
        "RMSE",
        "BOLD units",
        False,
        "mean over volumes of the root mean square error over the brain mask, in the unit of the store's BOLD "
        "(measures anatomy and the scanner's gain)",
    ),
    Metric(
        "rmse_box",
        "RMSE, whole box",
        "BOLD units",
        False,
        "the same over all voxels, background included (the protocol of published tables)",
    ),
)

#: Metric that decides whether the EEG helped.
HEADLINE = METRICS[0]
