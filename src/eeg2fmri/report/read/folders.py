"""The page that fits a folder: a run, a classification, a benchmark, a published protocol, a search, or predictions."""

from __future__ import annotations

from pathlib import Path

from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.report.pages.benchmark import write_benchmark
from eeg2fmri.report.pages.classification import write_classification
from eeg2fmri.report.pages.predictions import write_predictions
from eeg2fmri.report.pages.published import write_published
from eeg2fmri.report.pages.run import write_report
from eeg2fmri.report.pages.search import write_search_figure
from eeg2fmri.results.predictions import DESCRIPTION
from eeg2fmri.results.published import FILE
from eeg2fmri.results.search import TRIALS


def write_page(folder: str | Path, out: str | Path | None = None, *, progress: Progress = silent) -> Path:
    """Write the self-contained HTML page of whatever a command left in a folder.

    Parameters
    ----------
    folder : path
        Folder that train, classify, benchmark, tune or predict wrote.
    out : path or None
        Page to write; by default ``report.html`` in the folder, ``search.html`` for a search, ``index.html`` for
        predictions.
    progress : Progress

    Returns
    -------
    Path
        The page.

    Raises
    ------
    CheckpointError
        If the folder holds none of them.
    InputError
        If its files are damaged, or the page cannot be written.

    Examples
    --------
    >>> write_page("run", "page.html").name
    'page.html'
    """
    kind = kind_of(Path(folder))
    if kind == "classification":
        return write_classification(folder, out)
    if kind == "benchmark":
        return write_benchmark(folder, out)
    if kind == "predictions":
        return write_predictions(folder, out, progress=progress)
    if kind == "published":
        return write_published(folder, out)
    if kind == "search":
        return write_search_figure(folder, out)
    return write_report(folder, out, progress=progress)


def kind_of(folder: Path) -> str:
    """Say what a folder holds: "predictions", "classification", "benchmark", "published", "search", else "run"."""
    if (folder / DESCRIPTION).is_file():
        return "predictions"
    try:
        scores = read_json(folder / "scores.json")
        return "classification" if "classif" in str(scores["format"]) else "benchmark"
    except (OSError, ValueError, KeyError, TypeError):
        if (folder / FILE).is_file():
            return "published"
        return "search" if (folder / TRIALS).is_file() else "run"
