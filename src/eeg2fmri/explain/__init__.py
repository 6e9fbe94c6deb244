"""Trace synthesised volumes to parts of EEG windows, and check whether that explanation can be believed."""

from __future__ import annotations

import lazy_loader

from eeg2fmri.core.callable_package import make_callable

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

make_callable(__name__, "run", "explain_run")
