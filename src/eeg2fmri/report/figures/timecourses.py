"""Time courses of regions or voxels: measured against predicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import styled
from eeg2fmri.report.html.numbers import decimals


@dataclass(frozen=True)
class TimeCourse:
    """Measured and predicted signal of one region or voxel.

    Attributes
    ----------
    name : str
        Region, or voxel with its position in mm.
    truth, prediction : array, shape (volume,)
        Signals, in one unit.
    lower, upper : array, shape (volume,), or None
        Prediction interval.
    """

    name: str
    truth: np.ndarray
    prediction: np.ndarray
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None

    @property
    def correlation(self) -> float:
        """Pearson r between the two; NaN if one is constant."""
        if np.std(self.truth) == 0 or np.std(self.prediction) == 0:
            return float("nan")
        return float(np.corrcoef(self.truth, self.prediction)[0, 1])


@styled
def time_courses(
    times: np.ndarray,
    courses: list[TimeCourse],
    *,
    unit: str = "scanner units",
    interval: str = "95 % interval",
    width: float = style.COLUMN,
) -> Figure:
    """Draw one panel a region or voxel: each curve about its own mean, and the correlation of the two.

    Parameters
    ----------
    times : array, shape (volume,)
        Onsets of the volumes, s.
    courses : list of TimeCourse
        What to draw, from top to bottom.
    unit : str
        Unit of the signals.
    interval : str
        What `lower` and `upper` of the courses bound.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If there is no course, or one has another length than `times`.
    """
    times = np.asarray(times, dtype=float)
    wrong = [
        Problem("a time course does not have one value a volume", c.name, f"{np.shape(part)}", f"({len(times)},)")
        for c in courses
        for part in (c.truth, c.prediction, c.lower, c.upper)
        if part is not None and np.shape(part) != times.shape
    ]
    if not courses:
        wrong.append(Problem("there is no time course to draw"))
    if wrong:
        raise InputError.of(wrong)
    figure = style.empty_figure(width, max(2.0, 0.62 + 0.92 * len(courses)))
    panels = figure.subplots(len(courses), 1, sharex=True, squeeze=False)[:, 0]
    for axes, course in zip(panels, courses, strict=True):
        middle = course.prediction.mean()
        if course.lower is not None and course.upper is not None:
            low, high = course.lower - middle, course.upper - middle
            axes.fill_between(times, low, high, color=style.MODEL, alpha=0.22, linewidth=0, label=interval)
        axes.plot(times, course.truth - course.truth.mean(), color=style.ink(), linewidth=0.9, label="measured")
        axes.plot(times, course.prediction - middle, color=style.MODEL, label="predicted from EEG")
        axes.set_title(f"{course.name}, {_r(course.correlation)}", fontsize=8, pad=2)
        axes.margins(x=0.01)
        axes.locator_params(axis="y", nbins=4)
    panels[-1].set_xlabel("time (s)")
    figure.supylabel(f"BOLD minus mean{chr(10) if len(courses) < 3 else ' '}({unit})", fontsize=8)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3, columnspacing=1.0, handletextpad=0.4)
    return figure


def _r(correlation: float) -> str:
    """Write r; a constant curve has none."""
    return "r not defined" if np.isnan(correlation) else f"r = {decimals(correlation, 2)}"
