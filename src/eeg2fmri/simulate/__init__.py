"""Paired EEG-fMRI recordings whose truth is known, written as a BIDS folder.

`simulate_dataset` writes a data set, `Truth` reads what is true of it, `SimulationConfig` holds every setting.
"""

from __future__ import annotations

import lazy_loader

from eeg2fmri.core.callable_package import make_callable

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

make_callable(__name__, "dataset", "simulate_dataset")
