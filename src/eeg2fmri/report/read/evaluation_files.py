"""Reading RUN/evaluation: scores.json, null.npz, and what there is of each test recording."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.report.figures.timecourses import TimeCourse
from eeg2fmri.report.html.numbers import number
from eeg2fmri.report.read.evaluation import (
    Calibration,
    Courses,
    Difference,
    Evaluation,
    Metric,
    Null,
    Regions,
    ScoreTable,
    SubjectMaps,
)

SCORES = "scores.json"
NULL = "null.npz"
EXAMPLES = "_examples.npz"
COURSES = "_courses.npz"
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
            courses.append(_courses(folder / f"{name}{COURSES}", name, problems) or some)
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
        regions=_regions(folder, scores, problems),
        latent_distance=_latent_distance(scores),
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
        roles=tuple(str(method["role"]) for method in scores["methods"] if "role" in method),
        of_ceilings={
            _capital(method["label"].split(":")[0]): np.array(
                [_float(pooled[m].get(f"of_{method['name']}")) for m in methods]
            )
            for method in scores["methods"]
            if method.get("role") == "ceiling"
        },
        space=str(scores.get("space", "")),
        protocol=str(scores.get("protocol_label", "")),
    )


def _of_ceilings(scores: Mapping[str, Any], pooled: Mapping[str, Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Temporal r of every method as a fraction of each ceiling; empty where the truth is not known."""
    ceilings = [method for method in scores["methods"] if method.get("role") == "ceiling"]
    return {
        str(ceiling["label"]).split(":")[0]: np.array(
            [_float(row.get(f"of_{ceiling['name']}")) for row in pooled.values()]
        )
        for ceiling in ceilings
    }


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


def _regions(folder: Path, scores: Mapping[str, Any], problems: list[str]) -> tuple[Regions, ...]:
    """Read the optional ``regions``, with the courses that lie beside each recording's examples."""
    found = []
    try:
        for name, one in scores.get("regions", {}).items():
            regions = one["regions"]
            truth, prediction = _region_courses(folder / f"{name}{COURSES}", len(regions))
            found.append(
                Regions(
                    recording=str(name),
                    atlas=str(one["atlas"]),
                    labels=tuple(str(label) for label in regions),
                    r=np.array([_float(each["r"]) for each in regions.values()]),
                    p_corrected=np.array([_float(each["p_corrected"]) for each in regions.values()]),
                    median=_float(one["temporal_r"]),
                    p_value=_float(one["p_value"]),
                    connectivity=_float(one["connectivity_similarity"]),
                    truth=truth,
                    prediction=prediction,
                )
            )
    except DAMAGE as error:
        problems.append(_problem(f"{SCORES} (regions)", error))
        return ()
    return tuple(found)


def _region_courses(path: Path, regions: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Mean courses (time, region), measured and predicted; None if they were not written."""
    try:
        with np.load(path, allow_pickle=False) as file:
            truth, prediction = file["region_truth"], file["region_prediction"]
    except DAMAGE:  # what is wrong with the file is named where its courses are read
        return None, None
    return (truth, prediction) if truth.shape == prediction.shape and truth.shape[1:] == (regions,) else (None, None)


def _latent_distance(scores: Mapping[str, Any]) -> dict[str, float]:
    found = scores.get("latent_frechet_distance")
    if not isinstance(found, Mapping):
        return {}
    return {str(name): float(one) for name, one in found.items() if isinstance(one, int | float)}


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


def _courses(path: Path, name: str, problems: list[str]) -> Courses | None:
    """Read courses with intervals; None if they were not written or are damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in ("names", "truth", "prediction", "lower", "upper", "times", "unit")}
        parts = (arrays[key] for key in ("names", "truth", "prediction", "lower", "upper"))
        courses = tuple(
            TimeCourse(_capital(str(label)), truth, prediction, *_bounds(low, high))
            for label, truth, prediction, low, high in zip(*parts, strict=True)
        )
        return Courses(name, arrays["times"], courses, str(arrays["unit"]))
    except FileNotFoundError:
        return None
    except DAMAGE as error:
        problems.append(_problem(path.name, error))
        return None


def _bounds(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Interval of a course; none where it could not be known."""
    return (low, high) if np.isfinite([low, high]).all() else (None, None)


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
