"""Regions of an atlas: which follow the measured signal, and how alike the two functional connectivities are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import styled

#: So many regions can be named at the axis.
NAMED = 24


@styled
def region_scores(
    labels: Sequence[str], r: np.ndarray, *, significant: np.ndarray | None = None, width: float = style.COLUMN
) -> Figure:
    """Draw the temporal r of each region, the highest at the top.

    Parameters
    ----------
    labels : sequence of str, length region
        Names; written where they fit.
    r : array, shape (region,)
        Temporal Pearson r of the regions' mean courses; NaN where it is not defined.
    significant : bool array, shape (region,), or None
        Regions that passed a test; filled.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If no region has an r, or the lengths differ.
    """
    r = np.asarray(r, dtype=float)
    passed = np.zeros(len(r), dtype=bool) if significant is None else np.asarray(significant, dtype=bool)
    if not len(labels) == len(r) == len(passed) or not np.isfinite(r).any():
        raise InputError(
            "scores of regions", got=f"{len(labels)} names, {np.isfinite(r).sum()} scores", expected="one score a name"
        )
    order = [k for k in np.argsort(r, kind="stable") if np.isfinite(r[k])]
    places = np.arange(1, len(order) + 1)
    named = len(order) <= NAMED
    figure = style.empty_figure(width, 0.8 + 0.15 * len(order) if named else 2.6)
    axes = figure.add_subplot()
    axes.axvline(0, color=style.ink(), linewidth=0.7, zorder=0)
    for mask, face, name in ((passed[order], style.MODEL, "significant"), (~passed[order], "none", "not significant")):
        if mask.any():
            axes.scatter(
                r[order][mask], places[mask], s=16, facecolor=face, edgecolor=style.MODEL, linewidth=0.9, label=name
            )
    axes.set_xlabel("temporal r (dimensionless)")
    if named:
        axes.set_yticks(places, [labels[k] for k in order])
        axes.set_ylabel("region (label)")
    else:
        axes.set_ylabel("region (rank by r)")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0.4, len(order) + 0.6)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    if significant is not None:
        figure.legend(loc="outside upper left", ncols=2)
    return figure


@styled
def connectivity(truth: np.ndarray, prediction: np.ndarray, *, width: float = style.COLUMN) -> Figure:
    """Draw both functional connectivities in one square: measured below the diagonal, predicted above it.

    Parameters
    ----------
    truth, prediction : array, shape (time, region)
        Mean courses of the same regions.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If the shapes differ, or there are fewer than three regions or volumes.
    """
    truth, prediction = np.asarray(truth, dtype=float), np.asarray(prediction, dtype=float)
    if truth.shape != prediction.shape or truth.ndim != 2 or min(truth.shape) < 3:
        raise InputError(
            "connectivities need the courses of the same regions",
            got=f"{truth.shape} and {prediction.shape}",
            expected="(time, region) twice, three of each at least",
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        measured, predicted = (np.corrcoef(part, rowvar=False) for part in (truth, prediction))
    both = np.tril(measured, -1) + np.triu(predicted, 1)
    np.fill_diagonal(both, np.nan)
    figure = style.empty_figure(width, width * 0.84)
    axes = figure.add_subplot()
    regions = len(both)
    image = axes.imshow(
        both, cmap=style.DIVERGING, vmin=-1, vmax=1, extent=(0.5, regions + 0.5, regions + 0.5, 0.5), aspect="equal"
    )
    axes.set_title("above the diagonal: predicted\nbelow: measured")
    axes.set_xlabel("region (number)")
    axes.set_ylabel("region (number)")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    for spine in axes.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(image, ax=axes, shrink=0.85, aspect=22, pad=0.03)
    bar.set_label("Pearson r (dimensionless)")
    bar.outline.set_visible(False)
    return figure
