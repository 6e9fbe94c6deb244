"""Figures and self-contained pages from results on disk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eeg2fmri.report.benchmark import write_benchmark
    from eeg2fmri.report.classification import write_classification
    from eeg2fmri.report.folders import write_page
    from eeg2fmri.report.index import write_index
    from eeg2fmri.report.page import write_report
    from eeg2fmri.report.results import RunResults
    from eeg2fmri.report.search import write_search_figure

__all__ = [
    "RunResults",
    "write_benchmark",
    "write_classification",
    "write_index",
    "write_page",
    "write_report",
    "write_search_figure",
]

_LAZY = {
    "RunResults": "eeg2fmri.report.results",
    "write_benchmark": "eeg2fmri.report.benchmark",
    "write_classification": "eeg2fmri.report.classification",
    "write_index": "eeg2fmri.report.index",
    "write_page": "eeg2fmri.report.folders",
    "write_report": "eeg2fmri.report.page",
    "write_search_figure": "eeg2fmri.report.search",
}


def __getattr__(name: str) -> Any:
    """Import matplotlib and jinja2 only when a page or figure is made."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'eeg2fmri.report' has no attribute {name!r}")
