"""Choose among several files of a recording, where a data set has more than one: echoes, resolutions, versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from eeg2fmri.core.errors import Problem
from eeg2fmri.data.bids.sidecars import entities

#: Key of a choice that is no label of the name: the end of it.
EXTENSION = "extension"


def chosen(files: Sequence[Path], choose: Mapping[str, str]) -> list[Path]:
    """Keep of the files of one recording those with the labels that were chosen.

    A label that none of them has does not decide; an empty one keeps those without the label; ``2`` is ``02``.
    """
    left = list(files)
    for key, wanted in choose.items():
        fitting = [path for path in left if _plain(_value(path, key)) == _plain(wanted)]
        left = fitting if len(left) > 1 and any(_value(path, key) for path in left) else left
    return left


def several_problem(files: Sequence[Path], kind: str, setting: str) -> Problem:
    """Say that a recording has several files, and how one of them is chosen."""
    keys = dict.fromkeys(key for path in files for key in (*entities(path), EXTENSION))
    differing = {key: sorted({_value(path, key) for path in files}) for key in keys}
    differing = {key: values for key, values in differing.items() if len(values) > 1}
    key = next(iter(differing), "")
    values = differing.get(key, [""])
    example = (values[0] if key == "part" else values[-1]) or "''"  # a phase is no BOLD: mag, or no label
    without = "; '' takes the one without" if "" in values else ""
    return Problem(
        f"a recording has several {kind} files" if files else f"the choice leaves a recording no {kind} file",
        str(files[0].parent) if files else "",
        ", ".join(path.name for path in files),
        "one file for each subject, session, task and run",
        f"choose one, for example {setting}: {{choose: {{{key}: {example}}}}} "
        f"(they differ in {', '.join(differing)}{without})"
        + ("; or combine the echoes first" if "echo" in differing else "")
        if key
        else "keep one of them",
    )


def _value(path: Path, key: str) -> str:
    ends = (".nii.gz", ".fif.gz")
    if key == EXTENSION:
        return next((end for end in ends if path.name.endswith(end)), path.suffix)
    return entities(path).get(key, "")


def _plain(label: str) -> str:
    return str(int(label)) if label.isdigit() else label
