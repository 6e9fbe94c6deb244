"""``eeg2fmri evaluate``: the scores of a run on its test subjects, beside baselines and nulls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eeg2fmri.cli.options import Atlas, Difference, Regions, Truth
from eeg2fmri.results.scores.method import DIFFERENCE


def command(
    run: Annotated[Path, typer.Argument(help="Run folder made by train.")],
    store: Annotated[Path, typer.Argument(help="The store it was trained on.")],
    atlas: Atlas = None,
    regions: Regions = None,
    truth: Truth = None,
    difference: Difference = DIFFERENCE,
    seed: Annotated[int, typer.Option(help="Seed of surrogates, resampling and draws.")] = 0,
    json: Annotated[Path | None, typer.Option(help="Also write every score to this JSON file.")] = None,
) -> None:
    """Score a run on its test subjects, and say whether the EEG helped.

    Example: eeg2fmri evaluate run store --json scores.json
    """
    from eeg2fmri.cli.console import progress_bar, wrote
    from eeg2fmri.cli.scores import atlas_of, print_scores
    from eeg2fmri.evaluate.run import evaluate_run

    with progress_bar() as progress:
        evaluation = evaluate_run(
            run, store, atlas=atlas_of(atlas, regions), truth=truth, difference=difference, seed=seed, progress=progress
        )
    print_scores(evaluation)
    wrote("scores", run / "evaluation")
    if json:
        evaluation.write_json(json)
        wrote("scores", json)
