"""Cross-validate: a run for each fold of a split, each tested once, and one table over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from eeg2fmri.core.callable_package import make_callable

if TYPE_CHECKING:
    from eeg2fmri.crossvalidate.run import CrossValidation, cross_validate

__all__ = ["CrossValidation", "cross_validate"]

__getattr__, __dir__, _ = lazy_loader.attach(__name__, submod_attrs={"run": ["CrossValidation", "cross_validate"]})

make_callable(__name__, "run", "cross_validate")
