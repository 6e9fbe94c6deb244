"""``eeg2fmri prepare``: a BIDS folder to a store of aligned arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    bids_root: Annotated[Path, typer.Argument(help="BIDS folder with simultaneous EEG and BOLD.")],
    store: Annotated[Path, typer.Argument(help="Folder to make. Must not exist.")],
    config: Annotated[Path | None, typer.Option(help="YAML or JSON with any setting of the preparation.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Recordings prepared at the same time.")] = 1,
) -> None:
    """Align EEG and BOLD of a BIDS folder, and keep spectrograms and volumes as a store.

    Example: eeg2fmri prepare bids store
    """
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.data.prepare import PrepareConfig, prepare

    settings = PrepareConfig.read(config) if config else PrepareConfig()
    with progress_bar() as progress:
        made = prepare(bids_root, store, settings, n_jobs=jobs, progress=progress)
    for note in made.notes:
        say(f"note: {note}")
    for recording in made.recordings:
        for warning in recording.quality.get("warnings", []):
            say(f"warning: {recording.id}: {warning}")
    say(
        f"{len(made.recordings)} recordings, {len(made.electrodes)} electrodes, {len(made.frequencies)} frequencies to "
        f"{made.frequencies[-1]:.1f} Hz, "
        f"volumes {' x '.join(map(str, made.grid))} every {made.tr:g} s, space {made.space}"
    )
    wrote("store", store)
