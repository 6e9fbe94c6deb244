"""``eeg2fmri train``: a store to a run."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from eeg2fmri.cli.options import Electrodes, Stores
from eeg2fmri.cli.stop import stopped


class Target(StrEnum):
    """What the model learns to give."""

    volume = "volume"
    dynamics = "dynamics"


def command(
    store: Stores,
    run: Annotated[Path, typer.Argument(help="Run folder to make. Must not exist, except with --resume.")],
    config: Annotated[Path | None, typer.Option(help="YAML or JSON with any setting of the training.")] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Model: recommended (small, fitted in closed form), documented (as published), or another group's: "
            "e2fnet, neurobolt and so on, with _small behind it for a laptop."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=0, help="Passes over the training pairs.")] = None,
    target: Annotated[
        Target | None,
        typer.Option(help="Whole volumes, as published, or the deviation of each voxel from its mean."),
    ] = None,
    electrodes: Electrodes = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and draws.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was interrupted.")] = False,
) -> None:
    """Train a synthesiser; the best epoch is chosen by the validation part of the split.

    Example: eeg2fmri train store run

    Example: eeg2fmri train store run --preset documented --epochs 10 --target volume

    Example: eeg2fmri train store another-study run
    """
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.cli.settings import given, read_settings, training
    from eeg2fmri.core.config import merged
    from eeg2fmri.train.run import train_run

    model = {"preset": preset} if preset is not None else None
    options = given(model=model, epochs=epochs, seed=seed, electrodes=electrodes and electrodes.value)
    inner = {"pairs": {"target": target.value}} if target is not None else {}
    settings = training(merged(read_settings(config, options), inner), config, options | inner)
    with progress_bar() as progress:
        result = train_run(store, run, settings, resume=resume, progress=progress)
    if result.first:
        say(result.summary())
        wrote("run", run)
        if len(store) > 1:
            say(f"the stores as one: {run}-store; test with  eeg2fmri evaluate {run} {run}-store")
    if result.interrupted:
        on = f"go on with  eeg2fmri train {' '.join(map(str, store))} {run} --resume"
        raise stopped(result.fitted.signal, on)
