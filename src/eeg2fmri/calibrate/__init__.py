"""Fit a run's synthesiser to one person by some minutes of that person's EEG and BOLD."""

from __future__ import annotations

from eeg2fmri.core.callable_package import make_callable

make_callable(__name__, "run", "calibrate_run")
