"""``eeg2fmri simulate``: a simultaneous EEG-fMRI data set with known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    out: Annotated[Path, typer.Argument(help="Folder to make: a BIDS data set. Must not exist.")],
    subjects: Annotated[int | None, typer.Option(min=1, help="Number of subjects.")] = None,
    volumes: Annotated[int | None, typer.Option(min=1, help="BOLD volumes in each recording.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same files.")] = None,
    coupling: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="How much of the BOLD the EEG explains; 0 is null data.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML or JSON with any setting of the simulator.")] = None,
) -> None:
    """Simulate simultaneous EEG-fMRI recordings with known truth, as BIDS.

    Example: eeg2fmri simulate bids --subjects 4 --volumes 150 --seed 1
    """
    from eeg2fmri.cli.console import progress_bar, wrote
    from eeg2fmri.cli.settings import read_settings
    from eeg2fmri.simulate import SimulationConfig, simulate_dataset

    values = read_settings(config, subjects=subjects, volumes=volumes, seed=seed, coupling=coupling)
    settings = SimulationConfig.make(values, where=str(config or ""))
    with progress_bar() as progress:
        simulate_dataset(out, settings, progress=progress)
    wrote("BIDS data set", out)
