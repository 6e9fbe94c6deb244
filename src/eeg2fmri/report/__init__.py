"""Figures and self-contained pages from results on disk."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eeg2fmri.report.page import write_report
    from eeg2fmri.report.results import RunResults

__all__ = ["RunResults", "write_report"]

_LAZY = {"write_report": "eeg2fmri.report.page", "RunResults": "eeg2fmri.report.results"}


def __getattr__(name: str) -> Any:
    """Import matplotlib and jinja2 only when a page or figure is made."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'eeg2fmri.report' has no attribute {name!r}")
