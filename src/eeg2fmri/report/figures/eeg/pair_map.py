"""Relevance over two axes at once: electrodes, frequencies, time before the volume."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import styled

#: Names that stand under each other at most.
NAMES = 20


@styled
def pair_map(
    values: np.ndarray,
    rows: Sequence[str] | np.ndarray,
    columns: Sequence[str] | np.ndarray,
    *,
    row_label: str,
    column_label: str,
    unit: str,
    signed: bool = False,
    width: float = style.COLUMN,
) -> Figure:
    """Draw values over two axes.

    Parameters
    ----------
    values : array, shape (row, column)
    rows, columns : sequence of str, or array, length row and column
        Names, or numbers that rise or fall evenly; rising numbers point up and to the right.
    row_label, column_label : str
        Quantity and unit of the axes.
    unit : str
        Quantity and unit of the values.
    signed : bool
        Whether values below zero have a meaning: then the colours diverge about 0.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If the values do not have one row and one column for each place of the axes.
    """
    values = np.asarray(values, dtype=float)
    if values.shape != (len(rows), len(columns)):
        raise InputError(
            "a map does not fit its axes", got=f"shape {values.shape}", expected=f"({len(rows)}, {len(columns)})"
        )
    figure = style.empty_figure(width, 2.6 if len(rows) <= NAMES // 2 else 3.2)
    axes = figure.add_subplot()
    top = float(np.nanmax(np.abs(values))) or 1.0
    image = axes.pcolormesh(
        _edges(columns),
        _edges(rows),
        values,
        cmap=style.DIVERGING if signed else style.SEQUENTIAL,
        vmin=-top if signed else min(0.0, float(np.nanmin(values))),
        vmax=top,
        rasterized=True,
    )
    _name(axes, "x", columns, column_label)
    _name(axes, "y", rows, row_label)
    bar = figure.colorbar(image, ax=axes, aspect=25, pad=0.02)
    bar.set_label(unit)
    bar.outline.set_visible(False)
    return figure


def _edges(places: Sequence[str] | np.ndarray) -> np.ndarray:
    """Limits between the places, one more than there are."""
    if not isinstance(places, np.ndarray):
        return np.arange(len(places) + 1) - 0.5
    step = (places[-1] - places[0]) / max(len(places) - 1, 1) or 1.0
    return np.append(places - step / 2, places[-1] + step / 2)


def _name(axes: Axes, which: str, places: Sequence[str] | np.ndarray, label: str) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_label_text(label)
    if isinstance(places, np.ndarray):
        return
    # every second, third ... name where all of them would touch
    step = -(-len(places) // (NAMES if which == "y" else NAMES // 3))
    axis.set_ticks(np.arange(0, len(places), step), list(places)[::step])
    if which == "y":
        axes.invert_yaxis()
    else:
        axis.set_tick_params(rotation=90)
