"""Checkpoints of the earlier TensorFlow package, read without TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from eeg2fmri.models.earlier_package.keras_import.convert import ImportReport, import_checkpoint

__all__ = ["ImportReport", "import_checkpoint"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "convert": ["ImportReport", "import_checkpoint"],
    },
)
