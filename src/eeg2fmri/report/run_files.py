"""Reading the files of a run folder; whatever cannot be read becomes a problem that the report shows."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.config import read_mapping
from eeg2fmri.core.errors import ConfigError
from eeg2fmri.report.results import Evaluation, History, RecordingQuality

#: Columns of history.csv that are no loss.
NO_LOSS = ("epoch", "seconds", "learning_rate")

#: Names of the main losses in history.csv.
MAIN_LOSSES = {"train_loss": "training", "validation_loss": "validation"}

#: Parts of a split, in the order in which they are shown.
PARTS = ("train", "validation", "test")


class RunFiles:
    """The files of one run folder.

    Parameters
    ----------
    folder : Path
        The run folder.

    Attributes
    ----------
    problems : list of str
        What was there and could not be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Read a YAML or JSON file that holds a mapping; empty if it is absent or damaged."""
        path = self.folder / name
        if not path.is_file():
            return {}
        try:
            return read_mapping(path)
        except ConfigError as error:
            self.problems.append(f"{name}: {error.problems[0].what} ({error.problems[0].got})")
            return {}

    def split(self) -> Mapping[str, tuple[str, ...]]:
        """Read the recording ids of each part."""
        values = self.mapping("split.json")
        return {part: tuple(str(i) for i in values[part]) for part in PARTS if isinstance(values.get(part), list)}

    def history(self) -> History | None:
        """Read the course of the training."""
        path = self.folder / "history.csv"
        if not path.is_file():
            return None
        try:
            with path.open(newline="", encoding="utf-8") as stream:
                rows = list(csv.DictReader(stream))
            columns = {name: np.array([_float(row[name]) for row in rows]) for name in (rows[0] if rows else ())}
            epochs = columns["epoch"].astype(int) if rows else np.zeros(0, dtype=int)
        except (OSError, UnicodeDecodeError, KeyError, ValueError, csv.Error) as error:
            self.problems.append(f"history.csv: {type(error).__name__}: {error}")
            return None
        named = {MAIN_LOSSES[name]: columns[name] for name in MAIN_LOSSES if name in columns}
        parts = {name: column for name, column in columns.items() if name not in (*NO_LOSS, *MAIN_LOSSES)}
        seconds = float(np.nansum(columns["seconds"])) if "seconds" in columns else float("nan")
        return History(epochs, named | parts, seconds)

    def quality(self) -> tuple[RecordingQuality, ...]:
        """Read the quality of the recordings."""
        return ()

    def evaluation(self) -> Evaluation | None:
        """Read what evaluating the run found."""
        return None

    def _json(self, path: Path) -> Any:
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            self.problems.append(f"{path.relative_to(self.folder)}: {type(error).__name__}: {error}")
            return None


def _float(text: str | None) -> float:
    """Return a number; NaN for an empty cell."""
    return float(text) if text not in (None, "") else float("nan")
