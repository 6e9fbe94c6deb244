"""``eeg2fmri download``: a public data set from its archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    name: Annotated[str, typer.Argument(help="Data set; eeg2fmri datasets lists them.")],
    folder: Annotated[Path, typer.Argument(help="Where to put it. What is there already is not fetched again.")],
    include: Annotated[
        list[str] | None,
        typer.Option(help="Only paths that fit this pattern, for example 'sub-01/*'. May be given again."),
    ] = None,
    server: Annotated[str | None, typer.Option(help="Another address than that of OpenNeuro, OSF or OpenfMRI.")] = None,
) -> None:
    """Fetch a public data set.

    Example: eeg2fmri download noddi noddi
    """
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.data.public.download import download
    from eeg2fmri.data.public.recipe import recipe

    found = recipe(name)
    say(f"licence: {found.licence}; cite: {found.citation}")
    if found.advice:
        say(f"advice: {found.advice.strip()}")
    for fact in found.unverified:
        say(f"unverified: {fact}")
    with progress_bar() as progress:
        download(found, folder, include=tuple(include or ()), server=server, progress=progress)
    wrote("data set", folder)
