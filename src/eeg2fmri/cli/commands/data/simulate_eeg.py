"""``eeg2fmri simulate-eeg``: EEG-only recordings of groups with a known difference."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    out: Annotated[Path, typer.Argument(help="Folder to make: a BIDS data set. Must not exist.")],
    subjects: Annotated[int | None, typer.Option(min=2, help="Number of subjects in all.")] = None,
    effect: Annotated[
        float | None,
        typer.Option(min=0.0, help="Difference of log amplitude in the affected regions; 0 is null data."),
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=10.0, help="Length of each recording.")] = None,
    site_confound: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="How much recording site goes with group.")
    ] = None,
    site_effect: Annotated[
        float | None, typer.Option(min=0.0, help="How different the sites' recordings are (log gain).")
    ] = None,
    age_confound: Annotated[
        float | None, typer.Option(min=0.0, help="Years by which patients are older than controls.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same files.")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML or JSON with any setting of the groups.")] = None,
) -> None:
    """Simulate EEG of patients and controls that differ in known regions and rhythms, as BIDS.

    Example: eeg2fmri simulate-eeg bids --subjects 24 --effect 0.6
    """
    from eeg2fmri.cli.console import progress_bar, wrote
    from eeg2fmri.cli.settings import given, settings_of
    from eeg2fmri.simulate.groups.write import GroupsConfig, simulate_groups

    options = given(
        subjects=subjects,
        effect=effect,
        seconds=seconds,
        site_confound=site_confound,
        site_effect=site_effect,
        age_confound=age_confound,
        seed=seed,
    )
    settings = settings_of(GroupsConfig, config, options)
    with progress_bar() as progress:
        simulate_groups(out, settings, progress=progress)
    wrote("BIDS data set", out)
