"""Tables of a page as rows of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eeg2fmri.report.html.numbers import number, p_value, plural, value
from eeg2fmri.report.read.evaluation import Difference, Metric, ScoreTable
from eeg2fmri.report.read.run import RecordingQuality

UP, DOWN = "\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}"

#: Metrics of the first table if the evaluation has them; the others wait in the details.
FIRST = ("temporal_r", "explained_variance", "ssim_slices", "ssim_volume", "psnr", "rmse")


@dataclass(frozen=True)
class Table:
    """A table of the page: caption, column heads, rows (the first cell is the row's head), rows that stand out."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: tuple[int, ...] = ()


def summary_table(table: ScoreTable) -> Table:
    """Mean over test subjects: one row a method, with what it was given and the test of the headline."""
    shown = [metric for metric in table.metrics if metric.name in FIRST] or list(table.metrics[:6])
    head, rows = ["Method"], [[method] for method in table.methods]
    if table.sees:
        head.append("Given of the test recording")
        rows = [[*row, sees] for row, sees in zip(rows, table.sees, strict=True)]
    for metric in shown:
        head.append(_head(metric))
        for row, method in zip(rows, table.methods, strict=True):
            row.append(metric.text(table.mean(method, metric.name)))
        if metric is table.metrics[0] and table.p_values is not None:
            head.append("Against time shifts")
            for row, p in zip(rows, table.p_values, strict=True):
                row.append(_test(float(p)))
        if metric is table.metrics[0]:
            for ceiling, fractions in table.of_ceilings.items():
                head.append(f"Of the {ceiling}")
                for row, fraction in zip(rows, fractions.tolist(), strict=True):
                    row.append("\N{EN DASH}" if math.isnan(fraction) else f"{100 * fraction:.0f} %")
    caption = f"Mean over {plural(len(table.subjects), 'test subject')}. {UP} higher is better, {DOWN} lower is better."
    caption += table.in_space
    if table.of_ceilings:
        caption += " Of a ceiling: mean r over voxels as a share of what knowing the truth of the simulation reaches."
    return Table(caption, tuple(head), tuple(tuple(row) for row in rows), strong=(0,))


def subject_tables(table: ScoreTable) -> list[Table]:
    """One table a metric: the mean, its interval, and each test subject."""
    found = []
    for k, metric in enumerate(table.metrics):
        rows = [("Mean", *(metric.text(table.mean(method, metric.name)) for method in table.methods))]
        if table.intervals is not None:
            ends = table.intervals[:, k]
            rows.append(("95 % interval", *(interval(float(low), float(high), metric) for low, high in ends)))
        for subject, scores in zip(table.subjects, table.values[:, :, k].T, strict=True):
            rows.append((subject, *map(metric.text, scores)))
        caption = f"{_head(metric)}. {metric.protocol}".rstrip(". ") + "." + table.in_space
        found.append(Table(caption, ("Subject", *table.methods), tuple(rows), strong=(0,)))
    return found


def difference_table(differences: Sequence[Difference], table: ScoreTable) -> Table | None:
    """Set the model beside each other method, paired over test subjects; None if there is nothing to set."""
    if not differences:
        return None
    headline = table.metrics[0]
    rows = tuple(
        (
            one.method,
            headline.text(one.mean),
            interval(one.low, one.high, headline),
            _test(one.p_value),
        )
        for one in differences
    )
    return Table(
        f"{headline.label} of the model minus that of each method, paired over test subjects (sign flips)."
        + table.in_space,
        ("Method", "Difference", "95 % interval", "Test"),
        rows,
    )


def quality_table(recordings: Sequence[RecordingQuality]) -> Table | None:
    """One row a recording with its measures and warnings; None if there is no recording."""
    if not recordings:
        return None
    names = list(dict.fromkeys(name for recording in recordings for name in recording.measures))
    rows = tuple(
        (
            recording.id,
            recording.part,
            *(value(recording.measures[name]) if name in recording.measures else "not measured" for name in names),
            "; ".join(recording.warnings) or "none",
        )
        for recording in recordings
    )
    return Table("One row a recording", ("Recording", "Part", *names, "Warnings"), rows)


def interval(low: float, high: float, metric: Metric) -> str:
    """Write an interval; "not defined" if an end is missing."""
    return number(math.nan) if math.isnan(low) or math.isnan(high) else f"{metric.text(low)} to {metric.text(high)}"


def _test(p: float) -> str:
    return "no test" if math.isnan(p) else p_value(p)


def _head(metric: Metric) -> str:
    arrow = UP if metric.higher_is_better else DOWN
    label = f"{metric.label} ({metric.unit})" if metric.unit else metric.label
    return label.replace("-", "\N{NON-BREAKING HYPHEN}") + f"\N{NO-BREAK SPACE}{arrow}"
