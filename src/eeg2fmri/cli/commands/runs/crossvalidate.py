"""``eeg2fmri crossvalidate``: a run for each fold, each tested once, and one table over all of them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from eeg2fmri.cli.options import Atlas, Difference, Electrodes, Regions, Stores
from eeg2fmri.cli.stop import SAME, stopped
from eeg2fmri.results.scores.method import DIFFERENCE

#: Old spellings of leaving one out, and what is left out.
OLD = {"leave-one-subject-out": "subject", "leave-one-session-out": "session"}


class By(StrEnum):
    """What is divided into folds."""

    subject = "subject"
    session = "session"
    block = "block"
    data_set = "data-set"


def command(
    store: Stores,
    out: Annotated[Path, typer.Argument(help="Folder to make; one that was stopped goes on.")],
    folds: Annotated[str | None, typer.Option(help="A number of folds, or leave-one-out: one for each BY.")] = None,
    by: Annotated[
        By | None,
        typer.Option(
            help="What the folds divide: subjects (unseen people), sessions, blocks of time within every recording, or "
            "data sets (each store is left out once)."
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML or JSON with any setting of the training.")] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Model: recommended (small, fitted in closed form), or documented (as published).",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=0, help="Passes over the training pairs.")] = None,
    electrodes: Electrodes = None,
    seed: Annotated[int | None, typer.Option(help="Seed of folds, weights, order and draws.")] = None,
    atlas: Atlas = None,
    regions: Regions = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="BIDS folder of simulated recordings: also score both ceilings from its known truth."),
    ] = None,
    difference: Difference = DIFFERENCE,
    fold: Annotated[
        list[int] | None, typer.Option(help="Train and test this fold alone, from 1; may be repeated.")
    ] = None,
) -> None:
    """Train a run for each fold, test each once, and print the scores of all folds in one table.

    Example: eeg2fmri crossvalidate store cv --preset recommended --folds 5

    Example: eeg2fmri crossvalidate store another-study cv --by data-set
    """
    from eeg2fmri.cli.console import progress_bar, say, table, wrote
    from eeg2fmri.cli.scores import atlas_of, print_scores
    from eeg2fmri.cli.settings import given, read_settings, training
    from eeg2fmri.core.space import described
    from eeg2fmri.crossvalidate.run import cross_validate
    from eeg2fmri.report import write_benchmark

    model = {"preset": preset} if preset is not None else None
    options = given(model=model, epochs=epochs, seed=seed, electrodes=electrodes and electrodes.value)
    values = read_settings(config, options)
    values["split"] = split_settings(values.get("split", {}), folds, by.value if by else None, seed)
    settings = training(values, config, {**options, "split": given(folds=folds, by=by, seed=seed)})
    with progress_bar() as progress:
        found = cross_validate(
            store,
            out,
            settings,
            only=fold or (),
            atlas=atlas_of(atlas, regions),
            truth=truth,
            difference=difference,
            progress=progress,
            say=say,
            seed=seed or 0,
        )
    if found.signal:
        raise stopped(found.signal, SAME)
    if found.evaluation is None:
        say(f"folds that are left: {', '.join(map(str, found.left))}; the same command without --fold does them")
        return
    columns, rows = found.table()
    table(f"Each fold; space: {described(found.evaluation.space)}", columns, rows)
    print_scores(found.evaluation)
    wrote("scores", out)
    wrote("report", write_benchmark(out))


def split_settings(given: dict[str, Any], folds: str | None, by: str | None, seed: int | None) -> dict[str, Any]:
    """Put the options about folds in the place of the settings of the file; 5 folds if nothing says how many.

    Raises
    ------
    InputError
        If the options contradict each other, or the number of folds is none.
    """
    from eeg2fmri.core.deprecation import deprecated
    from eeg2fmri.core.errors import InputError

    split = dict(given)
    if seed is not None:
        split["seed"] = seed
    if by is not None:
        split["by"] = by
    if folds is None:
        split.setdefault("folds", "leave-one-out" if split.get("by") == "data-set" else 5)
    elif folds.isdigit():
        split["folds"] = int(folds)
    elif folds in OLD:
        deprecated(f"--folds {folds}", f"--folds leave-one-out --by {OLD[folds]}", since="0.1", removed="0.3")
        if by not in (None, OLD[folds]):
            raise InputError("--folds and --by contradict each other", got=f"--folds {folds} --by {by}")
        split |= {"folds": "leave-one-out", "by": OLD[folds]}
    elif folds != "leave-one-out":
        raise InputError(
            "there is no such way to make folds", where="--folds", got=folds, expected="a number, or leave-one-out"
        )
    else:
        split["folds"] = folds
    return split
