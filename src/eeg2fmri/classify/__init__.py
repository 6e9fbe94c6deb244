"""EEG-only recordings classified through a synthesised fMRI view, beside what the EEG alone can tell.

`classify_run` is the whole protocol, `EEGViewClassifier` a scikit-learn estimator of windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from eeg2fmri.core.callable_package import make_callable

if TYPE_CHECKING:
    from eeg2fmri.classify.config import ClassifyConfig
    from eeg2fmri.classify.run import classify_run
    from eeg2fmri.classify.view_training.estimator import EEGViewClassifier

__all__ = ["ClassifyConfig", "EEGViewClassifier", "classify_run"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "config": ["ClassifyConfig"],
        "run": ["classify_run"],
        "view_training.estimator": ["EEGViewClassifier"],
    },
)

make_callable(__name__, "run", "classify_run")
