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
) -> None:
    """Write one self-contained HTML page: verdict, scores, figures, settings.

    Example: eeg2fmri report run
    """
    from eeg2fmri.cli.console import progress_bar, wrote
    from eeg2fmri.report import write_index, write_page

    if compare:
        wrote("comparison", write_index([folder, *compare], out or Path("index.html")))
        return
    with progress_bar() as progress:
        page = write_page(folder, out, progress=progress)
    wrote("report", page)
