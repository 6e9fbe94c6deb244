"""``eeg2fmri explain``: which part of the EEG a run's volumes came from."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Rules(StrEnum):
    """Relevance rules by name."""

    default = "default"
    epsilon = "epsilon"
    gamma = "gamma"
    alpha_beta = "alpha-beta"
    z_plus = "z-plus"


class Part(StrEnum):
    """Recordings of a run."""

    test = "test"
    validation = "validation"
    train = "train"
    all = "all"


def command(
    run: Annotated[Path, typer.Argument(help="Run folder made by train.")],
    store: Annotated[Path, typer.Argument(help="The store it was trained on.")],
    out: Annotated[Path | None, typer.Argument(help="Folder to make; RUN/explain if left out.")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML or JSON with any setting of the explanation.")] = None,
    region: Annotated[
        Path | None,
        typer.Option(
            help="Explain the sum of a NIfTI mask on the grid of the store; of a structure or parcel by name."
        ),
    ] = None,
    voxel: Annotated[
        tuple[int, int, int] | None, typer.Option(help="Explain one voxel, by its indices x y z from 0.")
    ] = None,
    rules: Annotated[Rules | None, typer.Option(help="Relevance rules of convolutions and dense layers.")] = None,
    part: Annotated[Part | None, typer.Option(help="Recordings that are explained.")] = None,
    windows: Annotated[int | None, typer.Option(min=1, help="Windows of each recording, spread evenly.")] = None,
    passes: Annotated[
        int | None, typer.Option(min=0, help="Passes over which variational layers are averaged; 0: at their means.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="BIDS folder of simulated recordings: compare with what drives them.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of random orders and draws.")] = None,
) -> None:
    """Propagate relevance from synthesised volumes to electrodes, frequencies and times, and check it.

    Example: eeg2fmri explain run store --windows 32
    """
    from eeg2fmri.cli.console import notes, progress_bar, say, wrote
    from eeg2fmri.cli.settings import given, settings_of
    from eeg2fmri.core.errors import ConfigError
    from eeg2fmri.explain.config import ExplainConfig
    from eeg2fmri.explain.run import explain_run

    if region is not None and voxel is not None:
        raise ConfigError("one thing is explained at a time", got="--region and --voxel", expected="one of them")
    options = given(
        target=str(region) if region is not None else voxel,
        rules=rules.value if rules is not None else None,
        part=part.value if part is not None else None,
        windows=windows,
        passes=passes,
        seed=seed,
    )
    settings = settings_of(ExplainConfig, config, options)
    with progress_bar() as progress:
        found = explain_run(run, store, out, settings, truth=truth, progress=progress)
    say(found.summary())
    notes(found.notes)
    wrote("explanation", out or run / "explain")
