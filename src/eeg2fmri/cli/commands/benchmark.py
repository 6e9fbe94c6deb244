"""``eeg2fmri benchmark``: every synthesiser and every baseline on one split of a store, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    store: Annotated[Path, typer.Argument(help="Store made by prepare.")],
    out: Annotated[Path, typer.Argument(help="Folder to make: the runs, the scores and a report.")] = Path("benchmark"),
    config: Annotated[
        Path | None, typer.Option(help="YAML or JSON with settings of the training that all presets share.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs of the presets that need them.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split, of weights and of draws.")] = 0,
    truth: Annotated[
        Path | None,
        typer.Option(help="BIDS folder of simulated recordings: its truth gives two ceilings. Found where it was."),
    ] = None,
) -> None:
    """Train every preset on one split, and score them beside all baselines.

    Example: eeg2fmri benchmark store benchmark --epochs 10
    """
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.cli.scores import print_scores
    from eeg2fmri.cli.settings import read_settings
    from eeg2fmri.core.errors import InputError
    from eeg2fmri.evaluate.benchmark import benchmark
    from eeg2fmri.models.presets import PRESETS, TRAINING
    from eeg2fmri.report import write_benchmark
    from eeg2fmri.train.config import TrainConfig
    from eeg2fmri.train.run import train_run

    if out.exists():
        raise InputError("the folder exists already", where=str(out), hint="remove it or choose another name")
    shared = read_settings(config)
    runs = {}
    # the recommended one first: it is judged against the others
    for name in sorted(PRESETS, key=lambda preset: preset != "recommended"):
        values = {**shared, "seed": seed, "model": {"preset": name}}
        values.setdefault("split", {"seed": seed})
        if epochs is not None and "epochs" not in TRAINING.get(name, {}):
            values["epochs"] = epochs
        settings = TrainConfig.make(values, where=str(config or ""))
        say(f"Training: {name}")
        with progress_bar() as progress:
            result = train_run(store, out / "runs" / name, settings, progress=progress)
        say(result.summary())
        runs[name] = result.run
        if result.interrupted:
            raise typer.Exit(130)
    with progress_bar() as progress:
        evaluation = benchmark(runs, store, out, truth=truth, progress=progress, seed=seed)
    print_scores(evaluation)
    wrote("scores", out)
    wrote("report", write_benchmark(out))
