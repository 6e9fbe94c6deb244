"""What is known of a run, read from its folder: the one place that knows names and formats of result files.

Every part may be missing: a run that is not evaluated has no `Evaluation`, one that was made elsewhere may have no
history. What is there but cannot be read is named in `RunResults.problems`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.report.figures.timecourses import TimeCourse
from eeg2fmri.report.numbers import decimals, number


@dataclass(frozen=True, eq=False)
class History:
    """Course of the training.

    Attributes
    ----------
    epochs : int array, shape (epoch,)
    losses : mapping of name to array, shape (epoch,)
        "training" and "validation" first, then the parts of the loss; NaN where an epoch has none.
    seconds : float
        Duration of all epochs, s; NaN if it was not written.
    """

    epochs: np.ndarray
    losses: Mapping[str, np.ndarray]
    seconds: float

    @property
    def best_epoch(self) -> int | None:
        """Epoch with the lowest validation loss."""
        validation = self.losses.get("validation")
        if validation is None or not np.isfinite(validation).any():
            return None
        return int(self.epochs[int(np.nanargmin(validation))])


@dataclass(frozen=True)
class Metric:
    """A score: how it is called, its unit, which direction is better, how it was computed."""

    name: str
    label: str
    unit: str = ""
    higher_is_better: bool = True
    protocol: str = ""

    def text(self, value: float) -> str:
        """Write a value of it: ratios with three decimals, measures with three digits."""
        return number(value) if self.unit else decimals(value)

    @property
    def axis(self) -> str:
        """Label of an axis that shows it."""
        return f"{self.label} ({self.unit or 'dimensionless'})"


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Scores of each method for each test subject.

    Attributes
    ----------
    methods : tuple of str
        Names as a reader should see them; the judged model first.
    subjects : tuple of str
        Test subjects.
    metrics : tuple of Metric
        The headline first.
    values : array, shape (method, subject, metric)
        NaN where a score is not defined.
    sees : tuple of str
        What each method is given of a test recording; empty if it was not written.
    p_values : array, shape (method,), or None
        Of the headline against time shifts, over all test recordings; NaN where there is no test.
    intervals : array, shape (method, metric, 2), or None
        95 % interval over subjects of the mean; NaN where there is none.
    """

    methods: tuple[str, ...]
    subjects: tuple[str, ...]
    metrics: tuple[Metric, ...]
    values: np.ndarray
    sees: tuple[str, ...] = ()
    p_values: np.ndarray | None = None
    intervals: np.ndarray | None = None

    def of(self, method: str, metric: str) -> np.ndarray:
        """Scores of one method, shape (subject,)."""
        names = [m.name for m in self.metrics]
        return self.values[self.methods.index(method), :, names.index(metric)]

    def mean(self, method: str, metric: str) -> float:
        """Mean over subjects of one score; NaN if no subject has it."""
        values = self.of(method, metric)
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else float("nan")


@dataclass(frozen=True)
class Difference:
    """Headline of the model minus that of a method: mean, 95 % interval over subjects, p value; NaN if undefined."""

    method: str
    mean: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Null:
    """Scores of the same model fed with EEG shifted in time.

    Attributes
    ----------
    scores : array, shape (shift,)
    observed, p_value : float
        Score with the EEG in its place; its p value (NaN if it was not written).
    metric : Metric
    """

    scores: np.ndarray
    observed: float
    p_value: float
    metric: Metric

    @property
    def band(self) -> tuple[float, float]:
        """2.5 and 97.5 percentile of the shifted scores."""
        low, high = np.percentile(self.scores, [2.5, 97.5])
        return float(low), float(high)


@dataclass(frozen=True, eq=False)
class SubjectMaps:
    """Volumes of one test subject, all on one grid.

    Attributes
    ----------
    subject : str
        Test subject or recording.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    correlation : array, shape (x, y, z), or None
        Temporal Pearson r.
    anatomy : array, shape (x, y, z), or None
        Mean BOLD.
    mask : bool array, shape (x, y, z), or None
        Brain.
    truth, prediction : array, shape (volume, x, y, z), or None
        Consecutive example volumes, `unit`.
    prediction_mean : array, shape (x, y, z), or None
        Mean prediction over the whole recording, `unit`.
    onsets : array, shape (volume,), or None
        Times of the example volumes, s.
    p_corrected : array, shape (x, y, z), or None
        p value of the temporal r, corrected for all voxels.
    epistemic, aleatoric : array, shape (x, y, z), or None
        Uncertainty of the prediction, `unit`.
    unit : str
        Unit of the volumes.
    """

    subject: str
    affine: np.ndarray
    correlation: np.ndarray | None = None
    anatomy: np.ndarray | None = None
    mask: np.ndarray | None = None
    truth: np.ndarray | None = None
    prediction: np.ndarray | None = None
    prediction_mean: np.ndarray | None = None
    onsets: np.ndarray | None = None
    p_corrected: np.ndarray | None = None
    epistemic: np.ndarray | None = None
    aleatoric: np.ndarray | None = None
    unit: str = "scanner units"


@dataclass(frozen=True, eq=False)
class Courses:
    """Time courses of regions or voxels of one subject: times (volume,) in s, signals in `unit`."""

    subject: str
    times: np.ndarray
    courses: tuple[TimeCourse, ...]
    unit: str


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What evaluating the run found.

    Attributes
    ----------
    verdict : str
        One sentence: did the EEG help?
    helped : bool or None
        Its gist; None if it cannot be told.
    table : ScoreTable or None
    null : Null or None
    maps : tuple of SubjectMaps
    courses : tuple of Courses
    notes : tuple of str
        Protocols and warnings that were written with the scores.
    differences : tuple of Difference
        The model against each other method.
    times_read : int or None
        How often the test recordings have been evaluated.
    """

    verdict: str
    helped: bool | None
    table: ScoreTable | None = None
    null: Null | None = None
    maps: tuple[SubjectMaps, ...] = ()
    courses: tuple[Courses, ...] = ()
    notes: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    times_read: int | None = None


@dataclass(frozen=True)
class RecordingQuality:
    """One recording of the data set: its id, its part ("train", ...), measures by name, warnings."""

    id: str
    part: str
    measures: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class RunResults:
    """Everything that a report shows.

    Attributes
    ----------
    folder : Path
    card : mapping
        What the model says of itself (config.json): electrodes, frequencies, TR, grid, pairs, model.
    settings : mapping
        Every setting of the training (train.yaml).
    split : mapping of part to tuple of recording ids
    environment : mapping
        Versions, machine, time, memory (environment.json).
    history : History or None
    evaluation : Evaluation or None
    quality : tuple of RecordingQuality
    problems : tuple of str
        Files that are there but cannot be read, and why.
    """

    folder: Path
    card: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    split: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    history: History | None = None
    evaluation: Evaluation | None = None
    quality: tuple[RecordingQuality, ...] = ()
    problems: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Read what there is in a run folder.

        Raises
        ------
        CheckpointError
            If the folder does not exist or holds nothing of a run.
        """
        from eeg2fmri.report.run_files import RunFiles

        folder = Path(folder)
        if not folder.is_dir():
            raise CheckpointError(
                "the run folder does not exist", where=str(folder), hint="give the folder that train wrote"
            )
        files = RunFiles(folder)
        results = cls(
            folder=folder,
            card=files.mapping("config.json"),
            settings=files.mapping("train.yaml"),
            split=files.split(),
            environment=files.mapping("environment.json"),
            history=files.history(),
            evaluation=files.evaluation(),
            quality=files.quality(),
            problems=tuple(files.problems),
        )
        if not (results.card or results.settings or results.split or results.history or results.evaluation):
            raise CheckpointError(
                "the folder holds no run",
                where=str(folder),
                got=", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "an empty folder",
                expected="config.json, train.yaml, split.json, history.csv, evaluation/",
                hint="give the folder that train wrote",
            )
        return results
