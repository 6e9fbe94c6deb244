"""Paired EEG-fMRI recordings whose truth is known, written as a BIDS folder.

`simulate_dataset` writes a data set, `Truth` reads what is true of it, `SimulationConfig` holds every setting.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eeg2fmri.simulate.config import SimulationConfig, small_config
    from eeg2fmri.simulate.dataset import simulate_dataset
    from eeg2fmri.simulate.truth import Truth

__all__ = ["SimulationConfig", "Truth", "simulate_dataset", "small_config"]

_LAZY = {
    "SimulationConfig": "eeg2fmri.simulate.config",
    "small_config": "eeg2fmri.simulate.config",
    "simulate_dataset": "eeg2fmri.simulate.dataset",
    "Truth": "eeg2fmri.simulate.truth",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'eeg2fmri.simulate' has no attribute {name!r}")
