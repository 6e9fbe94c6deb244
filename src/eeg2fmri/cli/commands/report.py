"""``eeg2fmri report``: one page that shows a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    run: Annotated[Path, typer.Argument(help="Run folder made by train, better evaluated.")],
    out: Annotated[Path | None, typer.Argument(help="Page to write; RUN/report.html if left out.")] = None,
) -> None:
    """Write one self-contained HTML page about a run: verdict, scores, figures, settings.

    Example: eeg2fmri report run
    """
    from eeg2fmri.cli.console import progress_bar, wrote
    from eeg2fmri.report import write_report

    with progress_bar() as progress:
        page = write_report(run, out, progress=progress)
    wrote("report", page)
