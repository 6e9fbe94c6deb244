"""Arrays of a test recording that a report draws: volumes, maps and time courses, in BOLD units.

``<recording>_examples.npz`` holds ``subject``; ``affine`` (4, 4); ``mask``, ``anatomy`` and ``prediction_mean`` (mean
volumes), ``r``, and ``p_voxel``, ``p_max`` where there was a test (x, y, z); ``truth``, ``prediction``, ``difference``
(volume, x, y, z) and ``onsets`` (volume,) of example volumes; ``times`` (time,), ``course_names`` (course,),
``course_truth`` and ``course_prediction`` (course, time) of the brain mean and of single voxels that are named by how
they were chosen; ``unit``; ``epistemic`` and ``aleatoric`` standard deviation (x, y, z) where the model tells of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from eeg2fmri.core.disk.npz import read_npz, save_npz
from eeg2fmri.results.courses import COURSES, Courses
from eeg2fmri.results.files import AbsentResultError, ResultError, reading
from eeg2fmri.results.images import open_image

EXAMPLES = "_examples.npz"
MAP = "_desc-temporalr_map.nii.gz"
#: Consecutive volumes that are kept, from the middle of the recording.
EXAMPLE_VOLUMES = 40
#: Parts that some recordings do not have.
OPTIONAL = ("p_voxel", "p_max", "epistemic", "aleatoric", "prediction_mean")
T = TypeVar("T")
AGAIN = "evaluate again: eeg2fmri evaluate RUN STORE"


@dataclass(frozen=True, eq=False)
class Examples:
    """What is shown of one test recording, all on one grid; where only its map is left, the map.

    Attributes
    ----------
    recording : str
        Its id.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    r : array, shape (x, y, z), or None
        Temporal Pearson r; NaN where it is not defined.
    mask : bool array, shape (x, y, z), or None
        Brain.
    anatomy, prediction_mean : array, shape (x, y, z), or None
        Mean over the whole recording of BOLD and of the prediction, `unit`.
    truth, prediction : array, shape (volume, x, y, z), or None
        Consecutive example volumes, `unit`.
    onsets : array, shape (volume,), or None
        Of the example volumes, s.
    p_voxel, p_max : array, shape (x, y, z), or None
        p value of the temporal r of each voxel by itself, and corrected for all voxels.
    epistemic, aleatoric : array, shape (x, y, z), or None
        Uncertainty of the prediction, `unit`.
    courses : Courses or None
        Of the brain mean and of single voxels, without intervals.
    unit : str
        Of the volumes.
    subject : str
    """

    recording: str
    affine: np.ndarray
    r: np.ndarray | None = None
    mask: np.ndarray | None = None
    anatomy: np.ndarray | None = None
    prediction_mean: np.ndarray | None = None
    truth: np.ndarray | None = None
    prediction: np.ndarray | None = None
    onsets: np.ndarray | None = None
    p_voxel: np.ndarray | None = None
    p_max: np.ndarray | None = None
    epistemic: np.ndarray | None = None
    aleatoric: np.ndarray | None = None
    courses: Courses | None = None
    unit: str = "BOLD units"
    subject: str = ""

    def write(self, folder: str | Path) -> None:
        """Write ``<recording>_examples.npz``.

        Raises
        ------
        ValueError
            If a part is missing that every evaluated recording has.
        OutputError
            If it cannot be written.
        """
        path = Path(folder) / f"{self.recording}{EXAMPLES}"
        if self.courses is None or self.truth is None or self.prediction is None:
            raise ValueError(f"{self.recording}: examples need volumes and courses")
        own = {part.name for part in fields(self)} - {"recording", "courses"}
        arrays = {name: getattr(self, name) for name in sorted(own)}
        save_npz(
            path,
            {
                **{name: value for name, value in arrays.items() if value is not None},
                "difference": self.prediction - self.truth,
                "times": self.courses.times,
                "course_names": np.array(self.courses.names),
                "course_truth": self.courses.truth,
                "course_prediction": self.courses.prediction,
            },
        )

    @classmethod
    def read(cls, folder: str | Path, recording: str) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        AbsentResultError
            If there is no such file.
        ResultError
            If it is damaged.
        """
        path = Path(folder) / f"{recording}{EXAMPLES}"
        with reading(path, "the examples of a test recording", AGAIN):
            arrays = read_npz(path)
            unit = str(arrays["unit"])
            names, times = tuple(str(name) for name in arrays["course_names"]), arrays["times"]
            needed = ("affine", "r", "mask", "anatomy", "truth", "prediction", "onsets")
            parts: dict[str, Any] = {name: arrays[name] for name in needed}
            parts |= {name: arrays[name] for name in OPTIONAL if name in arrays}
            parts["mask"] = parts["mask"].astype(bool)
            grids = {values.shape[-3:] for name, values in parts.items() if name not in ("affine", "onsets")}
            if len(grids) != 1:
                raise ValueError(f"the volumes have several grids: {sorted(grids)}")
            courses = Courses(recording, names, times, arrays["course_truth"], arrays["course_prediction"], unit=unit)
            return cls(recording, courses=courses, unit=unit, subject=str(arrays["subject"]), **parts)


def example_volumes(count: int) -> slice:
    """Choose the example volumes of a recording of so many volumes."""
    first = max(0, count // 2 - EXAMPLE_VOLUMES // 2)
    return slice(first, first + EXAMPLE_VOLUMES)


def read_map(folder: str | Path, recording: str) -> Examples:
    """Read the map of temporal r of a recording whose examples are absent or damaged.

    Raises
    ------
    ResultError
    """
    path = Path(folder) / f"{recording}{MAP}"
    with reading(path, "the map of temporal r", AGAIN):
        image = open_image(path)
        r = np.asarray(image.dataobj, dtype=np.float32)
        return Examples(recording, np.asarray(image.affine), r=r, mask=np.isfinite(r))


def read_examples(folder: str | Path, problems: list[str]) -> tuple[tuple[Examples, ...], tuple[Courses, ...]]:
    """Read what is shown of every test recording.

    Parameters
    ----------
    folder : path
        ``RUN/evaluation``.
    problems : list of str
        Takes what was there and could not be read.

    Returns
    -------
    examples : tuple of Examples
    courses : tuple of Courses
        With intervals, where they were written.
    """
    folder = Path(folder)
    names = {file.name.removesuffix(EXAMPLES) for file in folder.glob(f"*{EXAMPLES}")}
    names |= {file.name.removesuffix(MAP) for file in folder.glob(f"*{MAP}")}
    found: list[Examples] = []
    courses: list[Courses] = []
    for name in sorted(names):
        own = [*_tried(Examples.read, folder, name, EXAMPLES, problems)]
        found += own or _tried(read_map, folder, name, MAP, problems)
        with_intervals = _tried(Courses.read, folder, name, COURSES, problems)
        courses += with_intervals or [one.courses for one in own if one.courses is not None]
    return tuple(found), tuple(courses)


def _tried(read: Callable[[Path, str], T], folder: Path, name: str, ending: str, problems: list[str]) -> list[T]:
    """Read one file; nothing if there is none, or it is damaged, which is then named."""
    try:
        return [read(folder, name)]
    except AbsentResultError:
        return []
    except ResultError as error:
        problems.append(error.brief(f"{name}{ending}"))
        return []
