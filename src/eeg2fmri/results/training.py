"""Keep what is known of a training: its course, its protocol, and the quality of its recordings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from eeg2fmri.core.disk.files import write_csv
from eeg2fmri.core.disk.parse import read_table
from eeg2fmri.results.files import as_float, reading

HISTORY = "history.csv"
#: Columns of history.csv that are no loss.
NO_LOSS = ("epoch", "seconds", "seconds_loading", "seconds_validation", "learning_rate")

#: Names of the main losses in history.csv.
MAIN_LOSSES = {"train_loss": "training", "validation_loss": "validation"}


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

    @classmethod
    def read(cls, run: str | Path) -> Self:
        """Read ``history.csv`` of a run.

        Raises
        ------
        AbsentResultError
            If there is none.
        ResultError
            If it is damaged.
        """
        path = Path(run) / HISTORY
        with reading(path, "the course of the training", "train the run again"):
            rows = read_table(path)
            columns = {name: np.array([as_float(row[name]) for row in rows]) for name in (rows[0] if rows else ())}
            epochs = columns["epoch"].astype(int) if rows else np.zeros(0, dtype=int)
        named = {MAIN_LOSSES[name]: columns[name] for name in MAIN_LOSSES if name in columns}
        parts = {name: column for name, column in columns.items() if name not in (*NO_LOSS, *MAIN_LOSSES)}
        seconds = float(np.nansum(columns["seconds"])) if "seconds" in columns else math.nan
        return cls(epochs, named | parts, seconds)

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
class SplitProtocol:
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


def write_history(run: str | Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ``history.csv`` of a run: one row an epoch, the names of the first rows first."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    write_csv(Path(run) / HISTORY, names, ([row.get(name, "") for name in names] for row in rows))
