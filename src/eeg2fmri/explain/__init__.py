"""Trace synthesised volumes to parts of EEG windows, and check whether that explanation can be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from eeg2fmri.core.callable_package import make_callable

if TYPE_CHECKING:
    from eeg2fmri.explain.config import ExplainConfig
    from eeg2fmri.explain.inputs.targets import region, voxel, whole_volume
    from eeg2fmri.explain.rules.choice import Composite, composite
    from eeg2fmri.explain.rules.propagation import propagate
    from eeg2fmri.explain.rules.registry import rule_for
    from eeg2fmri.explain.run import explain_run
    from eeg2fmri.explain.windows.gradients import integrated_gradients
    from eeg2fmri.explain.windows.of_one_recording import explain_latent, explain_windows

__all__ = [
    "Composite",
    "ExplainConfig",
    "composite",
    "explain_latent",
    "explain_run",
    "explain_windows",
    "integrated_gradients",
    "propagate",
    "region",
    "rule_for",
    "voxel",
    "whole_volume",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "config": ["ExplainConfig"],
        "windows.gradients": ["integrated_gradients"],
        "rules.propagation": ["propagate"],
        "rules.registry": ["rule_for"],
        "rules.choice": ["Composite", "composite"],
        "run": ["explain_run"],
        "inputs.targets": ["region", "voxel", "whole_volume"],
        "windows.of_one_recording": ["explain_latent", "explain_windows"],
    },
)

make_callable(__name__, "run", "explain_run")
