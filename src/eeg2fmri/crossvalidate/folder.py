"""The folder of a cross-validation: what it is of, and how far each fold has come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from eeg2fmri.core.disk.files import OutputError, whole_folder, write_json
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.recordings.collect import RECORDINGS
from eeg2fmri.results.scores.evaluation import FOLDER
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.run_folder import STATES

#: What the folder is of.
FACTS = "crossvalidation.json"
FORMAT = "eeg2fmri cross-validation"
VERSION = 1

Stage = Literal["absent", "begun", "trained", "evaluated"]


@dataclass(frozen=True)
class CrossValidationFolder:
    """A folder with a run for each fold.

    Attributes
    ----------
    path : Path
    folds : int
    """

    path: Path
    folds: int

    @classmethod
    def open(cls, path: Path, store: Store, config: TrainConfig, folds: int, seed: int) -> Self:
        """Make the folder, or go on with one of the same store and settings.

        Raises
        ------
        InputError
            If the folder holds something else, or a cross-validation of another store or of other settings: every
            difference is named.
        """
        settings = config.model_dump(mode="json")
        facts = {
            "format": FORMAT,
            "version": VERSION,
            "store_hash": store.hash,
            "folds": folds,
            "seed": seed,
            "settings": settings,
        }
        if not path.exists():
            try:
                with whole_folder(path) as made:
                    write_json(made / FACTS, facts)
            except OutputError:  # another process may have made it at the same moment
                if not path.exists():
                    raise
        _check(path, facts)
        return cls(path, folds)

    def run(self, fold: int) -> Path:
        """Name the run folder of a fold, counted from 1."""
        return self.path / f"fold-{fold:02d}"

    def recordings(self, fold: int) -> Path:
        """Name the file with the scores of the recordings that a fold tests."""
        return self.run(fold) / FOLDER / RECORDINGS

    def stage(self, fold: int) -> Stage:
        """How far a fold has come."""
        run = self.run(fold)
        if not run.exists():
            return "absent"
        if (run / STATES).is_dir() or not (run / "weights.safetensors").is_file():
            return "begun"
        done = self.recordings(fold).is_file() and (run / FOLDER / "scores.json").is_file()
        return "evaluated" if done else "trained"

    @property
    def left(self) -> list[int]:
        """Folds that are not evaluated."""
        return [fold for fold in range(1, self.folds + 1) if self.stage(fold) != "evaluated"]


def _check(path: Path, facts: dict[str, Any]) -> None:
    hint = "choose another folder; to go on, use the store and settings that it was begun with"
    try:
        known = dict(read_json(path / FACTS))
        known["settings"] = dict(known["settings"])
        if known["format"] != FORMAT or known["version"] != VERSION:
            raise ValueError(f"format {known['format']}, version {known['version']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "the folder exists and holds no cross-validation",
            where=str(path),
            got=str(error),
            hint="choose another name, or remove it",
        ) from None
    problems = [
        Problem(f"the cross-validation was begun with another {name}", str(path), str(now), str(before), hint)
        for name, now, before in _differences(facts, known)
    ]
    if problems:
        raise InputError.of(problems)


def _differences(now: dict[str, Any], before: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    top = [("store", "store_hash"), ("number of folds", "folds"), ("seed", "seed")]
    found = [(name, now[key], before.get(key)) for name, key in top if now[key] != before.get(key)]
    settings, old = now["settings"], before["settings"]
    keys = [key for key in settings if settings[key] != old.get(key)]
    return found + [(f"setting {key}", settings[key], old.get(key)) for key in keys]
