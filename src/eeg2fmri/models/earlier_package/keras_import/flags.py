"""Recorded constructor arguments of the earlier package, changed to what that package did with them.

Some of its flags had no effect there and have one here. A model that was trained there behaves as if they had their
neutral value, so they are set to it, and the change is told.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from eeg2fmri.core.errors import CheckpointError, ConfigError, Problem
from eeg2fmri.models.earlier_package.flag_fmri import FMRI_DEFAULTS
from eeg2fmri.models.earlier_package.seed_names import EEG_to_fMRI, fMRI_AE

#: Flags without effect there -> value that does here what the earlier package did whatever was set.
NEUTRAL = {"local": True, "skip_connections": True}
#: (flag, flag without which it had no effect)
IDLE_WITHOUT = (
    ("random_fourier", "fourier_features"),
    ("fourier_normalization", "random_fourier"),
    ("conditional_attention_style_prior", "conditional_attention_style"),
    ("organize_channels", "topographical_attention"),
    ("resolution_decoder", "low_resolution_decoder"),
    ("variational_coefs", "variational_iDFT"),
    ("variational_dist", "variational_iDFT"),
    ("variational_iDFT_dependent", "variational_iDFT"),
    ("variational_random_padding", "variational_iDFT"),
    ("variational_iDFT_dependent_dim", "variational_iDFT_dependent"),
    ("random_padding_positions", "variational_random_padding"),
)
#: Arguments that change the training loss there, or nothing at all.
DROPPED = ("time_length", "batch_norm_reg", "seed")


def synthesizer_arguments(recorded: Mapping[str, Any], where: str) -> tuple[dict[str, Any], list[str]]:
    """Bring recorded arguments of `EEG_to_fMRI` to those that build the same model here.

    Parameters
    ----------
    recorded : mapping
    where : str
        Where they come from, for errors.

    Returns
    -------
    arguments : dict
    notes : list of str
        What was changed.

    Raises
    ------
    CheckpointError
        If the model cannot be rebuilt from what was recorded.
    ConfigError
        If an argument is unknown.
    """
    notes: list[str] = []
    arguments = {key: value for key, value in recorded.items() if key not in DROPPED and value is not None}
    for flag, needed in IDLE_WITHOUT:
        if not arguments.get(needed):
            arguments.pop(flag, None)
    _neutral(arguments, "", notes)
    if arguments.get("dropout"):
        arguments["dropout"] = False
        notes.append("dropout had no effect there: set to False")
    if arguments.get("variational_random_padding") and "random_padding_positions" not in arguments:
        raise CheckpointError(
            "the checkpoint does not hold where its random coefficients stand",
            where=where,
            expected="random_padding_positions: the sorted places of the known coefficients on each axis",
            hint="give the settings of the model, with random_padding_positions, by --config",
        )
    if "fmri_args" in arguments:
        arguments["fmri_args"] = _fmri_arguments(arguments["fmri_args"], where, notes)
    _known(arguments, list(inspect.signature(EEG_to_fMRI).parameters), where)
    return arguments, notes


def autoencoder_arguments(recorded: Mapping[str, Any], where: str) -> tuple[dict[str, Any], list[str]]:
    """Bring recorded arguments of `fMRI_AE` to those that build the same model here; see `synthesizer_arguments`."""
    notes: list[str] = []
    arguments = _fmri_values(recorded, where, "", notes)
    _known(arguments, list(inspect.signature(fMRI_AE).parameters), where)
    return arguments, notes


def _fmri_arguments(value: Any, where: str, notes: list[str]) -> dict[str, Any]:
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == len(FMRI_DEFAULTS):
        value = dict(zip(FMRI_DEFAULTS, value, strict=True))
    if not isinstance(value, Mapping):
        raise ConfigError(
            "fmri_args has the wrong form",
            where=where,
            got=f"{type(value).__name__} {value!r}"[:200],
            expected=f"a mapping, or {len(FMRI_DEFAULTS)} values",
        )
    return _fmri_values(value, where, "fmri_args: ", notes)


def _fmri_values(recorded: Mapping[str, Any], where: str, prefix: str, notes: list[str]) -> dict[str, Any]:
    arguments = {key: value for key, value in recorded.items() if key not in DROPPED and value is not None}
    if "maxpool" in arguments:
        arguments["max_pool"] = arguments.pop("maxpool")
    # with or without a specification these three had no effect
    for name in ("kernel_size", "stride_size", "n_stacks"):
        arguments.pop(name, None)
    if arguments.get("na_spec") is None:
        arguments["na_spec"] = "fmri-2"
        notes.append(f"{prefix}na_spec was not given, and was fmri-2 there")
    if arguments.get("outfilter") == 2:
        arguments["outfilter"] = 1
        notes.append(f"{prefix}outfilter 2 was the same as 1 there: set to 1")
    if arguments.get("local_attention"):
        raise CheckpointError(
            "self attention on the latent cannot be imported",
            where=f"{where}: {prefix}local_attention",
            hint="the earlier package projects it in its own way; only models without it can be imported",
        )
    _neutral(arguments, prefix, notes)
    return arguments


def _neutral(arguments: dict[str, Any], prefix: str, notes: list[str]) -> None:
    for flag, value in NEUTRAL.items():
        if arguments.get(flag, value) != value:
            arguments[flag] = value
            notes.append(f"{prefix}{flag} had no effect there: set to {value}")


def _known(arguments: Mapping[str, Any], names: list[str], where: str) -> None:
    unknown = [name for name in arguments if name not in names]
    if unknown:
        raise ConfigError.of(
            Problem("unknown argument of the earlier package's constructor", f"{where}: {name}") for name in unknown
        )
