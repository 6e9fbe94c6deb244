"""``eeg2fmri predict``: an EEG recording to a 4-D NIfTI image."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    run: Annotated[Path, typer.Argument(help="Run folder made by train.")],
    recording: Annotated[Path, typer.Argument(help="EEG file that MNE reads, e.g. .vhdr. No BOLD is needed.")],
    out: Annotated[Path, typer.Argument(help="Image to write, .nii.gz or .nii. Must not exist.")],
    first_volume: Annotated[
        float | None,
        typer.Option(help="Seconds from the start of the EEG to the first volume, where it has no volume markers."),
    ] = None,
    marker: Annotated[str | None, typer.Option(help="Name of the volume marker; found by itself if left out.")] = None,
    mean_image: Annotated[
        Path | None,
        typer.Option(help="The subject's own BOLD (3-D mean or 4-D), for a run trained on dynamics."),
    ] = None,
) -> None:
    """Synthesise the BOLD image of an EEG recording.

    Example: eeg2fmri predict run sub-04_task-rest_eeg.vhdr sub-04_task-rest_desc-synthesised_bold.nii.gz
    """
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.predict.derivative import predict_file

    with progress_bar() as progress:
        made = predict_file(
            run,
            recording,
            out,
            first_volume_s=first_volume,
            marker=marker,
            mean_image=mean_image,
            progress=progress,
        )
    for note in made.notes:
        say(f"note: {note}")
    wrote(f"{made.n_volumes} volumes", made.image)
    wrote("sidecar", made.sidecar)
