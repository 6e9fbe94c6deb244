"""``eeg2fmri classify``: EEG-only subjects told apart through a synthesised view, beside EEG baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eeg2fmri.cli.settings import OldJobs, given, jobs_of, settings_of


def command(
    run: Annotated[Path, typer.Argument(help="Run folder of a trained synthesiser.")],
    store: Annotated[Path, typer.Argument(help="Store made by prepare --eeg-only.")],
    out: Annotated[Path, typer.Argument(help="Folder to make; one that was stopped goes on.")],
    folds: Annotated[
        str | None, typer.Option(help="leave-one-out, leave-one-per-class-out, or a number of folds.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML or JSON with any setting of the classification.")] = None,
    n_jobs: Annotated[int, typer.Option(min=1, help="Folds that run at the same time.")] = 1,
    refits: Annotated[
        int | None, typer.Option(min=0, help="Permutations of classes for which classifiers are trained again.")
    ] = None,
    keep_models: Annotated[bool, typer.Option("--keep-models", help="Keep the classifiers of all folds.")] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of folds, weights, pairs and draws.")] = None,
    jobs: OldJobs = None,
) -> None:
    """Classify subjects by their EEG through a synthesised fMRI view, and say whether the view helped.

    Research only: not a medical device.

    Example: eeg2fmri classify run store result --folds leave-one-out
    """
    from eeg2fmri.classify.config import ClassifyConfig
    from eeg2fmri.classify.run import classify_run
    from eeg2fmri.cli.console import notes, progress_bar, say, table, wrote
    from eeg2fmri.report import write_classification

    chosen = int(folds) if folds is not None and folds.isdigit() else folds
    options = given(folds=chosen, refits=refits, seed=seed)
    settings = settings_of(ClassifyConfig, config, options)
    with progress_bar() as progress:
        found = classify_run(
            run, store, out, settings, n_jobs=jobs_of(n_jobs, jobs), keep_models=keep_models, progress=progress
        )
    columns, rows = found.table()
    table(
        "Scores of subjects",
        columns,
        rows,
        f"in brackets: 95 % interval over subjects. {len(found.data.labels)} windows",
    )
    notes(found.notes)
    say(found.verdict)
    wrote("scores", out / "scores.json")
    wrote("model card", out / "MODEL_CARD.md")
    wrote("report", write_classification(out))
