"""One page about a benchmark: several models and every baseline on the same unseen volumes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from eeg2fmri.core.errors import InputError
from eeg2fmri.report.document import fill, write_text
from eeg2fmri.report.evaluation import Evaluation
from eeg2fmri.report.evaluation_files import SCORES, read_evaluation
from eeg2fmri.report.gallery import score_pictures
from eeg2fmri.report.numbers import plural
from eeg2fmri.report.tables import Table, difference_table, subject_tables, summary_table
from eeg2fmri.report.verdict import Verdict, best_baseline, key_numbers


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
    text = _render(folder.resolve().name, evaluation, _runs(folder), problems)
    return write_text(path, text, "report of the benchmark")


def _runs(folder: Path) -> Mapping[str, str]:
    """Label of each run and its folder."""
    runs = json.loads((folder / SCORES).read_text(encoding="utf-8")).get("runs", {})
    return {str(label): str(path) for label, path in runs.items()} if isinstance(runs, Mapping) else {}


def _render(name: str, evaluation: Evaluation, runs: Mapping[str, str], problems: Sequence[str]) -> str:
    table = evaluation.table
    assert table is not None
    return fill(
        "scores.html.j2",
        kind="benchmark",
        name=name,
        verdict=_verdict(evaluation),
        numbers=[*key_numbers(evaluation), ("Methods", str(len(table.methods)))],
        warnings=[*(f"A file could not be read: {problem}" for problem in problems), *evaluation.notes],
        pictures=score_pictures(evaluation),
        tables=[summary_table(table), *filter(None, [difference_table(evaluation.differences, table.metrics[0])])],
        details=[*subject_tables(table), *_run_table(runs)],
        details_head="Every score of each test subject, how it was computed, and the runs",
        explanation=None,
        sections=[],
        reading=READING,
    )


#: What a reader of the scores has to know.
READING = (
    "All methods are scored on the same volumes of subjects that no training saw. The first model is judged: the null "
    "is its own score with the EEG shifted in time, and differences are its score minus that of the others.",
    "Volumes of one brain look alike at all times: only the temporal correlation tells whether the EEG was used. The "
    "best of many models looks better than it is.",
)


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


def _run_table(runs: Mapping[str, str]) -> list[Table]:
    if not runs:
        return []
    return [Table(f"{plural(len(runs), 'run')} of the benchmark", ("Name", "Folder"), tuple(runs.items()))]
