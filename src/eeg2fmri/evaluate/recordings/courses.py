"""Time courses of the brain, of single voxels and of regions, with intervals from the errors in other recordings.

Intervals are those of split conformal prediction (Lei et al., JASA 113, 2018): the half-width is the quantile of the
absolute errors of the same course in the validation recordings, each course about its own mean. Errors that follow each
other in time are alike, so that the coverage is approximate, and in native space the same voxel index is another place
in each head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.evaluate.inputs.atlas import Atlas
from eeg2fmri.evaluate.inputs.examples import chosen_voxels
from eeg2fmri.evaluate.inputs.methods import predict_with_model
from eeg2fmri.evaluate.inputs.open_run import OpenRun
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.evaluate.truth.parts import column_r
from eeg2fmri.results.courses import LEVEL, Courses


def write_courses(
    folder: Path,
    run: OpenRun,
    recording: Recording,
    prediction: np.ndarray,
    r: np.ndarray,
    atlas: Atlas | None = None,
) -> None:
    """Write the courses of a test recording, without intervals.

    Parameters
    ----------
    folder : Path
    run : OpenRun
    recording : Recording
    prediction : array, shape (volume, x, y, z)
    r : array, shape (x, y, z)
        Temporal r, by which voxels are chosen.
    atlas : Atlas, optional
        The regions with the highest, the median and the lowest r are shown.
    """
    facts = run.store.recordings[run.store.index(recording.id)]
    names, voxels = chosen_voxels(r, facts.affine)
    inside = [recording.mask.astype(bool)]
    for voxel in voxels:
        one = np.zeros(recording.mask.shape, dtype=bool)
        one[voxel] = True
        inside.append(one)
    names = ["brain mean", *names]
    of_regions: dict[str, Any] = {}
    if atlas is not None:
        regions = atlas.on(run.store.grid, facts.affine, run.store.space)
        kept, truth = regions.courses(recording.truth, recording.mask)
        _, guess = regions.courses(prediction, recording.mask)
        of_regions = {"region_labels": regions.numbers[kept], "region_truth": truth, "region_prediction": guess}
        for what, position in _chosen(column_r(truth, guess)):
            voxels = regions.voxels(int(kept[position])) & recording.mask
            if voxels.any():
                names.append(f"region {regions.names[kept[position]]} ({what})")
                inside.append(voxels)
    Courses(
        recording.id,
        tuple(names),
        facts.onsets[recording.targets],
        np.stack([mean_course(recording.truth, one) for one in inside]),
        np.stack([mean_course(prediction, one) for one in inside]),
        inside=np.stack(inside),
        **of_regions,
    ).write(folder)


def add_intervals(
    run: OpenRun, folder: Path, recordings: Sequence[str], device: str, progress: Progress = silent
) -> None:
    """Add intervals to the courses of test recordings, from the errors of the model in the validation recordings.

    There are none where the model was fitted to those recordings too: its errors there are too small.

    Parameters
    ----------
    run : OpenRun
    folder : Path
        Where `write_courses` wrote.
    recordings : sequence of str
        Ids of the test recordings.
    device : str
    progress : Progress
    """
    if not run.unseen:
        return
    found = [(one, _inside(one)) for one in (Courses.read(folder, name) for name in recordings)]
    errors: list[list[list[np.ndarray]]] = [[[] for _ in inside] for _, inside in found]
    for name in run.unseen:
        other = Recording.of([run], name)
        prediction = other.cut(predict_with_model(run, name, device, progress))
        for (_, voxels), kept in zip(found, errors, strict=True):
            for inside, of_course in zip(voxels, kept, strict=True):
                shared = inside & other.mask.astype(bool)
                if shared.any():
                    of_course.append(_error(mean_course(other.truth, shared), mean_course(prediction, shared)))
    for (courses, _), kept in zip(found, errors, strict=True):
        half = np.array([half_width(np.concatenate(each) if each else np.zeros(0)) for each in kept])[:, None]
        replace(courses, lower=courses.prediction - half, upper=courses.prediction + half).write(folder)


def half_width(errors: np.ndarray, level: float = LEVEL) -> float:
    """Half-width of an interval that holds a new error with a probability of `level`, if it is like the others.

    Parameters
    ----------
    errors : array, shape (error,)
    level : float

    Returns
    -------
    float
        The ceil((n + 1) level)-th smallest absolute error; NaN if there are too few.
    """
    rank = math.ceil((len(errors) + 1) * level)
    return float(np.sort(np.abs(errors))[rank - 1]) if rank <= len(errors) else math.nan


def mean_course(series: Any, inside: np.ndarray) -> np.ndarray:
    """Mean over some voxels, volume by volume: (volume, x, y, z) to (volume,)."""
    return np.array([volume[inside].mean(dtype=np.float64) for volume in series])


def _error(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Error of a course that is drawn about its own mean."""
    return (prediction - prediction.mean()) - (truth - truth.mean())


def _chosen(r: np.ndarray) -> list[tuple[str, int]]:
    """Positions of the highest, the median and the lowest r, with these words: the best one alone would flatter."""
    order = np.argsort(r, kind="stable")
    places = {"highest r": order[-1], "median r": order[(len(order) - 1) // 2], "lowest r": order[0]}
    chosen: dict[int, str] = {}
    for what, k in places.items():
        chosen.setdefault(int(k), what)
    return [(what, position) for position, what in chosen.items()]


def _inside(courses: Courses) -> np.ndarray:
    """Voxels (course, x, y, z) whose mean each course is; `write_courses` keeps them."""
    assert courses.inside is not None
    return courses.inside
