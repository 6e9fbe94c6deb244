"""Figures and self-contained pages from results on disk."""

from __future__ import annotations

import lazy_loader

from eeg2fmri.core.callable_package import make_callable

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

make_callable(__name__, "read.folders", "write_page")
