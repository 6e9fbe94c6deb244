"""One page about a benchmark or a cross-validation: models and every baseline on the same unseen volumes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.html.document import fill, write_text
from eeg2fmri.report.html.numbers import plural
from eeg2fmri.report.read.evaluation import Evaluation, ScoreTable
from eeg2fmri.report.read.evaluation_files import SCORES, read_evaluation
from eeg2fmri.report.sections.gallery import score_pictures
from eeg2fmri.report.sections.tables import Table, difference_table, subject_tables, summary_table
from eeg2fmri.report.sections.verdict import Verdict, best_baseline, key_numbers


def write_benchmark(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write one self-contained HTML page about a benchmark.

    Parameters
    ----------
    folder : path
        Folder that a benchmark wrote: ``scores.json``, ``null.npz``.
    out : path or None
        Page to write; ``report.html`` in the folder if None.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        If the folder holds no benchmark, or the page cannot be written.
    """
    folder = Path(folder)
    problems: list[str] = []
    evaluation = read_evaluation(folder, problems)
    if evaluation is None or evaluation.table is None:
        raise InputError(
            "the folder holds no benchmark",
            where=str(folder),
            got="; ".join(problems) or f"no {SCORES}",
            hint="give the folder that a benchmark wrote",
        )
    path = folder / "report.html" if out is None else Path(out)
    text = _render(folder.resolve().name, evaluation, _facts(folder), problems)
    return write_text(path, text, "report of the benchmark")


def _facts(folder: Path) -> Mapping[str, Any]:
    """Read what stands with the scores."""
    found: Mapping[str, Any] = json.loads((folder / SCORES).read_text(encoding="utf-8"))
    return found


def _render(name: str, evaluation: Evaluation, facts: Mapping[str, Any], problems: Sequence[str]) -> str:
    table = evaluation.table
    assert table is not None
    folds = _fold_table(facts, table)
    label = str(facts.get("protocol_label") or "")
    return fill(
        "scores.html.j2",
        kind="cross-validation" if folds else "benchmark",
        name=name,
        verdict=_verdict(evaluation),
        numbers=[*key_numbers(evaluation), ("Methods", str(len(table.methods)))],
        warnings=[*(f"A file could not be read: {problem}" for problem in problems), *evaluation.notes],
        pictures=score_pictures(evaluation),
        tables=[
            *folds,
            summary_table(table),
            *filter(None, [difference_table(evaluation.differences, table)]),
        ],
        details=[*subject_tables(table), *_run_table(facts)],
        details_head="Every score of each test subject, how it was computed, and the runs",
        explanation=None,
        sections=_sections(facts),
        reading=(f"Protocol: {label}. {READING[0]}" if label else READING[0], READING[1]),
    )


#: What a reader of the scores has to know.
READING = (
    "All methods are scored on the same volumes, which no training read. The first model is judged: the null is its "
    "own score with the EEG shifted in time, and differences are its score minus that of the others.",
    "Volumes of one brain look alike at all times: only the temporal correlation tells whether the EEG was used. The "
    "best of many models looks better than it is.",
)


def _sections(facts: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Tell what the scores can claim, how often the test part was read, and where statistics come from."""
    if not facts.get("protocol_label"):
        return []
    rows = [("Protocol", str(facts["protocol_label"])), ("What it tests", str(facts.get("protocol_claim", "")))]
    times = facts.get("times_read")
    if isinstance(times, int):
        rows.append(("Test recordings read", "once" if times == 1 else f"{times} times"))
    statistics = facts.get("statistics")
    found = [("Protocol", rows)]
    if isinstance(statistics, Mapping):
        found.append(("Where statistics come from", [(str(name), str(text)) for name, text in statistics.items()]))
    return found


def _fold_table(facts: Mapping[str, Any], table: ScoreTable) -> list[Table]:
    """One row a fold of a cross-validation: whom it tests, its headline, how often its test part was read."""
    folds, headline = facts.get("each_fold"), table.metrics[0]
    if not isinstance(folds, list) or not folds:
        return []
    rows = tuple(
        (
            str(one["fold"]),
            ", ".join(f"sub-{subject}" for subject in one["subjects"]),
            headline.text(math.nan if one.get(headline.name) is None else float(one[headline.name])),
            "once" if one["times_read"] == 1 else f"{one['times_read']} times",
        )
        for one in folds
    )
    head = ("Fold", "Test subjects", f"{headline.label} of the model", "Test recordings read")
    return [Table("Each fold: a run of its own, tested on what it has not read." + table.in_space, head, rows)]


def _verdict(evaluation: Evaluation) -> Verdict:
    if evaluation.helped:
        return Verdict("good", "EEG helped", evaluation.verdict)
    table = evaluation.table
    best = best_baseline(table) if table is not None else ""
    label = "Not better than the others" if best else "EEG did not help"
    null = evaluation.null
    if null is None or math.isnan(null.p_value):
        return Verdict("open", "Cannot be told", evaluation.verdict)
    return Verdict("bad", label, evaluation.verdict)


def _run_table(facts: Mapping[str, Any]) -> list[Table]:
    runs = facts.get("runs")
    if not isinstance(runs, Mapping) or not runs:
        return []
    rows = tuple((str(label), str(path)) for label, path in runs.items())
    of = "cross-validation" if facts.get("each_fold") else "benchmark"
    return [Table(f"{plural(len(runs), 'run')} of the {of}", ("Name", "Folder"), rows)]
