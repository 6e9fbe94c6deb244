"""Hold how much of a published score each step of its protocol makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from eeg2fmri.core.disk.files import write_json
from eeg2fmri.results.files import read_content, reading

FILE = "published.json"
FORMAT, VERSION = "eeg2fmri published protocol", 1
#: What stands over everything that was made as published.
WARNING = (
    "As published, and not to be done: volumes and scans are scaled by themselves, test recordings scale the EEG and "
    "choose the epoch. No score after the first step says anything about a new recording."
)


@dataclass(frozen=True)
class Step:
    """A step of a protocol, and the score after it.

    Attributes
    ----------
    name, words : str
    scores : tuple of float
        Of each test recording.
    published : bool
        Whether it is a step of the publication; False for what stands beside it.
    """

    name: str
    words: str
    scores: tuple[float, ...]
    published: bool = True

    @classmethod
    def of(cls, name: str, words: str, scores: np.ndarray, published: bool = True) -> Self:
        """Take scores as an array (recording,)."""
        return cls(name, words, tuple(float(one) for one in scores), published)

    @property
    def mean(self) -> float:
        """Mean over the test recordings."""
        return float(np.mean(self.scores))


@dataclass(frozen=True)
class ModelSteps:
    """Steps of one model on one set of recordings.

    Attributes
    ----------
    model, world, metric : str
    recordings : tuple of str
        Test recordings.
    steps : tuple of Step
        The honest one first.
    """

    model: str
    world: str
    metric: str
    recordings: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class PublishedProtocol:
    """Steps of several models and sets of recordings.

    Attributes
    ----------
    models : tuple of ModelSteps
    facts : dict
        Settings and seeds.
    """

    models: tuple[ModelSteps, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: str | Path) -> None:
        """Write ``published.json`` into a folder that exists."""
        content = {"format": FORMAT, "version": VERSION, "warning": WARNING, "protocol": "as published"}
        write_json(Path(folder) / FILE, content | {"models": [asdict(one) for one in self.models], "facts": self.facts})

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Read what `write` wrote.

        Raises
        ------
        AbsentResultError
            If there is none.
        ResultError
            If it is damaged or of another version.
        """
        path = Path(folder) / FILE
        with reading(path, "the steps of a published protocol", "make it again: python -m benchmarks.study_published"):
            content = read_content(path, FORMAT, VERSION)
            return cls(tuple(_model(one) for one in content["models"]), dict(content["facts"]))

    def rows(self, models: Sequence[ModelSteps] | None = None) -> list[tuple[str, ...]]:
        """Give the table as text: model, recordings, step, score, spread over recordings, how much the step added."""
        found: list[tuple[str, ...]] = []
        for one in self.models if models is None else models:
            before = float("nan")
            for step in one.steps:
                added = f"{step.mean - before:+.3f}" if step.published and np.isfinite(before) else ""
                found.append((one.model, one.world, step.name, f"{step.mean:.3f}", _spread(step), added))
                before = step.mean if step.published else before
        return found


COLUMNS = ("model", "recordings", "step", "score", "recordings from - to", "added by the step")


def _spread(step: Step) -> str:
    return f"{min(step.scores):.3f} to {max(step.scores):.3f}"


def _model(content: dict[str, Any]) -> ModelSteps:
    steps = tuple(
        Step(str(one["name"]), str(one["words"]), tuple(map(float, one["scores"])), bool(one["published"]))
        for one in content["steps"]
    )
    names = tuple(map(str, content["recordings"]))
    return ModelSteps(str(content["model"]), str(content["world"]), str(content["metric"]), names, steps)
