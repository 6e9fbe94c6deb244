"""``eeg2fmri report``: one page that shows a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    folder: Annotated[
        Path, typer.Argument(help="Folder of a run, better evaluated, or of classify, benchmark, tune or predict.")
    ],
    out: Annotated[Path | None, typer.Argument(help="Page to write; report.html in the folder if left out.")] = None,
    compare: Annotated[
        list[Path] | None, typer.Option(help="Another run to compare FOLDER with; may be repeated. Writes index.html.")
    ] = None,
    add: Annotated[
        list[Path] | None,
        typer.Option(help="Picture (PNG, JPEG, SVG ...) or text of your own for the end of the page; may be repeated."),
    ] = None,
    caption: Annotated[
        list[str] | None, typer.Option(help="Words under an added picture, in the order of --add; may be repeated.")
    ] = None,
) -> None:
    """Write one self-contained HTML page: verdict, scores, figures, settings.

    Example: eeg2fmri report run
    """
    from eeg2fmri.cli.console import progress_bar, wrote
    from eeg2fmri.report import add_to_page, write_index, write_page
    from eeg2fmri.report.html.added import read_added

    read_added(add or [], caption or [])  # what cannot be added is told before the page is drawn
    if compare:
        kind, page = "comparison", write_index([folder, *compare], out or Path("index.html"))
    else:
        with progress_bar() as progress:
            kind, page = "report", write_page(folder, out, progress=progress)
    if add or caption:
        add_to_page(page, add or [], caption or [])
    wrote(kind, page)
