"""Draw how a model was found: learning curves of one training, trials of a search."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import styled

#: From this ratio of largest to smallest loss on, the axis is logarithmic.
LOGARITHMIC_FROM = 20.0


@styled
def learning_curves(
    epochs: np.ndarray,
    curves: Mapping[str, np.ndarray],
    *,
    best_epoch: int | None = None,
    quantity: str = "loss (dimensionless)",
    width: float = style.COLUMN,
) -> Figure:
    """Draw losses over the epochs of a training.

    Parameters
    ----------
    epochs : int array, shape (epoch,)
        Numbers of the epochs.
    curves : mapping of name to array, shape (epoch,)
        Losses, the training loss first; NaN where an epoch has none.
    best_epoch : int or None
        The epoch whose weights were kept; marked.
    quantity : str
        Name and unit of what is drawn.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If there is no epoch, or a curve has another length than `epochs`.
    """
    epochs = np.asarray(epochs)
    wrong = _of_another_length("a learning curve does not have one value an epoch", curves, len(epochs))
    if not len(epochs) or not curves:
        wrong.append(Problem("there is no epoch to draw", expected="at least one epoch and one curve"))
    if wrong:
        raise InputError.of(wrong)
    figure = style.empty_figure(width, 2.2)
    axes = figure.add_subplot()
    marker = "o" if len(epochs) <= 30 else None
    for (name, curve), line in zip(curves.items(), ("--", "-", "-.", ":") * len(curves), strict=False):
        axes.plot(epochs, curve, line, marker=marker, markersize=3, label=name)
    if best_epoch is not None:
        axes.axvline(best_epoch, color=style.faint(), linewidth=1, zorder=0, label=f"kept: epoch {best_epoch}")
    values = np.concatenate([np.asarray(curve, dtype=float) for curve in curves.values()])
    positive = values[np.isfinite(values)]
    if positive.size and positive.min() > 0 and positive.max() / positive.min() >= LOGARITHMIC_FROM:
        axes.set_yscale("log")
    axes.set_xlabel("epoch (number)")
    axes.set_ylabel(quantity)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="best")
    return figure


@styled
def search_history(
    values: np.ndarray,
    *,
    lower_is_better: bool = True,
    objective: str = "validation loss (dimensionless)",
    importances: Mapping[str, float] | None = None,
    first: int = 1,
    width: float = style.COLUMN,
) -> Figure:
    """Draw what each trial of a search reached, the best so far, and which settings mattered.

    Parameters
    ----------
    values : array, shape (trial,)
        Objective of each trial in the order of the search; NaN for a trial that failed or was stopped.
    lower_is_better : bool
        Direction of the search.
    objective : str
        Name of the objective with its unit.
    importances : mapping of setting to share, or None
        Share of the variance of the objective that each setting explains, 0 to 1.
    first : int
        Number of the first trial.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If no trial finished.
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).any():
        raise InputError("no trial of the search finished", got=f"{len(values)} trials", expected="at least one value")
    trials = first + np.arange(len(values))
    filled = np.where(np.isfinite(values), values, np.inf if lower_is_better else -np.inf)
    best = np.minimum.accumulate(filled) if lower_is_better else np.maximum.accumulate(filled)
    best = np.where(np.isfinite(best), best, np.nan)
    figure = style.empty_figure(width, 2.2 if not importances else 2.5 + 0.17 * len(importances))
    if importances:
        upper, lower = figure.subplots(2, 1, height_ratios=[2.0, 0.3 + 0.2 * len(importances)])
        _importances(lower, importances)
    else:
        upper = figure.add_subplot()
    failed = ~np.isfinite(values)
    upper.plot(trials, values, "o", markersize=3, color=style.faint(), label="trial")
    if failed.any():
        at_the_foot = upper.get_xaxis_transform()
        upper.plot(
            trials[failed],
            np.full(failed.sum(), 0.02),
            "x",
            markersize=4,
            color=style.BASELINE,
            label="no value",
            transform=at_the_foot,
        )
    upper.step(trials, best, where="post", color=style.MODEL, label="best so far")
    upper.set_xlabel("trial (number)")
    upper.set_ylabel(textwrap.fill(objective, 22))
    upper.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(*upper.get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return figure


def _importances(axes: Axes, importances: Mapping[str, float]) -> None:
    order = sorted(importances, key=lambda name: importances[name])
    axes.barh(order, [importances[name] for name in order], color=style.MODEL, height=0.6)
    axes.set_xlim(0, 1)
    axes.set_xlabel("explained variance (fraction)")


@styled
def minutes_curve(
    minutes: np.ndarray, scores: Mapping[str, np.ndarray], *, quantity: str, width: float = style.COLUMN
) -> Figure:
    """Draw scores over the minutes of a person that models were fitted to.

    Parameters
    ----------
    minutes : array, shape (model,)
        In rising order.
    scores : mapping of name to array, shape (model,)
    quantity : str
        Name and unit of what is drawn.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If scores and minutes differ in number.
    """
    if wrong := _of_another_length("a curve does not have one value for each number of minutes", scores, len(minutes)):
        raise InputError.of(wrong)
    figure = style.empty_figure(width, 2.2)
    axes = figure.add_subplot()
    for (name, each), line in zip(scores.items(), ("-", "--", "-.", ":") * len(scores), strict=False):
        axes.plot(minutes, each, line, marker="o", markersize=3, label=name)
    axes.set_xlabel("EEG and BOLD of the person (min)")
    axes.set_ylabel(quantity)
    axes.set_xticks(minutes, [f"{at:g}" for at in minutes])
    axes.legend()
    return figure


def _of_another_length(what: str, curves: Mapping[str, np.ndarray], count: int) -> list[Problem]:
    return [
        Problem(what, name, f"{len(each)} values", f"{count}") for name, each in curves.items() if len(each) != count
    ]
