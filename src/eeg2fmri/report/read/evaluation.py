"""What evaluating a run found, as a page needs it: scores, differences, null, maps and time courses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from eeg2fmri.core.space import described
from eeg2fmri.report.figures.timecourses import TimeCourse
from eeg2fmri.report.html.numbers import decimals, number


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
    roles : tuple of {"model", "null", "baseline", "ceiling"}
        What each method is; empty if it was not written.
    of_ceilings : mapping of ceiling to array, shape (method,)
        Temporal r as a fraction of that of a method that knows the truth; empty where the truth is not known.
    space : str
        Of the volumes; empty if it was not written.
    protocol : str
        How the test recordings relate to the training, in words; empty if it was not written.
    """

    methods: tuple[str, ...]
    subjects: tuple[str, ...]
    metrics: tuple[Metric, ...]
    values: np.ndarray
    sees: tuple[str, ...] = ()
    p_values: np.ndarray | None = None
    intervals: np.ndarray | None = None
    roles: tuple[str, ...] = ()
    of_ceilings: Mapping[str, np.ndarray] = field(default_factory=dict)
    space: str = ""
    protocol: str = ""

    def role(self, method: str) -> str:
        """Say what a method is; if it was not written, the first is judged, and EEG of the wrong time makes a null."""
        k = self.methods.index(method)
        if self.roles:
            return self.roles[k]
        if k == 0:
            return "model"
        return "null" if self.sees and "wrong time" in self.sees[k] else "baseline"

    @property
    def in_space(self) -> str:
        """Sentences for captions: the protocol, the space, and whether voxels of different subjects correspond."""
        tested = f" Protocol: {self.protocol}." if self.protocol else ""
        return tested + (f" Space: {described(self.space)}." if self.space else "")

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
class Regions:
    """Scores of the regions of an atlas in one test recording.

    Attributes
    ----------
    recording, atlas : str
        Its id; the file of the labels.
    labels : tuple of str, length region
        As in the atlas.
    r, p_corrected : array, shape (region,)
        Temporal r; p value against time shifts, corrected for all regions. NaN where they are not defined.
    median, p_value : float
        Median r over regions, and its p value.
    connectivity : float
        Correlation between the measured and the predicted functional connectivity; NaN where it is not defined.
    truth, prediction : array, shape (time, region), or None
        Mean courses of the regions.
    """

    recording: str
    atlas: str
    labels: tuple[str, ...]
    r: np.ndarray
    p_corrected: np.ndarray
    median: float
    p_value: float
    connectivity: float
    truth: np.ndarray | None = None
    prediction: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Courses:
    """Time courses of regions or voxels of one subject: times (volume,) in s, signals in `unit`."""

    subject: str
    times: np.ndarray
    courses: tuple[TimeCourse, ...]
    unit: str


@dataclass(frozen=True, eq=False)
class Calibration:
    """How often the truth lies within intervals that claim a certain coverage.

    Attributes
    ----------
    claimed : array, shape (level,)
        Claimed coverage, 0 to 1.
    observed : mapping of kind of interval to array, shape (level,)
        Fraction of measured values inside.
    facts : mapping of str to str
        What else is known of the intervals.
    """

    claimed: np.ndarray
    observed: Mapping[str, np.ndarray]
    facts: Mapping[str, str] = field(default_factory=dict)

    def error(self, kind: str) -> float:
        """Mean absolute distance of the observed from the claimed coverage of one kind of interval."""
        return float(np.abs(self.observed[kind] - self.claimed).mean())


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
    calibration : Calibration or None
        Whether the intervals of the model hold what they claim.
    regions : tuple of Regions
        Where an atlas was given.
    latent_distance : mapping of recording to float
        Frechet distance between the latents of EEG and of volumes, where the model has both.
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
    calibration: Calibration | None = None
    regions: tuple[Regions, ...] = ()
    latent_distance: Mapping[str, float] = field(default_factory=dict)
