"""One page that compares several runs on their test subjects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eeg2fmri.core.disk.files import write_text
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.core.space import described
from eeg2fmri.report.figures.scores import BESIDE, benchmark_bars
from eeg2fmri.report.html.document import fill
from eeg2fmri.report.html.links import link
from eeg2fmri.report.html.numbers import duration, p_value, plural, score
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.report.read.run import RunResults
from eeg2fmri.report.sections.comparison import settings_table, shared_maps
from eeg2fmri.report.sections.index_folds import are_folds, fold_numbers, fold_warnings, title
from eeg2fmri.report.sections.methods_of_tables import methods_of_runs
from eeg2fmri.report.sections.minutes import minutes_pictures
from eeg2fmri.report.sections.tables import Table, interval
from eeg2fmri.report.sections.verdict import Verdict, best_baseline, verdict
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.scores.method import Metric


@dataclass(frozen=True)
class Row:
    """One run in the table: name, address of its report (empty without one), verdict, cells."""

    name: str
    address: str
    verdict: Verdict
    cells: tuple[str, ...]


def write_index(
    run_folders: Sequence[str | Path], out: str | Path = "index.html", *, progress: Progress = silent
) -> Path:
    """Write one self-contained HTML page that compares runs, with links to their reports where they have one.

    Parameters
    ----------
    run_folders : sequence of path
        Folders that train wrote, better evaluated.
    out : path
        Page to write.
    progress : Progress
        Told about each run.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    CheckpointError
        If a folder holds no run.
    InputError
        If no run is given, or the page cannot be written.
    """
    if not run_folders:
        raise InputError("there is no run to compare", expected="at least one run folder")
    runs = []
    for done, folder in enumerate(run_folders, start=1):
        runs.append(RunResults.read(folder))
        progress("Reading runs", done, len(run_folders))
    path = Path(out)
    write_text(path, render_index(runs, path.parent))
    return path


def render_index(runs: Sequence[RunResults], beside: Path) -> str:
    """Return the page as text; links are relative to the folder `beside`."""
    names = _names(runs)
    metrics = _metrics(runs)
    rows = [
        Row(name, link(run.folder / "report.html", beside), verdict(run), _cells(run, metrics))
        for name, run in zip(names, runs, strict=True)
    ]
    folds = are_folds(runs)
    order = sorted(range(len(runs)), key=lambda k: (runs[k].protocol.fold or 0) if folds else _rank(runs[k]))
    return fill(
        "index.html.j2",
        kind="index",
        name=title(runs),
        verdict=_overall(names, runs),
        numbers=fold_numbers(runs) if folds else [],
        warnings=fold_warnings(runs) if folds else _warnings(runs),
        title="Folds" if folds else "Runs, the best first",
        runs=_table([rows[k] for k in order], metrics),
        rows=[rows[k] for k in order],
        pictures=[*_pictures(names, runs), *minutes_pictures(runs)],
        maps=shared_maps([names[k] for k in order], [runs[k] for k in order]),
        methods=methods_of_runs([names[k] for k in order], [runs[k] for k in order]),
        settings=settings_table(names, runs) if not folds and len(runs) > 1 else None,
    )


def _table(rows: Sequence[Row], metrics: Sequence[Metric]) -> Table:
    """Put the rows under the names of their columns."""
    caption = "Mean over the test subjects of each run, with the 95 % interval of the headline. Names lead to reports."
    head = ["Run", "Verdict", *(_head(metric) for metric in metrics), "Against surrogates", "Best baseline", *FACTS]
    cells = [(row.name, row.verdict.label, *row.cells) for row in rows]
    alike = [k for k, each in enumerate(zip(*cells, strict=True)) if head[k] in FACTS and len(set(each)) == 1]
    if len(rows) > 1 and alike:
        told = [f"{head[k][:1].lower()}{head[k][1:]} {cells[0][k]}" for k in alike if cells[0][k] != UNKNOWN]
        caption += f" The same in all: {'; '.join(told)}." if told else ""
        head, cells = (
            [name for k, name in enumerate(head) if k not in alike],
            [tuple(text for k, text in enumerate(each) if k not in alike) for each in cells],
        )
    return Table(
        caption,
        tuple(head),
        tuple(cells),
        links={row.name: row.address for row in rows if row.address},
        tones={row.name: row.verdict.tone for row in rows},
    )


UNKNOWN = "\N{EN DASH}"
#: Runs with the same verdict that are named; of more it is said how many they are.
NAMED = 5
FACTS = ("Space", "Test subjects", "Protocol", "Epochs", "Training time")


def _names(runs: Sequence[RunResults]) -> list[str]:
    """Names that tell the runs apart: the folder's, with the one above where two are called alike."""
    short = [run.folder.resolve().name for run in runs]
    return [
        f"{run.folder.resolve().parent.name}/{name}" if short.count(name) > 1 else name
        for run, name in zip(runs, short, strict=True)
    ]


def _evaluations(runs: Sequence[RunResults]) -> list[Evaluation]:
    return [run.evaluation for run in runs if run.evaluation is not None]


def _metrics(runs: Sequence[RunResults]) -> list[Metric]:
    known = {metric.name: metric for one in _evaluations(runs) for metric in one.metrics}
    headlines = list(dict.fromkeys(one.headline.name for one in _evaluations(runs)))
    shown = [name for name, metric in known.items() if metric.decimals is not None] or list(known)[:6]
    return [known[name] for name in dict.fromkeys([*headlines, *shown])]


def _head(metric: Metric) -> str:
    arrow = "\N{UPWARDS ARROW}" if metric.higher_is_better else "\N{DOWNWARDS ARROW}"
    return f"{metric.title} ({metric.unit}) {arrow}" if metric.unit else f"{metric.title} {arrow}"


def _cells(run: RunResults, metrics: Sequence[Metric]) -> tuple[str, ...]:
    evaluation, unknown = run.evaluation, UNKNOWN
    scores = [unknown] * len(metrics) + ["no test", "none", unknown, unknown]
    if evaluation is not None:
        scores = [_score(evaluation, metric) or unknown for metric in metrics]
        test, best, headline = evaluation.test, best_baseline(evaluation), evaluation.headline
        beside = f"{score(headline, evaluation.score(best.name, headline.name))}, {best.title}" if best else "none"
        scores += ["no test" if test is None or math.isnan(test.p_value) else p_value(test.p_value), beside]
        scores += [described(evaluation.space), str(len(evaluation.subjects))]
    history = run.history
    epochs = unknown if history is None or not history.n_epochs else str(history.n_epochs)
    seconds = math.nan if history is None else history.seconds
    training = (epochs, unknown if math.isnan(seconds) else duration(seconds))
    return (*scores, run.protocol.label or unknown, *training)


def _score(evaluation: Evaluation, metric: Metric) -> str:
    """Score of the model, with its interval for the headline; empty if it was not computed."""
    if metric.name not in {own.name for own in evaluation.metrics}:
        return ""
    text = score(metric, evaluation.score(evaluation.model.name, metric.name))
    low, high = evaluation.interval(evaluation.model.name, metric.name)
    known = metric.name == evaluation.headline.name and np.isfinite([low, high]).all()
    return f"{text} ({interval(low, high, metric)})" if known else text


def _rank(run: RunResults) -> tuple[bool, float]:
    if run.evaluation is None:
        return (True, 0.0)
    headline = run.evaluation.headline
    mean = run.evaluation.score(run.evaluation.model.name, headline.name)
    if math.isnan(mean):
        return (True, 0.0)
    return (False, -mean if headline.higher_is_better else mean)


def _overall(names: Sequence[str], runs: Sequence[RunResults]) -> Verdict:
    """Say what was found in the runs, in the words of each: once if it is the same in several."""
    found = [one.finding for one in _evaluations(runs)]
    if not found:
        return Verdict("open", "Not evaluated", "No run has been evaluated: whether the EEG helped is not known.")
    of: dict[str, list[str]] = {}
    for name, run in zip(names, runs, strict=True):
        if run.evaluation is not None:
            of.setdefault(run.evaluation.finding.sentence, []).append(name)
    evaluated = plural(len(found), "evaluated run")
    said = {text: ", ".join(own) if len(own) < NAMED else f"{len(own)} of {evaluated}" for text, own in of.items()}
    if len(of) == 1:
        who = f"All {evaluated}" if len(found) > 1 else next(iter(said.values()))
        return Verdict(found[0].tone, found[0].label, f"{who}: {found[0].sentence}")
    listed = sorted(of, key=lambda text: -len(of[text]))
    details = tuple(f"{said[text]}: {text}" for text in listed)
    return Verdict("open", "Runs differ", "What was found is not the same in all runs.", details)


def _warnings(runs: Sequence[RunResults]) -> list[str]:
    found = []
    tested = _evaluations(runs)
    if len({one.subjects for one in tested}) > 1:
        found.append("The runs were tested on different subjects: their scores cannot be set beside each other.")
    targets = {str(run.card.get("pairs", {}).get("target")) for run in runs if run.card.get("pairs")}
    if len(targets) > 1:
        found.append(
            f"The runs predict different targets ({', '.join(sorted(targets))}): compare the temporal r alone."
        )
    protocols = {run.protocol.name for run in runs if run.protocol.name}
    if len(protocols) > 1:
        found.append(
            f"The runs have different protocols ({', '.join(sorted(protocols))}): what one may have seen of its test "
            "subjects, another has not."
        )
    if len(tested) > 1:
        found.append(
            f"{len(tested)} runs are compared on test subjects: the best of several looks better than it is. "
            "Choose by validation, and count this reading."
        )
    return found


def _pictures(names: Sequence[str], runs: Sequence[RunResults]) -> list[Picture]:
    scores, metric = {}, None
    for name, run in zip(names, runs, strict=True):
        for one in _evaluations([run]):
            if metric in (None, one.headline):
                metric = one.headline
                scores[name] = one.of(one.model.name, metric.name)
    scores = {name: values for name, values in scores.items() if np.isfinite(values).any()}
    if metric is None or not scores:
        return []
    means = {name: float(np.nanmean(values)) for name, values in scores.items()}
    best = (max if metric.higher_is_better else min)(means, key=lambda name: means[name])
    listed = ", ".join(f"{name} {score(metric, mean)}" for name, mean in means.items())
    return [
        picture(
            benchmark_bars,
            scores,
            metric=metric.axis,
            model="" if are_folds(runs) else best,
            wide=BESIDE,
            alt=f"Bars of {metric.title} of each run: {listed}.",
            caption=f"{metric.title} of each run: mean over its test subjects, each dot one of them."
            + ("" if are_folds(runs) else " The best is blue."),
        )
    ]
