"""The folder of a comparison: what it is of, and how far each model has come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from eeg2fmri.compare.entries import Entry, Size
from eeg2fmri.core.disk.files import whole_folder, write_json
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.store.store import Store
from eeg2fmri.train.run_folder import STATES

FACTS = "comparison.json"
FORMAT, VERSION = "eeg2fmri comparison", 1
Stage = Literal["absent", "begun", "trained"]


def open_comparison(
    path: Path, store: Store, entries: Sequence[Entry], seed: int, size: Size
) -> dict[str, dict[str, Any]]:
    """Make the folder, or go on with one of the same store; models may be added to it.

    Returns
    -------
    dict of name to dict
        Settings of the models that the folder holds beside the entries.

    Raises
    ------
    InputError
        If the folder holds something else, or a comparison of another store, with other settings of a model, or of
        models that were split or sized otherwise.
    """
    models = {entry.name: entry.config.model_dump(mode="json") for entry in entries}
    facts = {"format": FORMAT, "version": VERSION, "store_hash": store.hash, "seed": seed, "size": size}
    if not path.exists():
        with whole_folder(path) as made:
            write_json(made / FACTS, facts | {"models": models})
        return {}
    before = _read(path)
    # what left no run, such as a training that failed at its start, binds nobody
    begun = {name: old for name, old in before["models"].items() if stage(run_folder(path, name)) != "absent"}
    others = {name: old for name, old in begun.items() if name not in models}
    hint = "choose another folder; to go on, use the store and settings that it was begun with"
    pairs = [("store", store.hash, before["store_hash"]), ("seed", seed, before["seed"])]
    pairs += [("size of published models", size, before.get("size", size))]
    # all models of a table have one split
    added = next(iter(models))
    pairs += [
        (f"split of {name} than {added} would have", models[added]["split"], old["split"])
        for name, old in others.items()
    ]
    pairs += [
        (f"setting {key} of {name}", now[key], begun[name].get(key))
        for name, now in models.items()
        if name in begun
        for key in now
    ]
    problems = [
        Problem(f"the comparison was begun with another {what}", str(path), str(now), str(old), hint)
        for what, now, old in pairs
        if now != old
    ]
    if problems:
        raise InputError.of(problems)
    write_json(path / FACTS, facts | {"models": begun | models})
    return others


def run_folder(path: Path, name: str) -> Path:
    """Name the run folder of a model."""
    return path / "runs" / name


def stage(run: Path) -> Stage:
    """How far a run has come."""
    if not run.exists():
        return "absent"
    return "begun" if (run / STATES).is_dir() or not (run / "weights.safetensors").is_file() else "trained"


def _read(path: Path) -> dict[str, Any]:
    try:
        known = dict(read_json(path / FACTS))
        if known["format"] != FORMAT or known["version"] != VERSION:
            raise ValueError(f"format {known['format']}, version {known['version']}")
        # comparisons of an earlier version do not say their size
        size = {key: known[key] for key in ("size",) if key in known}
        return size | {key: known[key] for key in ("format", "version", "store_hash", "seed", "models")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "the folder exists and holds no comparison of models",
            where=str(path),
            got=str(error),
            hint="choose another name, or remove it",
        ) from None
