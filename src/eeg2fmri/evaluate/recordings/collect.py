"""Scores of every method on every test recording as a file, from which several evaluations are put together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.npz import read_npz, save_npz
from eeg2fmri.core.disk.parse import DAMAGE
from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.core.progress import silent
from eeg2fmri.evaluate.metrics.registry import METRICS
from eeg2fmri.evaluate.recordings.scoring import KeptCourses, Scores
from eeg2fmri.evaluate.significance.surrogates import ScoreNull
from eeg2fmri.results.scores.method import Method

#: Name of the file in the folder of an evaluation.
RECORDINGS = "recordings.npz"


def write_recordings(path: Path, scores: Scores, subject_of: Mapping[str, str]) -> None:
    """Write the scores of each recording.

    Keys: ``methods`` (JSON), ``recordings`` and ``subjects`` (recording,), ``metrics`` (metric,), ``values`` (method,
    recording, metric), ``coordinates`` (method, recording) and, by position, ``null_<method>_<recording>`` (1 + draw,):
    the headline and its surrogates, and of how many signs each is (-1 where there was no test);
    ``voxels_<method>_<recording>`` (voxel,), ``truth_...`` and ``prediction_...`` (volume, voxel): kept courses.

    Parameters
    ----------
    path : Path
    scores : Scores
    subject_of : mapping of recording to subject
    """
    names, metrics = tuple(subject_of), [metric.name for metric in METRICS]
    coordinates = np.full((len(scores.methods), len(names)), -1)
    arrays: dict[str, Any] = {}
    for m, method in enumerate(scores.methods):
        for r, name in enumerate(names):
            found = scores.nulls.get(method.name, {}).get(name)
            if found is not None:
                coordinates[m, r] = found.coordinates
                arrays[f"null_{m}_{r}"] = found.values
            kept = scores.kept.get(method.name, {}).get(name)
            if kept is not None:
                arrays |= {f"{key}_{m}_{r}": values for key, values in vars(kept).items()}
    of_all = [scores.values[method.name] for method in scores.methods]
    arrays |= {
        "methods": json.dumps([asdict(method) for method in scores.methods]),
        "recordings": np.array(names),
        "subjects": np.array(list(subject_of.values())),
        "metrics": np.array(metrics),
        "values": np.array([[[found[name][metric] for metric in metrics] for name in names] for found in of_all]),
        "coordinates": coordinates,
    }
    save_npz(path, arrays)


def read_recordings(paths: Iterable[Path]) -> tuple[Scores, dict[str, str]]:
    """Put the recordings of several evaluations together.

    Returns
    -------
    scores : Scores
        Of the methods that all evaluations have, in the order of the first one.
    subject_of : dict of recording to subject

    Raises
    ------
    CheckpointError
        If a file is absent or damaged, or two evaluations have a recording in common.
    """
    together, subject_of = Scores(silent), dict[str, str]()
    common: list[str] | None = None
    for path in paths:
        methods, subjects = _read(path, together)
        both = sorted(set(subjects) & set(subject_of))
        if both:
            raise CheckpointError("a recording was tested twice", where=str(path), got=", ".join(both))
        subject_of |= subjects
        names = [method.name for method in methods]
        common = names if common is None else [name for name in common if name in names]
        known = {method.name for method in together.methods}
        together.methods += [method for method in methods if method.name not in known]
    together.methods = [method for method in together.methods if method.name in (common or ())]
    return together, subject_of


def _read(path: Path, into: Scores) -> tuple[list[Method], dict[str, str]]:
    try:
        arrays = read_npz(path)
        methods = [Method(**one) for one in json.loads(str(arrays["methods"]))]
        names = [str(name) for name in arrays["recordings"]]
        metrics = [str(metric) for metric in arrays["metrics"]]
        for m, method in enumerate(methods):
            for r, name in enumerate(names):
                into.values[method.name][name] = dict(zip(metrics, arrays["values"][m, r].tolist(), strict=True))
                if arrays["coordinates"][m, r] >= 0:
                    null = ScoreNull(arrays[f"null_{m}_{r}"], int(arrays["coordinates"][m, r]))
                    into.nulls[method.name][name] = null
                if f"voxels_{m}_{r}" in arrays:
                    kept = (arrays[f"{key}_{m}_{r}"] for key in ("voxels", "truth", "prediction"))
                    into.kept[method.name][name] = KeptCourses(*kept)
        return methods, dict(zip(names, map(str, arrays["subjects"]), strict=True))
    except FileNotFoundError:
        raise CheckpointError(
            "the run has not been evaluated", where=str(path), hint="eeg2fmri evaluate RUN STORE"
        ) from None
    except DAMAGE as error:
        raise CheckpointError(
            "the scores of the recordings are damaged",
            where=str(path),
            got=f"{type(error).__name__}: {error}",
            hint="evaluate the run again",
        ) from None
