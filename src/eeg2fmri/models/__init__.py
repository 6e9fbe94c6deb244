"""What is trained: autoencoder, synthesiser, classifiers; imported when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from eeg2fmri.models.documented.na_spec import NASpec
    from eeg2fmri.models.documented.synthesizer import Synthesizer, SynthesizerConfig
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
    "Synthesizer",
    "SynthesizerConfig",
    "ViewLatentContrastiveClassifier",
    "build",
    "fMRI_AE",
    "view_EEG_classifier",
]

__getattr__, __dir__, _ = lazy_loader.attach(
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
        "documented.synthesizer": ["Synthesizer", "SynthesizerConfig"],
    },
)
