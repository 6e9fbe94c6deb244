"""Train a synthesiser on a store; the result is a run folder that explains itself."""

from __future__ import annotations

from eeg2fmri.core.callable_package import make_callable

make_callable(__name__, "run", "train_run")
