"""Synthesise fMRI volumes from EEG, and say how much of every number came from the EEG.

The names below are imported when they are first used, so that ``import eeg2fmri`` stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from eeg2fmri.core.errors import Eeg2FmriError
    from eeg2fmri.predict.synthesizer import Synthesizer

__all__ = ["Eeg2FmriError", "Synthesizer", "__version__"]

_LAZY = {
    "Synthesizer": "eeg2fmri.predict.synthesizer",
    "Eeg2FmriError": "eeg2fmri.core.errors",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'eeg2fmri' has no attribute {name!r}")
