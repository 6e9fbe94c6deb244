"""Scores of a synthesiser beside baselines and null distributions, on recordings that it has not seen."""

from __future__ import annotations

from eeg2fmri.core.callable_package import make_callable

make_callable(__name__, "run", "evaluate_run")
