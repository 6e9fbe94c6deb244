"""Scores beside what they must be compared with: baselines and null distributions."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures import style
from eeg2fmri.report.figures.style import styled

#: Letters of a method's name that fit over a bar and beside it, and the height of their line, inches.
LABEL_LETTERS, LETTERS_BESIDE, LINE = 52, 44, 0.12
#: How bars are drawn where there is room for names at their side.
BESIDE: Mapping[str, Any] = {"beside": True, "width": 6.0}


@styled
def benchmark_bars(
    scores: Mapping[str, np.ndarray],
    *,
    metric: str,
    model: str,
    null: tuple[float, float] | None = None,
    intervals: Mapping[str, tuple[float, float]] | None = None,
    chance: float | None = None,
    ceilings: Collection[str] = (),
    beside: bool = False,
    width: float = style.COLUMN,
) -> Figure:
    """Draw the mean score of each method as a bar, its interval as a line and each subject as a dot.

    Parameters
    ----------
    scores : mapping of method to array, shape (subject,)
        One value a subject, in one order; NaN where a method has none.
    metric : str
        Name of the score with its unit.
    model : str
        The method that is judged; the others are baselines.
    null : (float, float) or None
        2.5 and 97.5 percentile of the scores of surrogates of the model's prediction.
    intervals : mapping of method to (float, float), or None
        95 % interval over subjects of the mean; NaN where there is none.
    chance : float or None
        Score without any knowledge; a dashed line.
    ceilings : collection of str
        Methods that know the truth: their bars are empty.
    beside : bool
        Whether names stand beside their bars, for a figure that is wide, or over them.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If there is no score.
    """
    if not scores or not any(np.isfinite(values).any() for values in scores.values()):
        raise InputError("there is no score to draw", where=metric)
    names = list(scores)[::-1]
    known = {name: bool(np.isfinite(scores[name]).any()) for name in names}
    texts = [name if known[name] else f"{name}: not defined" for name in names]
    texts = [textwrap.fill(text, LETTERS_BESIDE if beside else LABEL_LETTERS) for text in texts]
    heights = np.array([(0.13 if beside else 0.3) + LINE * (text.count("\n") + 1) for text in texts])  # inches
    figure = style.empty_figure(width, 0.75 + heights.sum())
    axes = figure.add_subplot()
    rows = heights.cumsum() - heights  # a name stands over its bar: each needs the room of its own
    rows += heights / 2 - 0.14 if beside else 0.0
    lower, upper = rows - 0.12, rows + 0.12
    axes.vlines(np.zeros(len(names)), lower, upper, color=style.ink(), linewidth=0.7)
    if null is not None:
        look: dict[str, Any] = {"color": style.faint(), "alpha": 0.45, "linewidth": 0, "label": "95 % of surrogates"}
        axes.bar(np.full(len(names), null[0]), 0.24, null[1] - null[0], lower, align="edge", zorder=0, **look)
    if chance is not None:
        dashed: dict[str, Any] = {"color": style.ink(), "linewidth": 0.8, "linestyle": "--"}
        axes.vlines(np.full(len(names), chance), lower, upper, label=f"chance, {chance:g}", **dashed)
    for row, name, text in zip(rows, names, texts, strict=True):
        values = np.asarray(scores[name], dtype=float)
        values = values[np.isfinite(values)]
        if not beside:
            label = axes.text(0.0, row + 0.13, text, transform=axes.get_yaxis_transform(), fontsize=7.2, va="bottom")
            label.set_linespacing(1.05)
            label.set_in_layout(False)  # a long name must not push the bars together
        if not known[name]:
            continue
        axes.barh(row, values.mean(), height=0.19, edgecolor=style.ink(), linewidth=0.6, **_look(name, model, ceilings))
        low, high = (intervals or {}).get(name, (np.nan, np.nan))
        if np.isfinite([low, high]).all():
            axes.plot([low, high], [row, row], "|-", color=style.ink(), linewidth=1.1, markersize=7)
        if len(values) > 1:
            spread = row + np.linspace(-0.06, 0.06, len(values))
            axes.plot(
                values, spread, "o", markersize=3.2, color=style.ink(), markerfacecolor="white", markeredgewidth=0.7
            )
    axes.set_yticks(rows if beside else [], texts if beside else None)
    axes.tick_params(axis="y", length=0, labelsize=7.2)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.15, heights.sum() - 0.14)
    axes.set_xlabel(metric)
    if null is not None or chance is not None:
        figure.legend(loc="outside upper left", ncols=2)
    return figure


def _look(name: str, model: str, ceilings: Collection[str]) -> dict[str, Any]:
    """Look of a bar: filled for the judged method, empty for what knows the truth, hatched for what it must beat."""
    if name in ceilings:
        return {"facecolor": "none", "linestyle": (0, (3, 2))}
    if name == model:
        return {"facecolor": style.MODEL, "alpha": 0.85}
    return {"facecolor": style.BASELINE, "alpha": 0.85, "hatch": "////"}


@styled
def null_histogram(
    null: np.ndarray,
    observed: float,
    *,
    metric: str,
    p_value: float | None = None,
    width: float = style.COLUMN,
) -> Figure:
    """Draw the scores that surrogates of the prediction reach, and that of the prediction itself.

    Parameters
    ----------
    null : array, shape (draw,)
        Scores of the surrogates.
    observed : float
        Score of the prediction itself.
    metric : str
        Name of the score with its unit.
    p_value : float or None
        Of the observed score under the null; computed here as (1 + #{null >= observed}) / (1 + #null) if None.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If there is no surrogate.
    """
    null = np.asarray(null, dtype=float)
    if null.size == 0:
        raise InputError("there is no surrogate score to draw", where=metric)
    p = (1 + np.sum(null >= observed)) / (1 + null.size) if p_value is None else p_value
    figure = style.empty_figure(width, 2.0)
    axes = figure.add_subplot()
    bins = min(max(8, int(np.sqrt(null.size) * 1.5)), 40)
    axes.hist(null, bins=bins, color=style.faint(), label=f"surrogates ({null.size})")
    axes.axvline(observed, color=style.MODEL, linewidth=2, label=f"the prediction itself: {observed:.3f}, p = {p:.3g}")
    axes.set_xlabel(metric)
    axes.set_ylabel("surrogates (count)")
    axes.margins(y=0.02)
    figure.legend(loc="outside upper left")
    return figure


@styled
def calibration_curve(
    nominal: np.ndarray, observed: Mapping[str, np.ndarray], *, width: float = style.COLUMN
) -> Figure:
    """Draw how often the truth lies within intervals that claim a certain coverage.

    Parameters
    ----------
    nominal : array, shape (level,)
        Claimed coverage, 0 to 1.
    observed : mapping of name to array, shape (level,)
        Fraction of measured values inside the interval.
    width : float
        Width of the figure, inches.

    Raises
    ------
    InputError
        If a curve has another length than `nominal`, or a fraction is not in [0, 1].
    """
    for name, curve in observed.items():
        if np.shape(curve) != np.shape(nominal) or np.nanmin(curve) < 0 or np.nanmax(curve) > 1:
            raise InputError(
                "a calibration curve", where=name, got=str(np.shape(curve)), expected=f"{len(nominal)} values in [0, 1]"
            )
    figure = style.empty_figure(width * 0.8, width * 0.8)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=style.faint(), linewidth=1, label="perfectly calibrated")
    for (name, curve), colour, marker in zip(observed.items(), style.CYCLE, "os^D", strict=False):
        axes.plot(nominal, curve, marker=marker, markersize=3, color=colour, label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_xlabel("claimed coverage (fraction)")
    axes.set_ylabel("observed coverage (fraction)")
    axes.text(0.97, 0.05, "overconfident", ha="right", fontsize=7)
    axes.text(0.03, 0.95, "too careful", va="top", fontsize=7)
    figure.legend(loc="outside upper left")
    return figure
