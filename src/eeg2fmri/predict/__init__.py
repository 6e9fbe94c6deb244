"""EEG recordings to BOLD images with a trained synthesiser."""

from __future__ import annotations

from eeg2fmri.core.callable_package import make_callable

make_callable(__name__, "derivative", "predict_file")
