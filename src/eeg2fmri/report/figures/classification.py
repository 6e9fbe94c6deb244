"""Pictures of a classification: confusion of classes, receiver operating characteristic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.integrate import trapezoid

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import styled


@styled
def confusion_matrix(counts: np.ndarray, classes: Sequence[str], *, width: float = style.COLUMN) -> Figure:
    """Draw counts of true against predicted class, coloured by the share of the true class.

    Parameters
    ----------
    counts : int array, shape (true class, predicted class)
        How often each happened.
    classes : sequence of str
        Names, in the order of both axes.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If the counts are not square in the classes.
    """
    counts = np.asarray(counts)
    if counts.shape != (len(classes), len(classes)):
        raise InputError(
            "a confusion matrix needs one row and one column a class",
            got=f"shape {counts.shape}",
            expected=f"({len(classes)}, {len(classes)})",
        )
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = style.empty_figure(width * 0.85, width * 0.72)
    axes = figure.add_subplot()
    image = axes.imshow(share, cmap="cividis", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        axes.text(
            column,
            row,
            f"{counts[row, column]}\n{share[row, column]:.0%}",
            ha="center",
            va="center",
            color="#000000" if share[row, column] > 0.55 else "#ffffff",
        )
    axes.set_xticks(range(len(classes)), classes)
    axes.set_yticks(range(len(classes)), classes)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    bar = figure.colorbar(image, ax=axes, shrink=0.85, aspect=20, pad=0.03)
    bar.set_label("share of the true class (subjects)")
    bar.outline.set_visible(False)
    return figure


@styled
def roc_curve(curves: Mapping[str, tuple[np.ndarray, np.ndarray]], *, width: float = style.COLUMN) -> Figure:
    """Draw receiver operating characteristics with the area under each.

    Parameters
    ----------
    curves : mapping of method to (false positive rate, true positive rate)
        Each an array, shape (threshold,), rising from 0 to 1.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If the rates of a method are not two rising curves of one length.
    """
    figure = style.empty_figure(width * 0.8, width * 0.8 + 0.15 * len(curves))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=style.faint(), linewidth=1, label="chance, area 0.50")
    for (name, (false, true)), colour, line in zip(curves.items(), style.CYCLE, ("-", "--", "-.", ":"), strict=False):
        if np.shape(false) != np.shape(true) or (np.diff(false) < 0).any() or (np.diff(true) < 0).any():
            raise InputError("a receiver operating characteristic", where=name, expected="two rising curves")
        area = trapezoid(true, false)
        axes.plot(false, true, line, color=colour, label=f"{name}, area {area:.2f}")
    axes.set(xlim=(-0.01, 1), ylim=(0, 1.01), aspect="equal")
    axes.set_xlabel("false positive rate (fraction)")
    axes.set_ylabel("true positive rate (fraction)")
    figure.legend(loc="outside upper left")
    return figure
