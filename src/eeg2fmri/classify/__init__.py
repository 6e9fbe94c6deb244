"""EEG-only recordings classified through a synthesised fMRI view, beside what the EEG alone can tell.

`classify_run` is the whole protocol, `EEGViewClassifier` a scikit-learn estimator of windows.
"""

from __future__ import annotations

import lazy_loader

from eeg2fmri.core.callable_package import make_callable

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

make_callable(__name__, "run", "classify_run")
