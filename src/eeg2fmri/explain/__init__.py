"""Which part of an EEG window a synthesised volume came from, and whether that explanation can be believed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eeg2fmri.explain.config import ExplainConfig
    from eeg2fmri.explain.gradients import integrated_gradients
    from eeg2fmri.explain.propagation import propagate
    from eeg2fmri.explain.registry import rule_for
    from eeg2fmri.explain.rules import Composite, composite
    from eeg2fmri.explain.run import explain_run
    from eeg2fmri.explain.targets import region, voxel, whole_volume
    from eeg2fmri.explain.windows import explain_latent, explain_windows

_LAZY = {
    "Composite": "rules",
    "ExplainConfig": "config",
    "composite": "rules",
    "explain_latent": "windows",
    "explain_run": "run",
    "explain_windows": "windows",
    "integrated_gradients": "gradients",
    "propagate": "propagation",
    "region": "targets",
    "rule_for": "registry",
    "voxel": "targets",
    "whole_volume": "targets",
}

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


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"eeg2fmri.explain.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'eeg2fmri.explain' has no attribute {name!r}")
