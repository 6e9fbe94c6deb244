"""Results of single folds on disk: whole or absent, so that a classification that was stopped goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.files import write_json
from eeg2fmri.core.disk.npz import read_npz, save_npz
from eeg2fmri.core.disk.parse import DAMAGE, read_json
from eeg2fmri.core.errors import InputError, Problem

FORMAT = "eeg2fmri classification"
STATE = "classify.json"
FOLDS = "folds"


@dataclass(frozen=True, eq=False)
class FoldResult:
    """What a fold gave.

    Attributes
    ----------
    probability : dict of method to array, shape (test window, class)
    facts : dict
        Test subjects, settings and losses by method, seconds.
    arrays : dict
        Relevance of the view classifier, where windows are explained.
    """

    probability: dict[str, np.ndarray]
    facts: dict[str, Any]
    arrays: dict[str, np.ndarray]


def open_result(folder: Path, fingerprint: str, facts: dict[str, Any]) -> None:
    """Make the folder of a result, or check that the one that exists is of the same classification.

    Raises
    ------
    InputError
        If the folder is something else, or belongs to other settings, run or store.
    """
    state = folder / STATE
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        try:
            known = read_json(state)
            same = known["format"] == FORMAT and known["fingerprint"] == fingerprint
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(
                "the output exists and is no classification", where=str(folder), hint="choose another path"
            ) from None
        if not same:
            problems = [
                Problem(
                    "the output belongs to another classification",
                    f"{folder}: {name}",
                    str(known.get(name)),
                    str(value),
                )
                for name, value in facts.items()
                if known.get(name) != value
            ] or [Problem("the output belongs to another version", str(folder))]
            raise InputError.of(
                [*problems, Problem("nothing was overwritten", hint="choose another path for the result")]
            )
        return
    (folder / FOLDS).mkdir(parents=True)
    write_json(state, {"format": FORMAT, "fingerprint": fingerprint, **facts})


def fold_path(folder: Path, name: str) -> Path:
    """File of a fold."""
    return folder / FOLDS / f"{name}.npz"


def write_fold(path: Path, result: FoldResult) -> None:
    """Write a fold; the file has its name when the last byte is written."""
    arrays: dict[str, Any] = {f"probability {name}": value for name, value in result.probability.items()}
    arrays |= {f"array {name}": value for name, value in result.arrays.items()}
    arrays["facts"] = np.array(json.dumps(result.facts))
    save_npz(path, arrays)


def read_fold(path: Path) -> FoldResult | None:
    """Read a fold; None if there is none, or it is damaged and has to be run again."""
    try:
        found = read_npz(path)
        return FoldResult(
            {k.removeprefix("probability "): found[k] for k in found if k.startswith("probability ")},
            dict(json.loads(str(found["facts"]))),
            {k.removeprefix("array "): found[k] for k in found if k.startswith("array ")},
        )
    except DAMAGE:
        return None
