"""Time courses of the brain, of single voxels and of regions of a test recording.

``<recording>_courses.npz`` holds ``names`` (course,), ``inside`` (course, x, y, z): the voxels whose mean it is,
``times`` (time,) in s, ``truth``, ``prediction``, ``lower``, ``upper`` (course, time) in BOLD units, NaN where there is
no interval, ``level`` of the intervals, ``unit``; and with an atlas ``region_labels`` (region,), ``region_truth`` and
``region_prediction`` (time, region) of all its regions.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from eeg2fmri.core.disk.npz import read_npz, save_npz
from eeg2fmri.results.files import reading

COURSES = "_courses.npz"
LEVEL = 0.95
AGAIN = "evaluate again: eeg2fmri evaluate RUN STORE"
#: Arrays of all regions, where an atlas was given.
OF_REGIONS = ("region_labels", "region_truth", "region_prediction")


@dataclass(frozen=True, eq=False)
class Courses:
    """Measured and predicted courses of one recording.

    Attributes
    ----------
    recording : str
        Its id.
    names : tuple of str, length course
        What each is the course of.
    times : array, shape (time,)
        s.
    truth, prediction : array, shape (course, time)
        `unit`.
    lower, upper : array, shape (course, time), or None
        Interval of the prediction; NaN where it could not be known.
    inside : bool array, shape (course, x, y, z), or None
        Voxels whose mean each is.
    region_labels : int array, shape (region,), or None
        As in the atlas.
    region_truth, region_prediction : array, shape (time, region), or None
    unit : str
    level : float
        Coverage that the intervals claim.
    """

    recording: str
    names: tuple[str, ...]
    times: np.ndarray
    truth: np.ndarray
    prediction: np.ndarray
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    inside: np.ndarray | None = None
    region_labels: np.ndarray | None = None
    region_truth: np.ndarray | None = None
    region_prediction: np.ndarray | None = None
    unit: str = "BOLD units"
    level: float = LEVEL

    def __post_init__(self) -> None:
        shape = (len(self.names), len(self.times))
        curves = (self.truth, self.prediction, self.lower, self.upper)
        if any(curve is not None and curve.shape != shape for curve in curves):
            raise ValueError(f"courses of {self.recording} do not have the shape {shape} of their names and times")

    def write(self, folder: str | Path) -> None:
        """Write ``<recording>_courses.npz``.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        nothing = np.full(self.truth.shape, np.nan)
        arrays: dict[str, Any] = {
            "names": np.array(self.names),
            "inside": self.inside,
            "times": self.times,
            "truth": self.truth,
            "prediction": self.prediction,
            "lower": nothing if self.lower is None else self.lower,
            "upper": nothing if self.upper is None else self.upper,
            "level": self.level,
            "unit": self.unit,
            **{name: getattr(self, name) for name in OF_REGIONS},
        }
        path = Path(folder) / f"{self.recording}{COURSES}"
        save_npz(path, {name: value for name, value in arrays.items() if value is not None})

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
        path = Path(folder) / f"{recording}{COURSES}"
        with reading(path, "the time courses of a test recording", AGAIN):
            arrays = read_npz(path)
            return cls(
                recording,
                tuple(str(name) for name in arrays["names"]),
                arrays["times"],
                arrays["truth"],
                arrays["prediction"],
                lower=arrays["lower"],
                upper=arrays["upper"],
                inside=arrays.get("inside"),
                region_labels=arrays.get("region_labels"),
                region_truth=arrays.get("region_truth"),
                region_prediction=arrays.get("region_prediction"),
                unit=str(arrays["unit"]),
                level=float(arrays.get("level", LEVEL)),
            )
