"""Read what is known of a run from its folder: the one place that knows names and formats of result files.

Every part may be missing: a run that is not evaluated has no `Evaluation`, one that was made elsewhere may have no
history. What is there but cannot be read is named in `RunResults.problems`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from eeg2fmri.core.disk.files import contents
from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.report.read.run_files import RunFiles
from eeg2fmri.results.courses import Courses
from eeg2fmri.results.examples import Examples
from eeg2fmri.results.explanation import Explanation
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.training import History, RecordingQuality, SplitProtocol


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
    protocol : SplitProtocol
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
    protocol: SplitProtocol = field(default_factory=SplitProtocol)
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
                got=contents(folder),
                expected="config.json, train.yaml, split.json, history.csv, evaluation/",
                hint="give the folder that train wrote",
            )
        return results
