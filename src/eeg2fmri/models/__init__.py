"""Build what is trained: autoencoder, synthesiser, classifiers; imported when first used."""

from __future__ import annotations

import lazy_loader

from eeg2fmri.core.deprecation import deprecated

_named, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    if name != "Synthesizer":
        return _named(name)
    deprecated("eeg2fmri.models.Synthesizer", "SynthesizerNetwork", since="0.1", removed="0.3")
    return _named("SynthesizerNetwork")
