"""Settings of a command: those of its file, and before them those of its options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from eeg2fmri.cli.sources import print_if_asked

if TYPE_CHECKING:
    from eeg2fmri.core.config import Config
    from eeg2fmri.train.config import TrainConfig

Made = TypeVar("Made", bound="Config")

#: `--n-jobs` as it was spelt before; see `jobs_of`.
OldJobs = Annotated[int | None, typer.Option("--jobs", min=1, hidden=True)]


def read_settings(config: Path | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Read the settings file, if there is one, and put the options in their place.

    Raises
    ------
    ConfigError
        If the file cannot be read.
    """
    from eeg2fmri.core.config import read_mapping

    return {**(read_mapping(config) if config else {}), **options}


def given(**options: Any) -> dict[str, Any]:
    """Take the options that were given: those that are not None."""
    return {name: value for name, value in options.items() if value is not None}


def settings_of(kind: type[Made], config: Path | None, options: Mapping[str, Any]) -> Made:
    """Make the settings of a command from its file and options; print them, if that is asked for.

    Raises
    ------
    ConfigError
        If the file cannot be read, or the settings are wrong.
    """
    settings = kind.make(read_settings(config, options), where=str(config or ""))
    print_if_asked(settings, config, options)
    return settings


def training(values: dict[str, Any], config: Path | None, options: Mapping[str, Any]) -> TrainConfig:
    """Make the settings of a training; print them with those of its preset, if that is asked for.

    Raises
    ------
    ConfigError
        If the settings are wrong.
    """
    from eeg2fmri.models.presets import check_preset, training_of, with_preset
    from eeg2fmri.train.config import TrainConfig

    settings = TrainConfig.make(values, where=str(config or ""))
    whole = with_preset(values)
    preset = whole["model"].get("preset")
    if preset is not None:
        check_preset(preset)
    beneath = {f"preset {preset}": training_of(str(preset))}
    print_if_asked(TrainConfig.make(whole, where=str(config or "")), config, options, beneath)
    return settings


def jobs_of(n_jobs: int, jobs: int | None) -> int:
    """Take the number of jobs from ``--n-jobs``, or from ``--jobs`` with a warning."""
    from eeg2fmri.core.deprecation import deprecated

    if jobs is None:
        return n_jobs
    deprecated("--jobs", "--n-jobs", since="0.1", removed="0.3")
    return jobs
