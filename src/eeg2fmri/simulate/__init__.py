"""Paired EEG-fMRI recordings whose truth is known, written as a BIDS folder.

`simulate_dataset` writes a data set, `Truth` reads what is true of it, `SimulationConfig` holds every setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from eeg2fmri.core.callable_package import make_callable

if TYPE_CHECKING:
    from eeg2fmri.simulate.config import SimulationConfig, small_config
    from eeg2fmri.simulate.dataset import simulate_dataset
    from eeg2fmri.simulate.write.truth import Truth

__all__ = ["SimulationConfig", "Truth", "simulate_dataset", "small_config"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "config": ["SimulationConfig", "small_config"],
        "dataset": ["simulate_dataset"],
        "write.truth": ["Truth"],
    },
)

make_callable(__name__, "dataset", "simulate_dataset")
