"""Models by the `kind` of their config."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from torch import nn

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import ConfigError

#: Kind of a config -> module of `eeg2fmri.models`, config class, model class. Modules are imported when needed.
_MODELS = {
    "synthesizer": ("documented.synthesizer", "SynthesizerConfig", "SynthesizerNetwork"),
    "recommended": ("recommended.model", "RecommendedConfig", "Recommended"),
    "fmri_autoencoder": ("documented.autoencoder", "AutoencoderConfig", "Autoencoder"),
    "linear_classifier": ("classifiers.latent", "LinearClassifierConfig", "Classifier"),
    "view_classifier": ("classifiers.view", "ViewClassifierConfig", "ViewClassifier"),
    "linear_view": ("classifiers.linear_view", "LinearViewConfig", "LinearView"),
    "polynomial_classifier": ("classifiers.latent", "PolynomialClassifierConfig", "Classifier"),
}


def kinds() -> tuple[str, ...]:
    """Kinds of models that can be built, in alphabetical order."""
    return tuple(sorted(_MODELS))


def config_class(kind: str) -> type[Config]:
    """Return the config class of a kind.

    Raises
    ------
    ConfigError
        If there is no such kind.
    """
    module, config, _ = _entry(kind)
    return cast(type[Config], getattr(import_module(f"eeg2fmri.models.{module}"), config))


def model_class(kind: str) -> type[nn.Module]:
    """Return the model class of a kind; raises as `config_class`."""
    module, _, model = _entry(kind)
    return cast(type[nn.Module], getattr(import_module(f"eeg2fmri.models.{module}"), model))


def build(config: Config | Mapping[str, Any]) -> nn.Module:
    """Build the model of a config.

    Parameters
    ----------
    config : Config or mapping
        A model config, or its values with their ``kind``.

    Raises
    ------
    ConfigError
        If the kind is unknown or a setting is wrong.
    ShapeError
        If the architecture is not valid for the shapes.
    """
    if not isinstance(config, Config):
        values = dict(config)
        config = config_class(str(values.get("kind"))).make(values)
    return model_class(str(getattr(config, "kind", None)))(config)


def _entry(kind: str) -> tuple[str, str, str]:
    if kind not in _MODELS:
        near = difflib.get_close_matches(kind, _MODELS, n=1)
        raise ConfigError(
            "there is no such kind of model",
            where="kind",
            got=repr(kind),
            expected="one of " + ", ".join(kinds()),
            hint=f"did you mean {near[0]!r}?" if near else "",
        )
    return _MODELS[kind]
