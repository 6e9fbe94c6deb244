"""States of an unfinished training on disk: complete or absent, checked when read, never unpickled."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from eeg2fmri.core.config import fingerprint
from eeg2fmri.core.disk.digest import file_digest
from eeg2fmri.core.disk.files import told_of, whole_files
from eeg2fmri.core.disk.parse import DAMAGE, read_json
from eeg2fmri.core.errors import CheckpointError

#: States kept on disk: the newest, and the one before for the case that the newest is damaged.
KEPT = 2
#: The next step where one cannot be written.
GO_ON = "make room, then continue with --resume: the state before this one is intact"
#: The same where there is no state before.
BEGIN = "make room, then start the training again: nothing was kept of it"


@dataclass(frozen=True)
class State:
    """One moment of a training.

    Attributes
    ----------
    tensors : dict of str to Tensor
        Weights under ``model.``, moments of the optimiser under ``optimiser.``, averaged weights under
        ``average.``.
    facts : dict
        JSON: epoch, steps, history, sums of the running epoch, best validation loss.
    """

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def write_state(folder: Path, step: int, state: State) -> None:
    """Write a state; an older one is removed only after the new one is complete.

    Raises
    ------
    CheckpointError
        If the disk is full or cannot be written; states written before stay.
    """
    name = f"state-{step:09d}"
    tensors = {key: value.detach().cpu().contiguous() for key, value in state.tensors.items()}
    # the weights of the best epoch lie below the states
    hint = GO_ON if any([*folder.glob("state-*.json"), *folder.parent.glob("state-*.json")]) else BEGIN
    with told_of(folder, raises=CheckpointError, hint=hint):
        folder.mkdir(parents=True, exist_ok=True)
    files = (folder / f"{name}.safetensors", folder / f"{name}.json")
    with whole_files(*files, raises=CheckpointError, hint=hint) as (weights, record):
        save_file(tensors, weights)
        facts = {"bytes": weights.stat().st_size, "sha256": file_digest(weights), "facts": state.facts}
        record.write_text(json.dumps(facts | {"digest": fingerprint(facts)}), encoding="utf-8")
    for old in sorted(folder.glob("state-*.json"))[:-KEPT]:
        old.unlink()
        old.with_suffix(".safetensors").unlink(missing_ok=True)


def read_state(folder: Path, newest: int | None = None) -> State | None:
    """Read the newest intact state, none newer than step `newest`; None if there is none at all.

    A damaged one is passed over with a warning that names it.

    Raises
    ------
    CheckpointError
        If there are states and all are damaged.
    """
    damaged = []
    for record_path in sorted(folder.glob("state-*.json"), reverse=True):
        if newest is not None and int(record_path.stem.removeprefix("state-")) > newest:
            continue
        try:
            record = read_json(record_path)
            tensor_path = record_path.with_suffix(".safetensors")
            whole = record.pop("digest") == fingerprint(record) and tensor_path.stat().st_size == record["bytes"]
            if whole and file_digest(tensor_path) == record["sha256"]:
                return State(load_file(tensor_path), record["facts"])
            reason = "its content differs from what was written"
        except DAMAGE as error:
            reason = f"{type(error).__name__}: {error}"
        damaged.append(f"{record_path.stem} ({reason})")
        warnings.warn(f"training state {record_path} is damaged and passed over: {reason}", stacklevel=2)
    if damaged:
        raise CheckpointError(
            "every saved state of the training is damaged",
            where=str(folder),
            got="; ".join(damaged),
            hint="start the training again in a new folder",
        )
    return None


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Moments of an optimiser as named tensors, ``optimiser.<parameter index>.<moment>``."""
    return {
        f"optimiser.{index}.{key}": torch.as_tensor(value)
        for index, moments in optimiser.state_dict()["state"].items()
        for key, value in moments.items()
    }


def restore(state: State, model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Put the weights and moments of `state` back.

    Raises
    ------
    CheckpointError
        If the state is of another model.
    """
    weights = {key.removeprefix("model."): value for key, value in state.tensors.items() if key.startswith("model.")}
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(
            "the saved state is of another model", got=str(error), hint="resume with the settings of the run"
        ) from None
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in state.tensors.items():
        if key.startswith("optimiser."):
            _, index, name = key.split(".", 2)
            moments.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
