"""Keep the trials of a search for settings: ``trials.json``, a list in the order of their numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eeg2fmri.core.disk.files import write_json
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.results.files import as_float, defined, reading

TRIALS = "trials.json"


@dataclass(frozen=True)
class Trial:
    """One trial of a search: its number, state, score (NaN without one), settings, and error."""

    number: int
    state: str
    score: float = math.nan
    params: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give all as JSON values; a score that there is not is None."""
        return {**vars(self), "score": defined(self.score)}


def write_trials(folder: str | Path, trials: Sequence[Trial]) -> None:
    """Write ``trials.json``.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    write_json(Path(folder) / TRIALS, [trial.to_dict() for trial in trials])


def read_trials(folder: str | Path) -> list[Trial]:
    """Read the trials of a search, in the order of their numbers.

    Raises
    ------
    AbsentResultError
        If the folder holds no search.
    ResultError
        If the file is damaged.
    """
    path = Path(folder) / TRIALS
    with reading(path, "the trials of the search", "give the folder that tune wrote", "the folder holds no search"):
        found = [
            Trial(
                number=int(one["number"]),
                state=str(one["state"]),
                score=as_float(one["score"]),
                params=dict(one["params"]),
                error=str(one.get("error", "")),
            )
            for one in read_json(path)
        ]
    return sorted(found, key=lambda trial: trial.number)
