"""One page about a classification: verdict, scores beside other classifiers of the EEG, what decisions came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.files import write_text
from eeg2fmri.report.figures.classification import confusion_matrix, roc_curve
from eeg2fmri.report.figures.scores import BESIDE, benchmark_bars
from eeg2fmri.report.html.document import fill
from eeg2fmri.report.html.numbers import decimals, p_value, plural, value
from eeg2fmri.report.html.pictures import Picture, picture
from eeg2fmri.report.sections.class_map_gallery import class_map_pictures, class_map_text
from eeg2fmri.report.sections.methods_of_tables import methods_of_classification
from eeg2fmri.report.sections.tables import Table
from eeg2fmri.report.sections.verdict import Verdict
from eeg2fmri.results.classify.class_maps import FOLDER, ClassMaps
from eeg2fmri.results.classify.classification import Classification
from eeg2fmri.results.files import AbsentResultError, ResultError, as_float
from eeg2fmri.results.scores.method import SIGNIFICANT, reachable

#: Scores in the order of the table, and how they are called.
LABELS = {
    "balanced_accuracy": "Balanced accuracy",
    "auc": "AUC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "f1": "F1",
}

#: Methods whose receiver operating characteristic is drawn; more cannot be told apart.
CURVES = 4


def write_classification(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write one self-contained HTML page about a classification; see `eeg2fmri.report.read.folders.write_page`."""
    folder = Path(folder)
    path = folder / "report.html" if out is None else Path(out)
    problems: list[str] = []
    results = Classification.read(folder, problems)
    text = render_classification(results, folder.resolve().name, read_class_maps(folder, problems), problems)
    write_text(path, text)
    return path


def read_class_maps(folder: Path, problems: list[str]) -> ClassMaps | None:
    """Read what the decisions came from; None if there is nothing, or it is damaged, which is then named."""
    try:
        return ClassMaps.read(folder / FOLDER)
    except AbsentResultError:
        return None
    except ResultError as error:
        problems.append(error.brief(FOLDER))
        return None


def render_classification(
    results: Classification, name: str = "", maps: ClassMaps | None = None, problems: Sequence[str] = ()
) -> str:
    """Return the page as text."""
    facts, first = results.facts, next(iter(results.methods))
    sizes = facts.get("subjects_by_class") or {}
    view = results.methods.get("view", results.methods[first])
    protocol = facts.get("protocol") or {}
    data = [
        ("Synthesiser", value(facts.get("run"))),
        ("What was classified", value(facts.get("label"))),
        ("Windows", value(facts.get("windows"))),
        *((f"Subjects, {name}", value(count)) for name, count in sizes.items()),
    ]
    return fill(
        "scores.html.j2",
        kind="classification",
        name=name,
        verdict=_verdict(results),
        numbers=[
            (f"AUC over subjects, {'view' if 'view' in results.methods else first}", _score(view["subject"]["auc"])),
            ("Against permuted classes", _p(view["permutation"]["p_auc"])),
            ("Subjects", str(sum(sizes.values())) if sizes else "not known"),
        ],
        warnings=[*(f"A file could not be read: {problem}" for problem in problems), *results.notes],
        pictures=_pictures(results),
        tables=[_table(results, "subject"), *_differences(results)],
        details=[_table(results, "window"), _calibration(results)],
        details_head="Scores of windows, and calibration of the probabilities",
        explanation=class_map_text(maps) if maps else None,
        explanation_pictures=class_map_pictures(maps) if maps else [],
        sections=[
            ("What was classified", data),
            ("Protocol", [(str(name).replace("_", " "), value(item)) for name, item in protocol.items()]),
        ],
        methods=methods_of_classification(results),
        reading=READING,
    )


#: What a reader of the scores has to know.
READING = (
    "The view is what a trained synthesiser makes of the EEG. It is of use only if it beats classifiers of the EEG "
    "itself, and the same view from a synthesiser that was never trained, on the same subjects.",
    "Windows of one subject are not independent: judge by the scores of subjects. Intervals are over subjects; the "
    "test permutes classes over subjects, as the protocol says. No subject is on both sides of a fold.",
    "A difference between groups may come from age, medication, site or cap as well as from what is studied.",
)


def _verdict(results: Classification) -> Verdict:
    if "view" not in results.methods:
        return Verdict("open", "No view", results.verdict)
    test = results.methods["view"]["permutation"]
    p = test["p_auc"]
    if p is None:
        return Verdict("open", "Not tested", results.verdict)
    if test.get("refits") and not reachable(test["refits"] + 1):
        return Verdict("open", "Too few refits", results.verdict)
    if p > SIGNIFICANT:
        return Verdict("bad", "Not above chance", results.verdict)
    lows = [gap["low"] for name, gap in results.differences.items() if name != "majority"]
    better = bool(lows) and all(low is not None and low > 0 for low in lows)
    return Verdict("good" if better else "bad", "View helped" if better else "View did not help", results.verdict)


def _table(results: Classification, level: str) -> Table:
    rows = tuple(
        (
            name,
            *(_score(found[level][score]) for score in LABELS),
            *((_p(found["permutation"]["p_auc"]),) if level == "subject" else ()),
        )
        for name, found in results.methods.items()
    )
    test = ("AUC against permuted classes",) if level == "subject" else ()
    caption = f"Scores of {level}s with 95 % intervals over subjects"
    return Table(caption, ("Method", *LABELS.values(), *test), rows, strong=_strong(results))


def _strong(results: Classification) -> tuple[int, ...]:
    return tuple(k for k, name in enumerate(results.methods) if name == "view")


def _differences(results: Classification) -> list[Table]:
    if not results.differences:
        return []
    rows = tuple((name, _score(gap)) for name, gap in results.differences.items())
    return [
        Table(
            "AUC over subjects of the view minus that of each method, with its 95 % interval",
            ("Method", "Difference"),
            rows,
        )
    ]


def _calibration(results: Classification) -> Table:
    names = {
        "brier": "Brier score (0 to 2)",
        "log_loss": "Log loss (nats)",
        "expected_calibration_error": "Calibration error",
    }
    rows = tuple(
        (method, *(_number(found["calibration"]["subject"].get(name)) for name in names))
        for method, found in results.methods.items()
    )
    return Table(
        "Do the probabilities of subjects hold? Lower is better", ("Method", *names.values()), rows, _strong(results)
    )


def _pictures(results: Classification) -> list[Picture]:
    found = [_bars(results)]
    shown = "view" if "view" in results.votes else next(iter(results.votes), None)
    if shown is not None:
        found.append(_confusion(results, shown))
    if len(results.classes) == 2 and results.votes:
        found.append(_roc(results))
    return found


def _bars(results: Classification) -> Picture:
    found = {name: scores["subject"]["auc"] for name, scores in results.methods.items()}
    listed = "; ".join(f"{name} {_score(auc)}" for name, auc in found.items())
    return picture(
        benchmark_bars,
        {name: np.array([as_float(auc["value"])]) for name, auc in found.items()},
        metric="AUC over subjects (dimensionless)",
        model="view" if "view" in found else next(iter(found)),
        intervals={name: (as_float(auc.get("low")), as_float(auc.get("high"))) for name, auc in found.items()},
        chance=0.5,
        wide=BESIDE,
        alt=f"Bars of the area under the curve of each method, with 95 % intervals: {listed}.",
        caption="Area under the curve over subjects, with 95 % intervals. The view is blue, what it is compared with "
        "hatched.",
    )


def _confusion(results: Classification, method: str) -> Picture:
    votes, n = results.votes[method], len(results.classes)
    counts = np.zeros((n, n), dtype=int)
    np.add.at(counts, (votes.labels, votes.probability.argmax(axis=1)), 1)
    right = int(np.trace(counts))
    return picture(
        confusion_matrix,
        counts,
        results.classes,
        alt=f"Counts of true against predicted class of {method}: {right} of {plural(len(votes.labels), 'subject')} "
        "right.",
        caption=f"Subjects by true and predicted class ({method}): {right} of {len(votes.labels)} right.",
    )


def _roc(results: Classification) -> Picture:
    order = sorted(results.votes, key=lambda name: name != "view")
    methods = [name for name in order if name != "majority"][:CURVES] or order[:1]
    curves = {name: results.votes[name].rates() for name in methods}
    return picture(
        roc_curve,
        curves,
        alt=f"Receiver operating characteristics of {', '.join(methods)}.",
        caption=f"True against false positive rate over subjects; positive is {results.classes[1]}.",
    )


def _score(found: Mapping[str, float | None]) -> str:
    text = _number(found["value"])
    low, high = found.get("low"), found.get("high")
    return text if low is None or high is None else f"{text} ({_number(low)} to {_number(high)})"


def _number(number: Any) -> str:
    return decimals(as_float(number), 2)


def _p(p: float | None) -> str:
    return "no test" if p is None else p_value(p)
