"""Synthesise fMRI volumes from EEG, and say how much of every number came from the EEG.

The names below are imported when they are first used, so that ``import eeg2fmri`` stays fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from eeg2fmri.core.errors import Eeg2FmriError
    from eeg2fmri.predict.synthesizer import Synthesizer

__version__ = "0.1.0"

__all__ = ["Eeg2FmriError", "Synthesizer", "__version__"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "core.errors": ["Eeg2FmriError"],
        "predict.synthesizer": ["Synthesizer"],
    },
)
