"""``eeg2fmri store``: what is inside a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eeg2fmri.cli.common import Command, Commands

app = typer.Typer(
    cls=Commands,
    help="Look into a store, or cut its tie to the data.\n\nExample: eeg2fmri store info store",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _top() -> None: ...


@app.command("info", cls=Command)
def info(
    store: Annotated[Path, typer.Argument(help="Folder that eeg2fmri prepare wrote.")],
    figures: Annotated[Path | None, typer.Option(help="Folder for a figure of each recording's quality.")] = None,
    sources: Annotated[
        Path | None, typer.Option(help="Folder of the data set: tell whether its files are still those of the store.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read every file and compare it with its digest.")] = False,
) -> None:
    """Show what a store holds and how good each recording is.

    Example: eeg2fmri store info store --figures quality
    """
    from eeg2fmri.cli.console import progress_bar, say, table, wrote
    from eeg2fmri.data.store.origin.sources import WORDS
    from eeg2fmri.data.store.quality import facts, rows, warnings
    from eeg2fmri.data.store.store import Store

    opened = Store.open(store, stale=True)
    if verify:
        opened.verify()
        say("every file is as it was written")
    if sources is not None:
        opened.compare_with_sources(sources)
        say("every source is as it was when the store was made")
    for name, value in facts(opened):
        say(f"{name + ':':<13}{value}")
    found = opened.sources()
    say(f"{'sources:':<13}{WORDS[found.state]}" + (f" ({found.root})" if found.root else ""))
    for problem in found.problems:
        say(f"changed: {problem.where}")
    table("Recordings", *rows(opened))
    for text in warnings(opened):
        say(text)
    if figures is not None:
        from eeg2fmri.data.prepare.quality_figure import write_figures

        with progress_bar() as progress:
            for path in write_figures(opened, figures, progress=progress):
                wrote("figure", path)


@app.command("detach", cls=Command)
def detach(store: Annotated[Path, typer.Argument(help="Folder that eeg2fmri prepare wrote.")]) -> None:
    """Let a store be used whatever becomes of the files that it was made of.

    A store is refused when a file that it was made of has changed since. Where the change does not matter, or the store
    is what counts, this cuts the tie.

    Example: eeg2fmri store detach store
    """
    from eeg2fmri.cli.console import say
    from eeg2fmri.data.store.origin import sources as store_origin

    store_origin.detach(store)
    say(f"{store} is no longer compared with the files that it was made of")
