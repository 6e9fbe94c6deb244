"""Tables of a page as rows of text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eeg2fmri.core.columns import columns_of_words
from eeg2fmri.report.html.numbers import decimals, number, p_value, plural, score, value
from eeg2fmri.results.files import as_float
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import Method, Metric
from eeg2fmri.results.training import RecordingQuality

UP, DOWN = "\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}"


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes
    ----------
    caption : str
    head : tuple of str
        Heads of the columns.
    rows : tuple of tuple of str
        The first cell is the row's head.
    strong : tuple of int
        Rows that stand out.
    terms : tuple of (str, str)
        Words of the table and what they mean.
    links : mapping of str to str
        Addresses that heads of rows lead to.
    tones : mapping of str to str
        Of rows whose second cell is a verdict, its tone, by their heads.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: tuple[int, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    tones: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[bool]:
        """Which columns hold words."""
        return columns_of_words(self.rows)


#: Words of the tables of scores that are not names of metrics.
WORDS = (
    (
        "Given of the test recording",
        "What a method may look at when it predicts a test recording. A method that is given own BOLD knows what it is "
        "asked for; one that is given nothing cannot have used the EEG.",
    ),
    (
        "Against surrogates",
        "p: how often a prediction that has the same rhythms, but no tie to this recording, scores as well by chance.",
    ),
)


def summary_table(evaluation: Evaluation) -> Table:
    """Mean over test subjects: one row a method, with what it was given and the test of the headline."""
    shown = [metric for metric in evaluation.metrics if metric.decimals is not None] or list(evaluation.metrics[:6])
    head = ["Method", "Given of the test recording"]
    rows = [[method.title, method.sees] for method in evaluation.methods]
    for metric in shown:
        head.append(_head(metric))
        for row, method in zip(rows, evaluation.methods, strict=True):
            row.append(score(metric, evaluation.score(method.name, metric.name)))
        if metric == evaluation.headline:
            head.append("Against surrogates")
            head += [f"Of the {ceiling_name(ceiling)}" for ceiling in evaluation.ceilings]
            for row, method in zip(rows, evaluation.methods, strict=True):
                row.append(_test(evaluation.p_value(method.name)))
                row += [_share(evaluation.reached(method.name, ceiling.name)) for ceiling in evaluation.ceilings]
    caption = f"Mean over {plural(len(evaluation.subjects), 'test subject')}. {UP} higher is better, {DOWN} lower is"
    caption += f" better. {evaluation.context}"
    if evaluation.ceilings:
        caption += " Of a ceiling: mean r over voxels as a share of what knowing the truth of the simulation reaches."
    terms = (*((_head(metric), metric.protocol) for metric in shown if metric.protocol), *WORDS)
    return Table(caption, tuple(head), tuple(tuple(row) for row in rows), strong=(0,), terms=terms)


def ceiling_name(ceiling: Method) -> str:
    """Name a ceiling without how it was found."""
    return ceiling.title.split(":")[0]


def _share(fraction: float) -> str:
    return "\N{EN DASH}" if math.isnan(fraction) else f"{decimals(100 * fraction, 0)} %"


def subject_tables(evaluation: Evaluation) -> list[Table]:
    """One table a metric, a row a method: the mean, its interval, and each test subject."""
    head = ("Method", "Mean", "95 % interval", *(f"sub-{subject}" for subject in evaluation.subjects))
    found = []
    for metric in evaluation.metrics:
        rows = []
        for method in evaluation.methods:
            low, high = evaluation.interval(method.name, metric.name)
            values = (evaluation.score(method.name, metric.name, subject) for subject in (None, *evaluation.subjects))
            mean, *single = (score(metric, value) for value in values)
            rows.append((method.title, mean, interval(low, high, metric), *single))
        caption = f"{_head(metric)}. {metric.protocol}".rstrip(". ") + f". {evaluation.context}"
        found.append(Table(caption, head, tuple(rows), strong=(0,)))
    return found


def difference_table(evaluation: Evaluation) -> Table | None:
    """Set the model beside each other method, paired over test subjects; None if there is nothing to set."""
    headline, rows = evaluation.headline, []
    for method in evaluation.methods:
        if method.name not in evaluation.against:
            continue
        one = {name: as_float(value) for name, value in evaluation.against[method.name].items()}
        ends = interval(one["low"], one["high"], headline)
        rows.append((method.title, score(headline, one["difference"]), ends, _test(one["p_value"])))
    if not rows:
        return None
    return Table(
        f"{headline.title} of the model minus that of each method, paired over test subjects (sign flips). "
        + evaluation.context,
        ("Method", "Difference", "95 % interval", "Test"),
        tuple(rows),
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
    return number(math.nan) if math.isnan(low) or math.isnan(high) else f"{score(metric, low)} to {score(metric, high)}"


def _test(p: float) -> str:
    return "no test" if math.isnan(p) else p_value(p)


def _head(metric: Metric) -> str:
    arrow = UP if metric.higher_is_better else DOWN
    label = f"{metric.title} ({metric.unit})" if metric.unit else metric.title
    label = label.replace("-", "\N{NON-BREAKING HYPHEN}").replace(" r,", "\N{NO-BREAK SPACE}r,")
    return f"{label}\N{NO-BREAK SPACE}{arrow}"
