"""``eeg2fmri bids-app``, also ``eeg2fmri-bids``: the command line that BIDS Apps have in common."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from eeg2fmri.cli.options import Cleaning, Steps

#: Memory (MB) of one recording at a time: libraries, and the arrays of a recording of an hour at 64 x 64 x 30.
JOB_MB = {"predict": 1500, "prepare": 900}


class Level(StrEnum):
    """What is worked on."""

    participant = "participant"
    group = "group"


def command(
    bids_dir: Annotated[Path, typer.Argument(help="BIDS data set.")],
    output_dir: Annotated[Path, typer.Argument(help="Folder of the results.")],
    analysis_level: Annotated[
        Level, typer.Argument(help="participant: every recording; group: tables and pages over what is there.")
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="Run folder made by train, or hub:owner/name. Without it recordings are prepared for training."
        ),
    ] = None,
    participant_label: Annotated[
        list[str] | None, typer.Option(help="Subjects, with or without sub-; all if left out.")
    ] = None,
    session_label: Annotated[list[str] | None, typer.Option(help="Sessions.")] = None,
    task_label: Annotated[list[str] | None, typer.Option(help="Tasks.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="YAML or JSON with settings, as those of predict or of prepare.")
    ] = None,
    cleaning: Cleaning = Steps.replay,
    n_cpus: Annotated[int, typer.Option("--n-cpus", "--nprocs", min=1, help="Recordings at the same time.")] = 1,
    mem_mb: Annotated[
        int | None, typer.Option("--mem-mb", min=1, help="Memory (MB): fewer recordings at the same time if need be.")
    ] = None,
    work_dir: Annotated[Path | None, typer.Option("--work-dir", "-w", help="Folder of temporary files.")] = None,
    skip_bids_validation: Annotated[
        bool, typer.Option("--skip-bids-validation", help="Do not ask the BIDS validator.")
    ] = False,
    verbose: Annotated[int, typer.Option("--verbose", "-v", count=True, help="Say more; twice for even more.")] = 0,
) -> None:
    """Run as a BIDS App: predict or prepare a data set (participant), sum up what was made (group).

    Where a model is given, every EEG recording becomes an image; see predict. Without one, recordings of EEG and BOLD
    become OUTPUT_DIR/store for train; do all subjects in one call then, as electrodes and voxels are settled together.

    Example: eeg2fmri bids-app bids derivatives/eeg2fmri participant --model run --participant-label 01 02

    Example: eeg2fmri bids-app bids derivatives/eeg2fmri group
    """
    from eeg2fmri.cli import bids_app
    from eeg2fmri.cli.settings import read_settings
    from eeg2fmri.cli.sources import print_if_asked
    from eeg2fmri.core.log import set_log_level
    from eeg2fmri.data.bids.labels import Labels

    settings = read_settings(config, {})
    print_if_asked(settings, config, {})
    if verbose:
        set_log_level("DEBUG" if verbose > 1 else "INFO")
    bids_app.temporary_files(work_dir)
    if analysis_level is Level.group:
        raise typer.Exit(bids_app.group(output_dir))
    bids_app.validated(bids_dir, skip=skip_bids_validation)
    labels = Labels(participant_label or (), session_label or (), task_label or ())
    n_jobs = bids_app.jobs(n_cpus, mem_mb, JOB_MB["prepare" if model is None else "predict"])
    if model is None:
        bids_app.prepare_participants(bids_dir, output_dir, labels, settings, n_jobs)
        return
    from eeg2fmri.cli.predictions import predict_data_set

    raise typer.Exit(predict_data_set(model, bids_dir, output_dir, labels, settings, cleaning.value, n_jobs))
