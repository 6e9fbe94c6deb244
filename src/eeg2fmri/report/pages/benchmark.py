"""One page about a benchmark or a cross-validation: models and every baseline on the same unseen volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eeg2fmri.core.disk.files import write_text
from eeg2fmri.report.html import viewer
from eeg2fmri.report.html.document import fill
from eeg2fmri.report.html.numbers import plural, score, times
from eeg2fmri.report.sections.controls import control_table
from eeg2fmri.report.sections.gallery import score_pictures
from eeg2fmri.report.sections.group import group_pictures, group_tables
from eeg2fmri.report.sections.methods_of_tables import methods_of_scores
from eeg2fmri.report.sections.region_gallery import is_line
from eeg2fmri.report.sections.tables import Table, difference_table, subject_tables, summary_table
from eeg2fmri.report.sections.verdict import claimed, key_numbers
from eeg2fmri.results.comparison import CAPTION, COLUMNS, Compared
from eeg2fmri.results.files import ResultError, as_float
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.group import Group
from eeg2fmri.results.scores.method import upper


def write_benchmark(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write one self-contained HTML page about a benchmark; see `eeg2fmri.report.read.folders.write_page`."""
    folder = Path(folder)
    problems: list[str] = []
    evaluation = Evaluation.read(folder, problems)
    path = folder / "report.html" if out is None else Path(out)
    group = _group(folder, evaluation, problems)
    tables = group_tables(evaluation, group, path.parent)
    write_text(path, _render(folder.resolve().name, evaluation, problems, tables, group))
    return path


def _group(folder: Path, evaluation: Evaluation, problems: list[str]) -> Group | None:
    try:
        return Group.read(folder, evaluation.facts)
    except ResultError as error:
        problems.append(error.brief("maps over subjects"))
        return None


def _render(
    name: str, evaluation: Evaluation, problems: Sequence[str], of_group: Sequence[Table], group: Group | None
) -> str:
    folds, label = _fold_table(evaluation), evaluation.protocol_label
    compared = Compared.of_facts(evaluation.facts)
    # the viewer shows voxels
    volumes = None if group is None or is_line(group.common.shape) else viewer.group_data(group, evaluation.space)
    return fill(
        "crossvalidation.html.j2" if of_group else "scores.html.j2",
        kind="cross-validation" if folds else "benchmark",
        name=name,
        verdict=claimed(evaluation),
        numbers=[*key_numbers(evaluation), ("Methods", str(len(evaluation.methods)))],
        warnings=[
            *(f"A file could not be read: {problem}" for problem in problems),
            *evaluation.notes,
            *_left_out(compared),
        ],
        pictures=score_pictures(evaluation),
        group_pictures=group_pictures(group, evaluation.space) if group is not None else [],
        group_tables=of_group,
        viewer=volumes,
        niivue=viewer.niivue() if volumes else "",
        licences=viewer.licences() if volumes else "",
        tables=[
            *folds,
            summary_table(evaluation),
            *filter(None, [difference_table(evaluation), control_table(evaluation.controls), *_costs(compared)]),
        ],
        details=[*subject_tables(evaluation), *_run_table(evaluation.facts)],
        details_head="Every score of each test subject, how it was computed, and the runs",
        explanation=None,
        sections=[*_sections(evaluation), *_changes(compared)],
        methods=methods_of_scores(evaluation),
        reading=(f"Protocol: {label}. {READING[0]}", READING[1]),
    )


#: What a reader of the scores has to know.
READING = (
    "All methods are scored on the same volumes, which no training read. The first model is judged: the null is its "
    "own score with surrogates of its prediction, and differences are its score minus that of the others.",
    "Volumes of one brain look alike at all times: only the temporal correlation tells whether the EEG was used. The "
    "best of many models looks better than it is.",
)


def _sections(evaluation: Evaluation) -> list[tuple[str, list[tuple[str, str]]]]:
    """Tell what the scores can claim, how often the test part was read, and where statistics come from."""
    rows = [("Protocol", evaluation.protocol_label), ("What it tests", evaluation.protocol.claim)]
    if evaluation.times_read is not None:
        rows.append(("Test recordings read", times(evaluation.times_read)))
    found, statistics = [("Protocol", rows)], evaluation.facts.get("statistics")
    if isinstance(statistics, Mapping):
        found.append(("Where statistics come from", [(str(name), str(text)) for name, text in statistics.items()]))
    return found


def _costs(compared: Compared | None) -> list[Table]:
    """Say what each model costs."""
    if compared is None:
        return []
    title = f"What each model costs; published models in their {compared.size} sizes. {CAPTION}"
    return [Table(title, tuple(map(upper, COLUMNS)), tuple(compared.rows()))]


def _left_out(compared: Compared | None) -> list[str]:
    return [] if compared is None else [f"{name} has no row: {why}." for name, why in compared.left_out.items()]


def _changes(compared: Compared | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """Say of each published model what one protocol does otherwise than its authors."""
    changed = {} if compared is None else compared.changed
    return [(f"{label}: one protocol in place of the published one", [*one.items()]) for label, one in changed.items()]


def _fold_table(evaluation: Evaluation) -> list[Table]:
    """One row a fold of a cross-validation: whom it tests, its headline, how often its test part was read."""
    headline = evaluation.headline
    rows = tuple(
        (
            str(one["fold"]),
            ", ".join(f"sub-{subject}" for subject in one["subjects"]),
            score(headline, as_float(one[headline.name])),
            times(one["times_read"]),
        )
        for one in evaluation.facts.get("each_fold", ())
    )
    if not rows:
        return []
    head = ("Fold", "Test subjects", f"{headline.title} of the model", "Test recordings read")
    return [Table(f"Each fold: a run of its own, tested on what it has not read. {evaluation.context}", head, rows)]


def _run_table(facts: Mapping[str, Any]) -> list[Table]:
    runs = facts.get("runs")
    if not isinstance(runs, Mapping) or not runs:
        return []
    rows = tuple((str(label), str(path)) for label, path in runs.items())
    of = "cross-validation" if facts.get("each_fold") else "benchmark"
    return [Table(f"{plural(len(runs), 'run')} of the {of}", ("Name", "Folder"), rows)]
