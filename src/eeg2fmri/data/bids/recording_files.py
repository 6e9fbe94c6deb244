"""The two files of a recording, and the labels that name it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: BIDS keys of the labels of a layout.
LABELS = {"subject": "sub", "session": "ses", "task": "task", "run": "run"}


@dataclass(frozen=True)
class RecordingFiles:
    """The two files of a simultaneous recording.

    Attributes
    ----------
    id : str
        BIDS name without suffix, for example ``sub-01_ses-2_task-rest_run-1``.
    subject, session, task, run : str
        Labels without prefix; empty where there is none.
    eeg, bold : Path
        The EEG file (header) and the 4-D NIfTI.
    """

    id: str
    subject: str
    session: str
    task: str
    run: str
    eeg: Path
    bold: Path


@dataclass(frozen=True)
class FoundRecordings:
    """Pairs in a BIDS folder, and what was left over in words."""

    recordings: tuple[RecordingFiles, ...]
    notes: tuple[str, ...]


def labelled(chosen: dict[str, str], eeg: Path, bold: Path) -> RecordingFiles:
    """Name two files by their BIDS labels (``sub``, ``ses``, ``task``, ``run`` as far as they have them)."""
    return RecordingFiles(
        id="_".join(f"{key}-{label}" for key, label in chosen.items()),
        subject=chosen["sub"],
        session=chosen.get("ses", ""),
        task=chosen.get("task", ""),
        run=chosen.get("run", ""),
        eeg=eeg,
        bold=bold,
    )
