"""Build what is trained: autoencoder, synthesiser, classifiers; imported when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from eeg2fmri.core.deprecation import deprecated

if TYPE_CHECKING:
    from eeg2fmri.models.documented.na_spec import NASpec
    from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork
    from eeg2fmri.models.earlier_package.seed_classifiers import (
        LinearClassifier,
        PolynomialClassifier,
        ViewLatentContrastiveClassifier,
        view_EEG_classifier,
    )
    from eeg2fmri.models.earlier_package.seed_names import EEG_to_fMRI, fMRI_AE
    from eeg2fmri.models.output import Synthesis
    from eeg2fmri.models.registry import build

__all__ = [
    "EEG_to_fMRI",
    "LinearClassifier",
    "NASpec",
    "PolynomialClassifier",
    "Synthesis",
    "SynthesizerConfig",
    "SynthesizerNetwork",
    "ViewLatentContrastiveClassifier",
    "build",
    "fMRI_AE",
    "view_EEG_classifier",
]

_named, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "documented.na_spec": ["NASpec"],
        "output": ["Synthesis"],
        "registry": ["build"],
        "earlier_package.seed_classifiers": [
            "LinearClassifier",
            "PolynomialClassifier",
            "ViewLatentContrastiveClassifier",
            "view_EEG_classifier",
        ],
        "earlier_package.seed_names": ["EEG_to_fMRI", "fMRI_AE"],
        "documented.synthesizer": ["SynthesizerNetwork", "SynthesizerConfig"],
    },
)


def __getattr__(name: str) -> object:
    if name != "Synthesizer":
        return _named(name)
    deprecated("eeg2fmri.models.Synthesizer", "SynthesizerNetwork", since="0.1", removed="0.3")
    return _named("SynthesizerNetwork")
