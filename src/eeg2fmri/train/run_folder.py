"""The folder of a run: complete or absent when it is made, read again to go on, tidied when the training is done."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eeg2fmri.core.disk.files import OutputError, whole_folder, write_json
from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.data.splits.leakage import check_leakage
from eeg2fmri.data.splits.make import read_split
from eeg2fmri.data.splits.split import Split
from eeg2fmri.data.store.quality import left_out
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.presets import with_preset
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.states.state import BEGIN, GO_ON

#: Folder of the states of an unfinished training.
STATES = "states"

#: What the system says where a file cannot be written: full, over a quota or limit, read-only.
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


def refuse_existing_run(run: Path, *, resumable: bool = True) -> None:
    """Raise an InputError if there is something at `run`; where work can be resumed, say so."""
    if run.exists():
        resume = ", or go on with an interrupted training by --resume" if resumable else ""
        raise InputError(
            "the run folder exists already",
            where=str(run),
            hint=f"choose another name, remove it{resume}" if resume else "choose another name, or remove it",
        )


def make_run_folder(run: Path, config: TrainConfig, split: Split, store: Store, facts: dict[str, Any]) -> None:
    """Make a run folder with everything that is known before the training.

    It is written under another name and renamed: a process that is killed leaves a folder that can be resumed, or none.

    Parameters
    ----------
    run : Path
        Must not exist.
    config : TrainConfig
    split : Split
    store : Store
        That the split divides.
    facts : dict
        See `eeg2fmri.train.environment.environment`.
    """
    with whole_folder(run) as part:
        config.write(part / "train.yaml")
        split.save(part / "split.json", store)
        quality: list[dict[str, Any]] = [{"id": one.id, "quality": one.quality} for one in store.recordings]
        quality += [
            {"id": name, "left_out": True, "quality": {"warnings": [reason]}}
            for name, reason in left_out(store).items()
        ]
        write_json(part / "recordings.json", quality)
        write_json(part / "environment.json", facts)


def resumed_config(run: Path, values: dict[str, Any]) -> TrainConfig:
    """Read the settings of an unfinished run.

    Parameters
    ----------
    run : Path
    values : dict
        Settings as they were given, by the same command for example; only ``epochs`` may be another one.

    Raises
    ------
    InputError
        If there is no training to go on with, it is complete, or other settings are given.
    """
    if not (run / "train.yaml").is_file():
        raise InputError("there is no training to go on with", where=str(run), hint="start it without --resume")
    if not (run / STATES).is_dir() and (run / "weights.safetensors").is_file():
        raise InputError("the training of this run is complete", where=str(run), hint="train a new run")
    config = TrainConfig.read(run / "train.yaml")
    said = {name: value for name, value in values.items() if name != "epochs"}
    given = with_preset({"model": config.model, **said})
    meant = TrainConfig.make(given).model_dump(mode="json")
    saved = config.model_dump(mode="json")
    # what a preset would add has been decided when the run was begun
    others = [name for name in sorted(said) if _differs(said[name], meant[name], saved[name])]
    if others:
        raise InputError(
            "settings cannot change while a training goes on",
            where=str(run),
            got=", ".join(others),
            expected="the settings that it was started with; epochs may be others",
            hint="train a new run with the new settings",
        )
    if "epochs" in values:
        config = TrainConfig.make({**config.model_dump(mode="json"), "epochs": values["epochs"]})
        config.write(run / "train.yaml")
    return config


def _differs(given: Any, meant: Any, saved: Any) -> bool:
    """Tell whether a setting that was given, with its defaults filled in, is another than that of the run."""
    if not isinstance(given, dict) or not isinstance(saved, dict):
        return bool(meant != saved)
    # what follows from the store, such as a window in seconds, has been replaced in the run
    known = [key for key in given if key in saved and saved[key] is not None]
    return any(_differs(given[key], meant.get(key), saved[key]) for key in known)


def resumed_split(run: Path, store: Store, config: TrainConfig) -> Split:
    """Read the split of an unfinished run.

    Raises
    ------
    CheckpointError
        If it cannot be read, or is of another store.
    LeakageError
        If what tests the run would train it.
    """
    split, store_hash = read_split(run)
    if store_hash != store.hash:
        raise CheckpointError(
            "the run was trained on another store",
            where=str(store.path),
            got=store.hash,
            expected=store_hash,
            hint="give the store of the run, or train a new run",
        )
    check_leakage(store, split, config.pairs)
    return split


def remove_states(run: Path) -> None:
    """Remove the states of a training that is done.

    They lose their name first: a process that is killed half-way leaves a run that is complete, not one with half of
    its states.
    """
    done = run / f".{STATES}.done"
    shutil.rmtree(done, ignore_errors=True)
    (run / STATES).rename(done)
    shutil.rmtree(done)


@contextlib.contextmanager
def writing(run: Path) -> Iterator[None]:
    """Raise a CheckpointError where the run folder cannot be written, for example because the disk is full."""
    try:
        yield
    except OutputError as error:
        first = error.problems[0]
        raise CheckpointError(first.what, where=first.where, got=first.got, hint=_next_step(run)) from error
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise CheckpointError(
            "the run folder cannot be written",
            where=str(error.filename or run),
            got=str(error),
            hint=_next_step(run),
        ) from error


def _next_step(run: Path) -> str:
    return GO_ON if any((run / STATES).glob("state-*.json")) else BEGIN
