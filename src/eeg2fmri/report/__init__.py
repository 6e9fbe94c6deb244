"""Figures and self-contained pages from results on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from eeg2fmri.core.callable_package import make_callable

if TYPE_CHECKING:
    from eeg2fmri.report.html.added import add_to_page
    from eeg2fmri.report.pages.benchmark import write_benchmark
    from eeg2fmri.report.pages.classification import write_classification
    from eeg2fmri.report.pages.index import write_index
    from eeg2fmri.report.pages.predictions import write_predictions
    from eeg2fmri.report.pages.published import write_published
    from eeg2fmri.report.pages.run import write_report
    from eeg2fmri.report.pages.search import write_search_figure
    from eeg2fmri.report.read.folders import write_page
    from eeg2fmri.report.read.run import RunResults

__all__ = [
    "RunResults",
    "add_to_page",
    "write_benchmark",
    "write_classification",
    "write_index",
    "write_page",
    "write_predictions",
    "write_published",
    "write_report",
    "write_search_figure",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "html.added": ["add_to_page"],
        "pages.benchmark": ["write_benchmark"],
        "pages.classification": ["write_classification"],
        "read.folders": ["write_page"],
        "pages.published": ["write_published"],
        "pages.index": ["write_index"],
        "pages.predictions": ["write_predictions"],
        "pages.run": ["write_report"],
        "read.run": ["RunResults"],
        "pages.search": ["write_search_figure"],
    },
)

make_callable(__name__, "read.folders", "write_page")
