"""``eeg2fmri simulate``: a simultaneous EEG-fMRI data set with known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    out: Annotated[
        Path | None, typer.Argument(help="Folder to make: a BIDS data set. Must not exist.", show_default=False)
    ] = None,
    world: Annotated[
        str | None, typer.Option(help="What BOLD follows and what the EEG shows of it: a name of --list-worlds.")
    ] = None,
    subjects: Annotated[int | None, typer.Option(min=1, help="Number of subjects.")] = None,
    volumes: Annotated[int | None, typer.Option(min=1, help="BOLD volumes in each recording.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same files.")] = None,
    coupling: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="How much of the BOLD the EEG explains; 0 is null data.")
    ] = None,
    derivatives: Annotated[
        str | None, typer.Option(help="fmriprep: what fMRIPrep would have made as well, in a common space.")
    ] = None,
    physio: Annotated[str | None, typer.Option(help="bids: pulse and breathing beside each BOLD image.")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML or JSON with any setting of the simulator.")] = None,
    list_worlds: Annotated[bool, typer.Option("--list-worlds", help="List the worlds and stop.")] = False,
) -> None:
    """Simulate simultaneous EEG-fMRI recordings with known truth, as BIDS.

    Example: eeg2fmri simulate bids --world focal --subjects 4 --seed 1
    """
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.cli.settings import given, read_settings
    from eeg2fmri.cli.sources import print_if_asked
    from eeg2fmri.core.errors import InputError
    from eeg2fmri.simulate import SimulationConfig, simulate_dataset
    from eeg2fmri.simulate.worlds.catalogue import WORLDS

    if list_worlds:
        for one in WORLDS.values():
            say(f"{one.name:<15} BOLD follows {one.follows}")
        return
    if out is None:
        raise InputError(
            "there is no folder to write to", expected="a path that does not exist", hint="eeg2fmri simulate OUT"
        )
    options = given(
        subjects=subjects,
        volumes=volumes,
        seed=seed,
        coupling=coupling,
        world=world,
        derivatives=derivatives,
        physio=physio,
    )
    settings = SimulationConfig.make(read_settings(config, options), where=str(config or ""))
    print_if_asked(settings, config, options, {f"world {settings.world}": WORLDS[settings.world].settings})
    with progress_bar() as progress:
        simulate_dataset(out, settings, progress=progress)
    wrote("BIDS data set", out)
