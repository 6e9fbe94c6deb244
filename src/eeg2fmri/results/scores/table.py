"""The scores as a table of text, for the command line and for reports."""

from __future__ import annotations

import math
from dataclasses import dataclass

from eeg2fmri.core.space import described
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import SIGNIFICANT, upper

#: Columns of temporal r as a fraction of a ceiling.
FRACTIONS = {"bold_ceiling": "of BOLD ceiling", "eeg_ceiling": "of EEG ceiling"}


@dataclass(frozen=True)
class ScoresTable:
    """A table to print.

    Attributes
    ----------
    title : str
        Says by which protocol, whose scores, and in which space.
    columns : tuple of str
        The first is text, the others are numbers.
    rows : tuple of tuple of str
        One a method.
    caption : str
        How to read it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str


def scores_table(evaluation: Evaluation, subject: str | None = None) -> ScoresTable:
    """Make the table of all methods.

    Parameters
    ----------
    evaluation : Evaluation
    subject : str, optional
        One test subject; the mean over all by default.
    """
    shown = [metric for metric in evaluation.metrics if metric.decimals is not None]
    columns = ("method", "given", *(_column(metric.label, metric.unit) for metric in shown))
    at = 3  # behind the headline
    rows = []
    for method in evaluation.methods:
        cells = [_number(evaluation.score(method.name, metric.name, subject), metric.decimals) for metric in shown]
        row = [method.label, method.sees, *cells]
        reached = [_number(evaluation.reached(method.name, c.name, subject), 2) for c in evaluation.ceilings]
        rows.append((*row[:at], _p(evaluation.p_value(method.name, subject)), *reached, *row[at:]))
    who = f"subject {subject}" if subject else f"mean over {len(evaluation.subjects)} test subjects"
    if subject is None and len(evaluation.subjects) == 1:
        who = f"the single test subject {evaluation.subjects[0]}"
    return ScoresTable(
        title=f"{upper(evaluation.protocol_label)}. Scores, {who}; space: {described(evaluation.space)}",
        columns=(*columns[:at], "p (surrogates)", *(FRACTIONS[c.name] for c in evaluation.ceilings), *columns[at:]),
        rows=tuple(rows),
        caption=(
            "temporal r: without drifts, where the training group responded, and as the median and the mean over the "
            "brain; it is what the EEG can add. "
            f"SSIM, PSNR and RMSE measure anatomy: compare them with the mean volumes. * p <= {SIGNIFICANT:g}"
            + (". Fractions of the ceilings are of the mean over voxels." if evaluation.ceilings else "")
        ),
    )


def _column(label: str, unit: str) -> str:
    return f"{label} ({unit})" if unit else label


def _number(value: float, decimals: int | None) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.{decimals}f}" if math.isfinite(value) else "inf"


def _p(value: float) -> str:
    if math.isnan(value):
        return "-"
    text = f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"
    return text + ("*" if value <= SIGNIFICANT else "")
