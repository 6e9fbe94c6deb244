"""``eeg2fmri benchmark``: synthesisers and every baseline on one split of a store, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from eeg2fmri.cli.options import Difference, Truth
from eeg2fmri.cli.stop import SAME, stopped
from eeg2fmri.core.errors import ConfigError, Problem
from eeg2fmri.results.scores.method import DIFFERENCE


def command(
    store: Annotated[Path, typer.Argument(help="Store made by prepare.")],
    out: Annotated[
        Path, typer.Argument(help="Folder for the runs, the scores and a report; one that was begun is gone on with.")
    ] = Path("benchmark"),
    models: Annotated[
        str,
        typer.Option(help="Names with commas between them, or all: published models too. The first of them is judged."),
    ] = "recommended,documented",
    size: Annotated[str, typer.Option(help="Sizes of published models: small (for a laptop) or published.")] = "small",
    protocol: Annotated[
        str,
        typer.Option(
            help="one: the same honest protocol for all. published: what each step of a published protocol adds to a "
            "score; not to be claimed."
        ),
    ] = "one",
    config: Annotated[
        Path | None, typer.Option(help="YAML or JSON with settings of the training that all models share.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs of the models that need them, all the same.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Longest training of each model.")] = None,
    jobs: Annotated[int, typer.Option("--n-jobs", "-j", help="Models trained at the same time.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the split, of weights and of draws.")] = 0,
    truth: Truth = None,
    difference: Difference = DIFFERENCE,
) -> None:
    """Train models on one split, each by its own recipe, and score them beside all baselines.

    A benchmark that was stopped goes on by the same command: what is trained is not trained again.

    Example: eeg2fmri benchmark store benchmark --models all --minutes 10
    """
    from eeg2fmri.cli.console import progress_bar, say, table, wrote
    from eeg2fmri.cli.scores import print_scores
    from eeg2fmri.cli.settings import given, read_settings
    from eeg2fmri.cli.sources import print_if_asked
    from eeg2fmri.compare.entries import Size, epochs_of
    from eeg2fmri.compare.run import compare
    from eeg2fmri.report import write_benchmark
    from eeg2fmri.results.comparison import CAPTION, COLUMNS, Compared

    if size not in ("small", "published"):
        raise ConfigError("there is no such size", where="--size", got=size, expected="small, or published")
    options = given(minutes=minutes, epochs=epochs)
    shared = read_settings(config, options)
    names = [name.strip() for name in models.split(",") if name.strip()]
    print_if_asked({"epochs": epochs_of(names), **shared}, config, options)
    if protocol not in ("one", "published"):
        raise ConfigError("there is no such protocol", where="--protocol", got=protocol, expected="one, or published")
    if protocol == "published":
        idle = {
            "--size": size != "small",
            "--n-jobs": jobs != 1,
            "--truth": truth is not None,
            "--difference": difference != DIFFERENCE,
            "--minutes": minutes is not None,
        }
        _refuse_idle([name for name, there in idle.items() if there])
        return _published(store, out, names, shared, seed)
    with progress_bar() as progress:
        done = compare(
            store,
            out,
            names,
            shared,
            size=cast(Size, size),
            n_jobs=jobs,
            truth=truth,
            difference=difference,
            progress=progress,
            say=say,
            seed=seed,
        )
    if done.evaluation is None:
        raise stopped(done.signal, SAME)
    print_scores(done.evaluation)
    compared = Compared.of_facts(done.evaluation.facts)
    assert compared is not None
    table("What each model costs", COLUMNS, compared.rows(), CAPTION)
    for name, why in compared.left_out.items():
        say(f"left out: {name}: {why}")
    wrote("scores", out)
    wrote("report", write_benchmark(out))


def _refuse_idle(names: list[str]) -> None:
    """Refuse options that the steps of a published protocol have no use for: they would be overlooked."""
    problems = [
        Problem(
            "the option has no part in the steps of a published protocol",
            name,
            hint=f"leave {name} out: small sizes are trained one after the other, for the same number of epochs "
            "(--epochs)",
        )
        for name in names
    ]
    if problems:
        raise ConfigError.of(problems)


def _published(store: Path, out: Path, names: list[str], shared: dict[str, Any], seed: int) -> None:
    """Take the protocol of publications apart, and say loudly what its scores are not."""
    from eeg2fmri.cli.console import progress_bar, say, table, wrote
    from eeg2fmri.compare.published import as_published
    from eeg2fmri.report import write_published
    from eeg2fmri.results.published import COLUMNS, WARNING

    with progress_bar() as progress:
        found = as_published({store.name: store}, out, names, shared, seed=seed, progress=progress)
    table("As published, step by step", COLUMNS, found.rows(), WARNING)
    say(WARNING)
    wrote("steps", out)
    wrote("report", write_published(out))
