"""Names of recordings and where their files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from eeg2fmri.simulate.config import SimulationConfig


@dataclass(frozen=True)
class Recording:
    """One simultaneous recording; session and run are None where the data set has one of them."""

    subject: str
    session: str | None
    task: str
    run: str | None

    @property
    def id(self) -> str:
        """BIDS entities in order, such as ``sub-01_ses-02_task-rest_run-01``."""
        parts = (("sub", self.subject), ("ses", self.session), ("task", self.task), ("run", self.run))
        return "_".join(f"{key}-{value}" for key, value in parts if value is not None)

    @property
    def place(self) -> str:
        """Entities that name the recording's folder, such as ``sub-01_ses-02``."""
        return f"sub-{self.subject}" + (f"_ses-{self.session}" if self.session else "")

    def folder(self, root: Path) -> Path:
        """Folder of the subject, or of its session."""
        return root.joinpath(*self.place.split("_"))


def subject_labels(config: SimulationConfig) -> list[str]:
    """Labels of the subjects, from 01."""
    return _labels(config.subjects)


def recordings_of(config: SimulationConfig, subject: str) -> list[Recording]:
    """List the recordings of a subject: every task and run in every session."""
    sessions = _labels(config.sessions) if config.sessions > 1 else [None]
    runs = _labels(config.runs) if config.runs > 1 else [None]
    return [Recording(subject, ses, task, run) for ses in sessions for task in config.tasks for run in runs]


def _labels(count: int) -> list[str]:
    width = max(2, len(str(count)))
    return [f"{i:0{width}d}" for i in range(1, count + 1)]
