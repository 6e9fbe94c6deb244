"""What is trained: autoencoder, synthesiser, classifiers; imported when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eeg2fmri.models.na_spec import NASpec
    from eeg2fmri.models.output import Synthesis
    from eeg2fmri.models.registry import build
    from eeg2fmri.models.seed_classifiers import (
        LinearClassifier,
        PolynomialClassifier,
        ViewLatentContrastiveClassifier,
        view_EEG_classifier,
    )
    from eeg2fmri.models.seed_names import EEG_to_fMRI, fMRI_AE
    from eeg2fmri.models.synthesizer import Synthesizer, SynthesizerConfig

__all__ = [
    "EEG_to_fMRI",
    "LinearClassifier",
    "NASpec",
    "PolynomialClassifier",
    "Synthesis",
    "Synthesizer",
    "SynthesizerConfig",
    "ViewLatentContrastiveClassifier",
    "build",
    "fMRI_AE",
    "view_EEG_classifier",
]

_LAZY = {
    "NASpec": "na_spec",
    "Synthesis": "output",
    "Synthesizer": "synthesizer",
    "SynthesizerConfig": "synthesizer",
    "build": "registry",
    "EEG_to_fMRI": "seed_names",
    "fMRI_AE": "seed_names",
    "LinearClassifier": "seed_classifiers",
    "PolynomialClassifier": "seed_classifiers",
    "ViewLatentContrastiveClassifier": "seed_classifiers",
    "view_EEG_classifier": "seed_classifiers",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"eeg2fmri.models.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'eeg2fmri.models' has no attribute {name!r}")
