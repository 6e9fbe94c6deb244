"""Print an evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eeg2fmri.cli.console import notes, say, table

if TYPE_CHECKING:
    from eeg2fmri.results.scores.evaluation import Evaluation


def print_scores(evaluation: Evaluation) -> None:
    """Print what was found in a plain sentence, the table, the notes, and the claims with their numbers."""
    from eeg2fmri.results.scores.table import scores_table

    say(evaluation.verdict)
    scores = scores_table(evaluation)
    table(scores.title, scores.columns, scores.rows, scores.caption)
    notes(evaluation.notes)
    for claim in evaluation.claims:
        say(claim.sentence)


def atlas_of(image: Path | None, names: Path | None) -> Path | tuple[Path, Path] | None:
    """Put the image of an atlas and the table of its names together.

    Raises
    ------
    InputError
        If there are names and no atlas.
    """
    from eeg2fmri.core.errors import InputError

    if names is None:
        return image
    if image is None:
        raise InputError("names of regions need an atlas", where="--regions", got=str(names), hint="add --atlas IMAGE")
    return image, names
