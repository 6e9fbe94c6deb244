"""``eeg2fmri tune``: search for the settings of a training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eeg2fmri.cli.stop import SAME


def command(
    store: Annotated[Path, typer.Argument(help="Store made by prepare.")],
    out: Annotated[Path, typer.Argument(help="Folder of the study; with one that exists the study goes on.")],
    config: Annotated[Path | None, typer.Option(help="YAML or JSON with any setting of the search.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Trials in all.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs of one trial.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the search; several workers need different ones.")] = None,
    storage: Annotated[
        str | None, typer.Option(help="URL of a database that machines share; a file in OUT if left out.")
    ] = None,
) -> None:
    """Search for settings by the validation subjects; the result is a file that train takes.

    Example: eeg2fmri tune store study --trials 20 --epochs 5
    """
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.cli.settings import given, settings_of
    from eeg2fmri.report import write_search_figure
    from eeg2fmri.tune.config import TuneConfig
    from eeg2fmri.tune.search import tune

    options = given(trials=trials, epochs=epochs, seed=seed)
    settings = settings_of(TuneConfig, config, options)
    try:
        with progress_bar() as progress:
            found = tune(store, out, settings, storage=storage, progress=progress)
    except KeyboardInterrupt:
        say(f"the trials so far are kept: {SAME}")
        raise
    done = sum(trial["state"] == "complete" for trial in found.trials)
    say(f"{len(found.trials)} trials, {done} to the end; best validation reconstruction {found.score:.4f}")
    wrote("settings", found.config)
    wrote("search", write_search_figure(out))
    say(f"train with them:  eeg2fmri train {store} RUN --config {found.config}")
