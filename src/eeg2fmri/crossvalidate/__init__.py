"""Cross-validate: a run for each fold of a split, each tested once, and one table over all of them."""

from __future__ import annotations

from eeg2fmri.core.callable_package import make_callable

make_callable(__name__, "run", "cross_validate")
