"""``eeg2fmri predict``: an EEG recording to a 4-D NIfTI image."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from eeg2fmri.cli.options import Cleaning, Steps


class Triggers(StrEnum):
    """What becomes of volume markers that do not fit."""

    error = "error"
    repair = "repair"
    trim = "trim"


def command(
    run: Annotated[Path, typer.Argument(help="Run folder made by train.")],
    recording: Annotated[
        Path, typer.Argument(help="EEG file that MNE reads, e.g. .vhdr, or a BIDS folder of them. No BOLD is needed.")
    ],
    out: Annotated[
        Path,
        typer.Argument(
            help="Image to write, .nii.gz or .nii, must not exist; of a BIDS folder: folder of the derivative data "
            "set, gone on with if it holds images of the same model."
        ),
    ],
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
    cleaning: Cleaning = Steps.replay,
    n_jobs: Annotated[int, typer.Option(min=1, help="With a BIDS folder: recordings at the same time.")] = 1,
    participant_label: Annotated[
        list[str] | None, typer.Option(help="With a BIDS folder: subject to do, all if left out; repeatable.")
    ] = None,
    session_label: Annotated[list[str] | None, typer.Option(help="The same for sessions.")] = None,
    task_label: Annotated[list[str] | None, typer.Option(help="The same for tasks.")] = None,
) -> None:
    """Synthesise the BOLD image of an EEG recording, or of every one of a BIDS folder.

    It is read and cleaned as the recordings of the training were; electrodes that it lacks are interpolated.

    A BIDS folder becomes a derivative data set with a report. A recording that cannot be done is left out with its
    reason, and the exit status is 3; the same command goes on with what is not done yet.

    Example: eeg2fmri predict run sub-04_task-rest_eeg.vhdr sub-04_task-rest_desc-synthesised_bold.nii.gz

    Example: eeg2fmri predict run patients derivatives/eeg2fmri --n-jobs 4
    """
    from eeg2fmri.cli.console import notes, progress_bar, wrote
    from eeg2fmri.cli.predictions import predict_data_set
    from eeg2fmri.cli.settings import given, read_settings
    from eeg2fmri.cli.sources import print_if_asked
    from eeg2fmri.core.config import merged
    from eeg2fmri.data.bids.labels import Labels
    from eeg2fmri.predict.derivative import predict_file

    options = given(
        eeg=given(rename=_pairs(rename or []) or None, unit=unit, cap=montage) or None,
        triggers=triggers and triggers.value,
    )
    settings = merged(read_settings(config, {}), options)
    print_if_asked(settings, config, options)
    labels = Labels(participant_label or (), session_label or (), task_label or ())
    if recording.is_dir():
        _of_one_alone(mean_image=mean_image)
        clock = {"marker": marker, "first_volume_s": first_volume}
        settings |= {name: one for name, one in clock.items() if one is not None}
        raise typer.Exit(predict_data_set(run, recording, out, labels, settings, cleaning.value, n_jobs))
    _of_folder_alone(participant_label=participant_label, session_label=session_label, task_label=task_label)
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
    notes(made.notes)
    wrote(f"{made.n_volumes} volumes", made.image)
    wrote("sidecar", made.sidecar)


def _of_one_alone(**given: object) -> None:
    _refuse(given, "this option goes with one recording, not with a BIDS folder", "leave it out, or name an EEG file")


def _of_folder_alone(**given: object) -> None:
    _refuse(given, "this option goes with a BIDS folder, not with one recording", "leave it out, or name a folder")


def _refuse(given: dict[str, object], what: str, hint: str) -> None:
    from eeg2fmri.core.errors import ConfigError

    wrong = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    if wrong:
        raise ConfigError(what, got=", ".join(wrong), hint=hint)


def _pairs(rename: list[str]) -> dict[str, str]:
    from eeg2fmri.core.errors import ConfigError

    wrong = [one for one in rename if "=" not in one.strip("=")]
    if wrong:
        raise ConfigError("--rename needs two names", got=", ".join(wrong), expected="OLD=NEW")
    return dict(one.rsplit("=", 1) for one in rename)
