"""Values of electrodes on the head: topomaps, and the graph of pairs that attend to each other."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.eeg.head import draw_head, flat_positions, measured_info
from eeg2fmri.report.figures.style import styled

#: Letters of a title that fit on an inch of a head.
LETTERS = 15
#: Heads side by side before a new line starts.
HEADS_PER_LINE = 3


@styled
def topomaps(
    maps: Mapping[str, np.ndarray],
    electrodes: Sequence[str],
    *,
    unit: str,
    signed: bool = False,
    width: float = style.COLUMN,
) -> Figure:
    """Draw values of electrodes on the head, one head a map, with one colour scale.

    Parameters
    ----------
    maps : mapping of title to array, shape (channel,)
        Values.
    electrodes : sequence of str, length channel
        Names of the 10-05 system, in the order of the values.
    unit : str
        Quantity and unit of the values.
    signed : bool
        Whether values below zero have a meaning: then the colours diverge about 0.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If fewer than three electrodes have a position in the 10-05 system, or a map has another length.
    """
    from mne.viz import plot_topomap

    known, info = measured_info(electrodes)
    figure_rows = -(-len(maps) // HEADS_PER_LINE)
    columns = min(len(maps), HEADS_PER_LINE)
    head = min((width - 0.7) / columns, 2.0)
    titles = [textwrap.fill(title, round(head * LETTERS)) for title in maps]
    lines = max(title.count("\n") + 1 for title in titles)
    figure = style.empty_figure(width, (head + 0.12 + 0.13 * lines) * figure_rows)
    values = np.concatenate([np.asarray(m, dtype=float)[known] for m in maps.values()])
    top = float(np.nanmax(np.abs(values))) or 1.0
    limits = (-top, top) if signed else (float(np.nanmin(values)), float(np.nanmax(values)))
    heads = figure.subplots(figure_rows, columns, squeeze=False)
    for axes in heads.ravel()[len(maps) :]:
        axes.set_visible(False)
    for axes, title, one in zip(heads.ravel(), titles, maps.values(), strict=False):
        image, _ = plot_topomap(
            np.asarray(one, dtype=float)[known],
            info,
            axes=axes,
            show=False,
            cmap=style.DIVERGING if signed else style.SEQUENTIAL,
            vlim=limits,
            contours=0,
            sensors=True,
            res=64,
        )
        axes.set_title(title, fontsize=8, loc="center")
        _ink_head(axes)
    bar = figure.colorbar(image, ax=list(heads.ravel()), shrink=0.8, aspect=20 * figure_rows, pad=0.02)
    bar.set_label(unit)
    bar.outline.set_visible(False)
    return figure


@styled
def attention_graph(
    scores: np.ndarray,
    electrodes: Sequence[str],
    *,
    percentile: float = 98.0,
    marks: Sequence[float] = (),
    unit: str = "mean attention score (fraction)",
    width: float = style.COLUMN,
) -> Figure:
    """Draw the pairs of electrodes that attend to each other most, on the head seen from above.

    Parameters
    ----------
    scores : array, shape (channel, channel)
        Attention from each electrode (row) to each other (column); rows sum to 1. A pair counts with the mean of
        its two directions; an electrode's attention to itself is left out.
    electrodes : sequence of str, length channel
        Names of the 10-05 system.
    percentile : float
        Pairs whose score lies above this percentile of all pairs are drawn.
    marks : sequence of float
        Higher percentiles of all pairs, which are marked on the colour bar.
    unit : str
        Quantity and unit of the scores.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If the scores are not square in the electrodes, or fewer than three electrodes have a position.
    """
    if scores.shape != (len(electrodes), len(electrodes)):
        raise InputError(
            "attention scores need one row and one column an electrode",
            got=f"shape {scores.shape}",
            expected=f"({len(electrodes)}, {len(electrodes)})",
        )
    known, places = flat_positions(electrodes)
    pairs = np.asarray(scores, dtype=float)[np.ix_(known, known)]
    pairs = (pairs + pairs.T) / 2
    first, second = np.triu_indices(len(known), k=1)
    strength = pairs[first, second]
    drawn = np.flatnonzero(strength > np.percentile(strength, percentile))
    drawn = drawn[np.argsort(strength[drawn])]
    figure = style.empty_figure(width, width * 0.82)
    axes = figure.add_subplot()
    draw_head(axes)
    axes.scatter(places[:, 0], places[:, 1], s=9, color=style.faint(), zorder=2)
    top = strength[drawn].max() if len(drawn) else 1.0
    low = strength[drawn].min() if len(drawn) else 0.0
    lines = LineCollection(
        [places[[first[k], second[k]]] for k in drawn],
        cmap=style.line_colours(),
        linewidths=[1.0 + 2.0 * (strength[k] - low) / max(top - low, 1e-12) for k in drawn],
        capstyle="round",
        zorder=3,
    )
    lines.set_array(strength[drawn])
    axes.add_collection(lines)
    joined = sorted({int(k) for k in (*first[drawn], *second[drawn])})
    for k in joined:
        axes.annotate(
            electrodes[known[k]],
            places[k],
            (0, 2.5),
            textcoords="offset points",
            fontsize=6.5,
            ha="center",
            zorder=4,
            path_effects=[withStroke(linewidth=1.8, foreground=matplotlib.rcParams["figure.facecolor"])],
        )
    axes.set_title(f"Pairs above the {percentile:g}th percentile of {len(strength)}")
    bar = figure.colorbar(lines, ax=axes, shrink=0.75, aspect=22, pad=0.02)
    bar.set_label(unit)
    bar.outline.set_visible(False)
    _mark(bar.ax, {p: float(np.percentile(strength, p)) for p in marks}, low, top)
    return figure


def _mark(axes: Axes, places: Mapping[float, float], low: float, top: float) -> None:
    """Mark percentiles on the left of a colour bar; where two lie too close to be read, the higher one."""
    free = np.inf
    for percentile, place in sorted(places.items(), reverse=True):
        if low <= place <= min(top, free):
            text = f"{percentile:g}th \N{EN DASH}"
            axes.annotate(text, (0, place), (0, 0), ("axes fraction", "data"), "offset points", ha="right", va="center")
            free = place - 0.06 * (top - low)


def _ink_head(axes: Axes) -> None:
    """MNE draws the outline of the head in black: give it the colour of the theme's text."""
    for line in axes.lines:
        line.set_color(style.ink())
