"""Read what is known of a run from its folder: the one place that knows names and formats of result files.

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
from eeg2fmri.results.courses import Courses
from eeg2fmri.results.evaluation import Evaluation
from eeg2fmri.results.examples import Examples
from eeg2fmri.results.explanation import Explanation


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

    @property
    def n_epochs(self) -> int:
        """Passes over the training pairs; epoch 0 is a fit in closed form and none of them."""
        return int((self.epochs > 0).sum())


@dataclass(frozen=True)
class Protocol:
    """How the test part of a run relates to what it was trained on.

    Attributes
    ----------
    name : str
        Key, such as "k-fold-subjects"; empty if it was not written.
    label : str
        Its title, its fold, and what the model has seen of the test part.
    fold, folds : int or None
        Number of the fold from 1, and how many there are.
    """

    name: str = ""
    label: str = ""
    fold: int | None = None
    folds: int | None = None


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
    protocol : Protocol
        How the test part relates to the training.
    environment : mapping
        Versions, machine, time, memory (environment.json).
    history : History or None
    evaluation : Evaluation or None
    examples : tuple of Examples
        Volumes and maps of test recordings.
    courses : tuple of Courses
    explanation : Explanation or None
    quality : tuple of RecordingQuality
    problems : tuple of str
        Files that are there but cannot be read, and why.
    """

    folder: Path
    card: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    split: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protocol: Protocol = field(default_factory=lambda: Protocol())
    environment: Mapping[str, Any] = field(default_factory=dict)
    history: History | None = None
    evaluation: Evaluation | None = None
    examples: tuple[Examples, ...] = ()
    courses: tuple[Courses, ...] = ()
    explanation: Explanation | None = None
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
        from eeg2fmri.report.read.run_files import RunFiles

        folder = Path(folder)
        if not folder.is_dir():
            raise CheckpointError(
                "the run folder does not exist", where=str(folder), hint="give the folder that train wrote"
            )
        files = RunFiles(folder)
        evaluation, (examples, courses) = files.evaluation(), files.examples()
        results = cls(
            folder=folder,
            card=files.mapping("config.json"),
            settings=files.mapping("train.yaml"),
            split=files.split(),
            protocol=files.protocol(),
            environment=files.mapping("environment.json"),
            history=files.history(),
            evaluation=evaluation,
            examples=examples,
            courses=courses,
            explanation=files.explanation(),
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
