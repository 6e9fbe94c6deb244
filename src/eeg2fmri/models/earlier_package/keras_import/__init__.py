"""Checkpoints of the earlier TensorFlow package, read without TensorFlow."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eeg2fmri.models.keras_import.convert import ImportReport, import_checkpoint

__all__ = ["ImportReport", "import_checkpoint"]


def __getattr__(name: str) -> Any:
    # h5py and torch are loaded when something is imported, not when the command line prints its help
    if name in __all__:
        return getattr(import_module("eeg2fmri.models.keras_import.convert"), name)
    raise AttributeError(f"module 'eeg2fmri.models.keras_import' has no attribute {name!r}")
