"""EEG-only recordings classified through a synthesised fMRI view, beside what the EEG alone can tell.

`classify_run` is the whole protocol, `EEGViewClassifier` a scikit-learn estimator of windows.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eeg2fmri.classify.config import ClassifyConfig
    from eeg2fmri.classify.run import classify_run
    from eeg2fmri.classify.view_estimator import EEGViewClassifier

__all__ = ["ClassifyConfig", "EEGViewClassifier", "classify_run"]

_LAZY = {
    "ClassifyConfig": "eeg2fmri.classify.config",
    "classify_run": "eeg2fmri.classify.run",
    "EEGViewClassifier": "eeg2fmri.classify.view_estimator",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'eeg2fmri.classify' has no attribute {name!r}")
