"""Settings of a checkpoint: from its own metadata or from a JSON file, brought to a model and what is known beside it.

The JSON file may hold, beside ``electrodes``, ``frequencies`` (Hz), ``tr`` (s), ``affine``, ``space``, ``pairs`` and
``part``:

- our own model config (with its ``kind``), or our ``config.json`` (with ``model``);
- arguments of the earlier package's constructor, bare or as ``{"class_name": ..., "config": {...}}``;
- the flat form with ``cls``, ``eeg_shape``, ``fmri_shape``, ``na_spec_eeg``, ``na_spec_fmri`` and ``flags``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import CheckpointError, ConfigError
from eeg2fmri.models.earlier_package.keras_import.flags import autoencoder_arguments, synthesizer_arguments
from eeg2fmri.models.earlier_package.keras_import.metadata import Recorded, plain
from eeg2fmri.models.earlier_package.seed_names import EEG_to_fMRI, fMRI_AE
from eeg2fmri.models.registry import build

#: What a card knows that no checkpoint of the earlier package holds.
FACTS = ("electrodes", "frequencies", "tr", "affine", "space", "pairs")
#: Entries of the flat form that record something else than settings.
RECORDS = ("cls", "class_name", "keras_names", "trainable", "decoder_layers", "uncovered_weights", "loss", "note")
#: Parts of a model that a file of one graph may hold.
PARTS = ("eeg_encoder", "fmri_encoder", "decoder", "encoder")


class Settings(NamedTuple):
    """What a checkpoint is imported as.

    Attributes
    ----------
    model : nn.Module
        With its initial weights.
    facts : dict
        Entries of the card that the user gave.
    part : str or None
        Part of the model that the file holds, where the user says so.
    notes : tuple of str
        Settings that had no effect in the earlier package and were changed to what it did.
    """

    model: nn.Module
    facts: dict[str, Any]
    part: str | None
    notes: tuple[str, ...]


def read_settings(path: str | Path | None, recorded: Recorded | None, where: str) -> Settings:
    """Find the settings of a checkpoint and build its model.

    Parameters
    ----------
    path : str or Path or None
        JSON file of the user.
    recorded : Recorded or None
        What the checkpoint itself records.
    where : str
        The checkpoint, for errors.

    Raises
    ------
    CheckpointError
        If neither tells the settings, or the checkpoint is of a model that cannot be imported.
    ConfigError
        If the file cannot be read or the settings are wrong.
    """
    values = {} if path is None else _json(Path(path))
    facts = {key: values.pop(key) for key in FACTS if key in values}
    part = values.pop("part", None)
    if part not in (None, *PARTS):
        raise ConfigError("unknown part of a model", where=f"{path}: part", got=repr(part), expected=", ".join(PARTS))
    if path is not None:
        where = str(path)
    if isinstance(values.get("model"), dict):
        values = values["model"]
    if "kind" in values:
        return Settings(build(values), facts, part, ())
    if values:
        recorded = _earlier(values, where)
    if recorded is None:
        raise CheckpointError(
            "a weight file does not hold the settings of its model",
            where=where,
            expected="a JSON file with them",
            hint="give --config FILE.json: our model config, or the arguments of the constructor that made the model",
        )
    model, notes = _build(recorded, where)
    return Settings(model, facts, part, notes)


def _build(recorded: Recorded, where: str) -> tuple[nn.Module, tuple[str, ...]]:
    if recorded.class_name == "EEG_to_fMRI":
        arguments, notes = synthesizer_arguments(recorded.arguments, where)
        return EEG_to_fMRI(**arguments), tuple(notes)
    if recorded.class_name == "fMRI_AE":
        arguments, notes = autoencoder_arguments(recorded.arguments, where)
        return fMRI_AE(**arguments), tuple(notes)
    raise CheckpointError(
        "the checkpoint is of a model that cannot be imported",
        where=where,
        got=recorded.class_name,
        expected="EEG_to_fMRI or fMRI_AE",
        hint="if it is a part of one of these, give the settings of the whole model with --config",
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        values = plain(read_json(path))
    except FileNotFoundError:
        raise ConfigError("the settings file does not exist", where=str(path), hint="check the path") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            "the settings file cannot be read", where=str(path), got=str(error), expected="JSON"
        ) from None
    if not isinstance(values, dict):
        raise ConfigError("the settings file does not hold a mapping", where=str(path), got=type(values).__name__)
    return values


def _earlier(values: dict[str, Any], where: str) -> Recorded:
    """Read one of the forms of the earlier package's settings."""
    name = values.get("class_name") or values.get("cls")
    if isinstance(values.get("config"), dict):
        return Recorded(str(name), values["config"])
    if "eeg_shape" in values:
        return Recorded("EEG_to_fMRI", _flat(values, where))
    arguments = {key: value for key, value in values.items() if key not in RECORDS}
    if "input_shape" not in values:
        raise ConfigError(
            "the settings are of no known form",
            where=where,
            got="keys " + ", ".join(list(values)[:8]),
            expected="a model config (kind), constructor arguments (input_shape, ...), or eeg_shape, fmri_shape, flags",
        )
    return Recorded(str(name or ("EEG_to_fMRI" if "fmri_args" in values else "fMRI_AE")), arguments)


def _flat(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Build constructor arguments from the form that names both shapes and lists the flags."""
    needed = ("latent_shape", "eeg_shape", "fmri_shape", "na_spec_eeg", "na_spec_fmri")
    missing = [key for key in needed if key not in values]
    if missing or not isinstance(values.get("flags", {}), dict):
        raise ConfigError(
            "settings are missing", where=where, got="no " + ", ".join(missing or ["flags"]), expected=", ".join(needed)
        )
    shared: dict[str, Any] = {
        k: values[k] for k in ("n_channels", "weight_decay", "batch_norm", "skip_connections") if k in values
    }
    latent = values["latent_shape"]
    fmri = {
        **shared,
        "latent_shape": latent,
        "input_shape": values["fmri_shape"],
        "na_spec": values["na_spec_fmri"],
        "dropout": bool(values.get("fmri_dropout", False)),
        "outfilter": values.get("outfilter", 1),
    }
    arguments = {
        **shared,
        "latent_shape": latent,
        "input_shape": values["eeg_shape"],
        "na_spec": values["na_spec_eeg"],
        "fmri_args": fmri,
        **values.get("flags", {}),
    }
    if values.get("random_padding_positions") is not None:
        arguments["random_padding_positions"] = values["random_padding_positions"]
    return arguments
