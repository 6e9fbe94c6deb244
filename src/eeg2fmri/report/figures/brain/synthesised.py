"""Pictures of a synthesised image: its mean and fluctuations in space, and every voxel over time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.brain.mosaic import Row, check_one_grid, draw_mosaic, limits_of
from eeg2fmri.report.figures.style import styled

#: Rows of a carpet: more are averaged to so many.
ROWS = 200


@styled
def mean_and_fluctuation(
    volumes: np.ndarray,
    affine: np.ndarray,
    *,
    mask: np.ndarray | None = None,
    unit: str = "BOLD",
    slices: int = 8,
    width: float = style.PAGE,
) -> Figure:
    """Draw the mean over time of each voxel, and its standard deviation as a share of the mean.

    Parameters
    ----------
    volumes : array, shape (x, y, z, volume)
        Synthesised image, `unit`.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    mask : bool array, shape (x, y, z), or None
        Brain; None: wherever the mean is positive.
    unit : str
        Unit of the image.
    slices : int
        Axial slices in a row.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If the mask is on another grid, or no voxel is positive.
    """
    mean, deviation = volumes.mean(axis=3), volumes.std(axis=3)
    check_one_grid({"mean": mean}, mask)
    inside = (mean > 0) if mask is None else (mean > 0) & mask
    if not inside.any():
        raise InputError("no voxel of the synthesised image is positive", expected="BOLD in its unit")
    percent = 100 * np.divide(deviation, mean, out=np.zeros_like(mean), where=inside)
    rows = [
        Row("Mean over time", mean, unit, limits_of(mean, within=inside), inside, style.ANATOMY),
        Row(
            "Standard deviation over time", percent, "% of the mean", (0, limits_of(percent, within=inside)[1]), inside
        ),
    ]
    return draw_mosaic(rows, affine, inside, slices=slices, width=width, title="")


@styled
def carpet(courses: np.ndarray, onsets: np.ndarray, *, what: str = "voxels", width: float = style.PAGE) -> Figure:
    """Draw the mean course, and below it every voxel or region over time, each z-scored.

    Parameters
    ----------
    courses : array, shape (course, volume)
        Of the voxels of the brain, or of regions.
    onsets : array, shape (volume,)
        s after the first EEG sample.
    what : str
        What a course belongs to.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If there is no course, or the lengths differ.
    """
    courses = np.asarray(courses, np.float64)
    if courses.ndim != 2 or not len(courses) or courses.shape[1] != len(onsets):
        raise InputError(
            "a carpet needs a value for each volume",
            got=f"courses {courses.shape}, {len(onsets)} onsets",
            expected="(course, volume) and (volume,)",
        )
    deviation = courses.std(axis=1, keepdims=True)
    z = np.divide(
        courses - courses.mean(axis=1, keepdims=True), deviation, out=np.zeros_like(courses), where=deviation > 0
    )
    rows = np.stack([part.mean(axis=0) for part in np.array_split(z, min(ROWS, len(z)))])
    figure = style.empty_figure(width, 3.0)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1, 2.4])
    above.plot(onsets, z.mean(axis=0), color=style.MODEL)
    above.set_ylabel("mean z (SD)")
    step = float(np.median(np.diff(onsets))) if len(onsets) > 1 else 1.0
    extent = (onsets[0] - step / 2, onsets[-1] + step / 2, len(courses), 0)
    image = below.imshow(
        rows, aspect="auto", cmap=style.DIVERGING, vmin=-2, vmax=2, extent=extent, interpolation="nearest"
    )
    below.set(xlabel="time after the first EEG sample (s)", ylabel=f"{what} ({len(courses)})")
    below.set_yticks([])
    bar = figure.colorbar(image, ax=[above, below], shrink=0.8, aspect=24, pad=0.02)
    bar.set_label("z over time (SD)")
    bar.outline.set_visible(False)
    return figure
