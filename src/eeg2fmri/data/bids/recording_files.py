"""The two files of a recording, and the labels that name it."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from eeg2fmri.core.errors import InputError, Problem, first_of

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
        Labels without prefix, as `plain_label` has them; empty where there is none.
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


def plain_label(label: str) -> str:
    r"""Write a label as names of recordings have it: an underscore would end it, and ``\`` and ``:`` lead elsewhere.

    >>> [plain_label(label) for label in ("s_1", "anna maria", "jörg", "s(1)", "王")]
    ['s-1', 'anna maria', 'jörg', 's(1)', '王']
    """
    return re.sub(r"[_\\:]+", "-", unicodedata.normalize("NFC", label)).strip("-. ")


def rewritten_labels(root: Path, found: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """Say which labels of a data set are written otherwise in the names of its recordings.

    Parameters
    ----------
    root : Path
        Folder of the data set, for the errors.
    found : iterable of mapping
        Labels of each recording by their BIDS key.

    Raises
    ------
    InputError
        If two labels would be one, or nothing is left of one.
    """
    forms: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for labels in found:
        for key in LABELS.values():
            if key in labels:
                forms[key, plain_label(labels[key])][labels[key]] = None
    problems = [
        Problem(
            "labels of the data set are too much alike" if len(labels) > 1 else "a label holds nothing but signs",
            str(root),
            f"{key}: {first_of(map(repr, labels), 5)}",
            f"labels that differ in more than signs: these would {'all be ' + name if name else 'be empty'}",
            "rename the folders or files",
        )
        for (key, name), labels in forms.items()
        if len(labels) > 1 or not name
    ]
    if problems:
        raise InputError.of(problems)
    others = [f"{label!r} is {name}" for (_, name), labels in forms.items() for label in labels if label != name]
    return (f"labels with signs that a name of a recording cannot have: {first_of(others, 5)}",) if others else ()


def labelled(chosen: dict[str, str], eeg: Path, bold: Path) -> RecordingFiles:
    """Name two files by their labels (``sub``, ``ses``, ``task``, ``run`` as far as they have them)."""
    plain = {key: plain_label(label) for key, label in chosen.items()}
    return RecordingFiles(
        id=named(plain),
        subject=plain["sub"],
        session=plain.get("ses", ""),
        task=plain.get("task", ""),
        run=plain.get("run", ""),
        eeg=eeg,
        bold=bold,
    )


def named(labels: Mapping[str, str]) -> str:
    """Join labels to a BIDS name: ``sub-01_task-rest``."""
    return "_".join(f"{key}-{label}" for key, label in labels.items())
