"""``eeg2fmri calibrate``: a run and some minutes of a person to a run of that person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    run: Annotated[Path, typer.Argument(help="Run folder made by train, of a recommended model.")],
    store: Annotated[Path, typer.Argument(help="Store with the person's recordings, prepared as those of the run.")],
    out: Annotated[Path, typer.Argument(help="Run folder to make.")],
    minutes: Annotated[float, typer.Option(min=0.1, help="Minutes of EEG and BOLD to fit to.")] = 5.0,
    subject: Annotated[str | None, typer.Option(help="The person, where the store has several.")] = None,
) -> None:
    """Fit the model of a run to one person, by the first minutes of a recording.

    Example: eeg2fmri calibrate run store calibrated --minutes 5
    """
    from eeg2fmri.calibrate.run import calibrate_run
    from eeg2fmri.cli.console import say, wrote

    made = calibrate_run(run, store, out, minutes=minutes, subject=subject)
    say(made.summary())
    wrote("run", out)
    say(f"score it beside the group's model:  eeg2fmri evaluate {out} {store}")
