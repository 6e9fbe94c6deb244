"""``eeg2fmri predict``: an EEG recording to a 4-D NIfTI image."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Triggers(StrEnum):
    """What becomes of volume markers that do not fit."""

    error = "error"
    repair = "repair"
    trim = "trim"


class CleaningChoice(StrEnum):
    """Whether the steps of the training's recordings are taken."""

    replay = "replay"
    done = "done"


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
    config: Annotated[
        Path | None,
        typer.Option(help="YAML or JSON with what is otherwise in this recording: eeg, marker, triggers ..."),
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option(help="Channel by its name in the file and the one it gets, OLD=NEW; repeatable.")
    ] = None,
    triggers: Annotated[Triggers | None, typer.Option(help="What becomes of markers that do not fit.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of the numbers, where the header is wrong: V, mV, uV, nV.")
    ] = None,
    montage: Annotated[
        str | None, typer.Option(help="MNE montage that has the electrodes by their names, e.g. biosemi128.")
    ] = None,
    cleaning: Annotated[
        CleaningChoice,
        typer.Option(help="replay: take the steps of the training's recordings; done: they were taken already."),
    ] = CleaningChoice.replay,
) -> None:
    """Synthesise the BOLD image of an EEG recording.

    It is read and cleaned as the recordings of the training were; electrodes that it lacks are interpolated.

    Example: eeg2fmri predict run sub-04_task-rest_eeg.vhdr sub-04_task-rest_desc-synthesised_bold.nii.gz
    """
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.core.config import merged, read_mapping
    from eeg2fmri.predict.derivative import predict_file

    eeg = {"rename": _pairs(rename or []), "unit": unit, "cap": montage}
    options = {"eeg": {name: value for name, value in eeg.items() if value}, "triggers": triggers and triggers.value}
    settings = merged(read_mapping(config) if config else {}, {name: one for name, one in options.items() if one})
    with progress_bar() as progress:
        made = predict_file(
            run,
            recording,
            out,
            first_volume_s=first_volume,
            marker=marker,
            mean_image=mean_image,
            cleaning=cleaning.value,
            settings=settings,
            progress=progress,
        )
    for note in made.notes:
        say(f"note: {note}")
    wrote(f"{made.n_volumes} volumes", made.image)
    wrote("sidecar", made.sidecar)


def _pairs(rename: list[str]) -> dict[str, str]:
    from eeg2fmri.core.errors import ConfigError

    wrong = [one for one in rename if "=" not in one.strip("=")]
    if wrong:
        raise ConfigError("--rename needs two names", got=", ".join(wrong), expected="OLD=NEW")
    return dict(one.rsplit("=", 1) for one in rename)
