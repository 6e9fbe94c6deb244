"""Does the output follow the relevance? Deletion and insertion curves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import styled


@styled
def perturbation_curves(
    fractions: np.ndarray,
    deletion: Mapping[str, np.ndarray],
    insertion: Mapping[str, np.ndarray],
    *,
    width: float = style.COLUMN,
) -> Figure:
    """Draw the output while parts of the EEG windows are taken away (left) and put in (right).

    Parameters
    ----------
    fractions : array, shape (step,)
        Share of a window that is taken away or put in, 0 to 1.
    deletion, insertion : mapping of order to array, shape (step,)
        Output minus that without EEG, in units of its root mean square; the judged order first.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If there is no order, or a curve has another length than `fractions`.
    """
    wrong = [
        Problem("a curve does not have one value a fraction", name, f"{np.shape(curve)}", f"({len(fractions)},)")
        for curves in (deletion, insertion)
        for name, curve in curves.items()
        if np.shape(curve) != np.shape(fractions)
    ]
    if wrong or not deletion or not insertion:
        raise InputError.of(wrong or [Problem("there is no order of deletion and insertion to draw")])
    figure = style.empty_figure(width, 2.4)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, curves, title in ((left, deletion, "taken away"), (right, insertion, "put in")):
        axes.axhline(0, color=style.faint(), linewidth=0.6, zorder=0)
        for (name, curve), colour, line in zip(curves.items(), style.CYCLE, ("-", "--", "-.", ":"), strict=False):
            axes.plot(100 * np.asarray(fractions), curve, line, color=colour, label=name)
        axes.set_title(title)
        axes.set_xlim(0, 100)
        axes.set_xticks([0, 50, 100])
        axes.set_xlabel("share of the window (%)")
    left.set_ylabel("output (RMS)")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=2)
    return figure
