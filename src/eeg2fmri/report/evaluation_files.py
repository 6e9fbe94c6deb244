"""Reading RUN/evaluation: scores.json, null.npz, and what there is of each test recording."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.report.evaluation import (
    Calibration,
    Courses,
    Difference,
    Evaluation,
    Metric,
    Null,
    ScoreTable,
    SubjectMaps,
)
from eeg2fmri.report.figures.timecourses import TimeCourse
from eeg2fmri.report.numbers import number

SCORES = "scores.json"
NULL = "null.npz"
EXAMPLES = "_examples.npz"
MAP = "_desc-temporalr_map.nii.gz"

#: What a damaged file may raise while it is read.
DAMAGE = (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError, zipfile.BadZipFile)


def read_evaluation(folder: Path, problems: list[str]) -> Evaluation | None:
    """Read a folder that ``evaluate`` wrote; None if it holds no scores.

    Parameters
    ----------
    folder : Path
        ``RUN/evaluation``.
    problems : list of str
        Takes what was there and could not be read.
    """
    try:
        scores = json.loads((folder / SCORES).read_text(encoding="utf-8"))
        table = _table(scores)
        verdict, helped = str(scores["verdict"]), scores["helped"]
        notes = tuple(str(note) for note in scores["notes"])
    except FileNotFoundError:
        return None
    except DAMAGE as error:
        problems.append(_problem(SCORES, error))
        return None
    maps, courses = [], []
    for name in _recordings(folder):
        try:
            one, some = _examples(folder / f"{name}{EXAMPLES}", name)
            maps.append(one)
            courses.append(some)
        except FileNotFoundError:
            maps += _map_alone(folder, name, problems)
        except DAMAGE as error:
            problems.append(_problem(f"{name}{EXAMPLES}", error))
            maps += _map_alone(folder, name, problems)
    return Evaluation(
        verdict=verdict,
        helped=helped if isinstance(helped, bool) else None,
        table=table,
        null=_null(folder, table.metrics[0], problems),
        maps=tuple(maps),
        courses=tuple(courses),
        notes=notes,
        differences=_differences(scores),
        calibration=_calibration(scores, problems),
        times_read=scores.get("times_read") if isinstance(scores.get("times_read"), int) else None,
    )


def _table(scores: Mapping[str, Any]) -> ScoreTable:
    metrics = tuple(
        Metric(m["name"], _capital(m["label"]), m["unit"], bool(m["higher_is_better"]), m["protocol"])
        for m in scores["metrics"]
    )
    methods = [method["name"] for method in scores["methods"]]
    subjects = [str(subject) for subject in scores["subjects"]]
    values = np.full((len(methods), len(subjects), len(metrics)), np.nan)
    for row in scores["scores"]:
        at = methods.index(row["method"]), subjects.index(str(row["subject"]))
        values[at] = [_float(row[metric.name]) for metric in metrics]
    pooled = {row["method"]: row for row in scores["pooled"]}
    low_high = [
        [[_float(pooled[method][metric.name][end]) for end in ("low", "high")] for metric in metrics]
        for method in methods
    ]
    return ScoreTable(
        methods=tuple(_capital(method["label"]) for method in scores["methods"]),
        subjects=tuple(f"sub-{subject}" for subject in subjects),
        metrics=metrics,
        values=values,
        sees=tuple(str(method["sees"]) for method in scores["methods"]),
        p_values=np.array([_float(pooled[method]["p_value"]) for method in methods]),
        intervals=np.array(low_high),
    )


def _differences(scores: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Headline of the model minus that of each other method."""
    labels = {method["name"]: _capital(method["label"]) for method in scores["methods"]}
    minus = scores.get("model_minus", {})
    return tuple(
        Difference(labels.get(name, name), *(_float(one[key]) for key in ("difference", "low", "high", "p_value")))
        for name, one in minus.items()
    )


def _calibration(scores: Mapping[str, Any], problems: list[str]) -> Calibration | None:
    """Read the optional ``uncertainty``: coverage of the model's intervals, as claimed and after recalibration."""
    found = scores.get("uncertainty")
    if found is None:
        return None
    try:
        claimed, *rows = (
            np.array([_float(value) for value in found[name]])
            for name in ("levels", "observed_coverage", "recalibrated_coverage")
        )
        observed = dict(zip(("As the model claims", "Recalibrated"), rows, strict=True))
        if any(row.shape != claimed.shape or not ((row >= 0) & (row <= 1)).all() for row in rows):
            raise ValueError("observed coverage does not fit the claimed one")
        facts = {
            "Distribution that the model claims": str(found["distribution"]),
            "Passes": str(found["passes"]),
            "Mean claimed standard deviation": f"{number(_float(found['sharpness']))} BOLD units",
            "Negative log likelihood of a voxel": f"{number(_float(found['negative_log_likelihood']))} nats",
            "Recalibration": str(found["recalibration"]),
        }
    except DAMAGE as error:
        problems.append(_problem(f"{SCORES} (uncertainty)", error))
        return None
    return Calibration(claimed, observed, facts)


def _null(folder: Path, headline: Metric, problems: list[str]) -> Null | None:
    try:
        with np.load(folder / NULL, allow_pickle=False) as arrays:
            if "scores" not in arrays:
                return None
            return Null(arrays["scores"], float(arrays["observed"]), float(arrays["p_value"]), headline)
    except FileNotFoundError:
        return None
    except DAMAGE as error:
        problems.append(_problem(NULL, error))
        return None


def _recordings(folder: Path) -> Sequence[str]:
    names = {file.name.removesuffix(EXAMPLES) for file in folder.glob(f"*{EXAMPLES}")}
    return sorted(names | {file.name.removesuffix(MAP) for file in folder.glob(f"*{MAP}")})


def _examples(path: Path, name: str) -> tuple[SubjectMaps, Courses]:
    with np.load(path, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    unit = str(arrays["unit"])
    maps = SubjectMaps(
        subject=name,
        affine=arrays["affine"],
        correlation=arrays["r"],
        anatomy=arrays["anatomy"],
        mask=arrays["mask"].astype(bool),
        truth=arrays["truth"],
        prediction=arrays["prediction"],
        prediction_mean=arrays.get("prediction_mean"),
        onsets=arrays["onsets"],
        p_corrected=arrays.get("p_max"),
        epistemic=arrays.get("epistemic"),
        aleatoric=arrays.get("aleatoric"),
        unit=unit,
    )
    rows = zip(arrays["course_names"], arrays["course_truth"], arrays["course_prediction"], strict=True)
    courses = tuple(TimeCourse(_capital(str(label)), truth, prediction) for label, truth, prediction in rows)
    return maps, Courses(name, arrays["times"], courses, unit)


def _map_alone(folder: Path, name: str, problems: list[str]) -> list[SubjectMaps]:
    """Read the map of a recording whose examples are absent or damaged."""
    import nibabel

    try:
        image = nibabel.Nifti1Image.from_filename(folder / f"{name}{MAP}")
        r = np.asarray(image.dataobj, dtype=np.float32)
        return [SubjectMaps(name, np.asarray(image.affine), correlation=r, mask=r != 0)]
    except FileNotFoundError:
        return []
    except (*DAMAGE, nibabel.filebasedimages.ImageFileError) as error:
        problems.append(_problem(f"{name}{MAP}", error))
        return []


def _float(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _capital(label: str) -> str:
    """Return a label that starts a line."""
    return label[:1].upper() + label[1:]


def _problem(name: str, error: BaseException) -> str:
    return f"evaluation/{name}: {type(error).__name__}: {error}"
