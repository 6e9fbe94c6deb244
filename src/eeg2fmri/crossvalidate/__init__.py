"""Cross-validation: a run for each fold of a split, each tested once, and one table over all of them."""

from __future__ import annotations

from eeg2fmri.crossvalidate.run import CrossValidation, cross_validate

__all__ = ["CrossValidation", "cross_validate"]
