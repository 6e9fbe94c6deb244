"""Models by the `kind` of their config."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, NamedTuple, cast

import torch
from torch import nn

from eeg2fmri.core.config import Config
from eeg2fmri.core.disk.room import check_memory
from eeg2fmri.core.errors import ConfigError

#: Kind of a config -> module of `eeg2fmri.models`, config class, model class. Modules are imported when needed.
_MODELS = {
    "synthesizer": ("documented.synthesizer", "SynthesizerConfig", "SynthesizerNetwork"),
    "recommended": ("recommended.model", "RecommendedConfig", "Recommended"),
    "fmri_autoencoder": ("documented.autoencoder", "AutoencoderConfig", "Autoencoder"),
    "linear_classifier": ("classifiers.latent", "LinearClassifierConfig", "Classifier"),
    "view_classifier": ("classifiers.view", "ViewClassifierConfig", "ViewClassifier"),
    "linear_view": ("classifiers.linear_view", "LinearViewConfig", "LinearView"),
    "e2fnet": ("rivals.e2fnet", "E2fNetConfig", "E2fNet"),
    "e2fgan": ("rivals.e2fgan", "E2fGANConfig", "E2fGAN"),
    "neurobolt": ("rivals.neurobolt", "NeuroBoltConfig", "NeuroBolt"),
    "boldflow": ("rivals.boldflow", "BoldFlowConfig", "BoldFlow"),
    "nt_vit": ("rivals.nt_vit", "NTViTConfig", "NTViT"),
    "spec2vol": ("rivals.spec2vol", "Spec2VolConfig", "Spec2Vol"),
    "eeg2bold": ("rivals.eeg2bold", "Eeg2BoldConfig", "Eeg2Bold"),
    "parcelled": ("parcelled", "ParcelledConfig", "Parcelled"),
    "polynomial_classifier": ("classifiers.latent", "PolynomialClassifierConfig", "Classifier"),
}
#: Entry points by which another package adds kinds: their name is the kind, and they name a `ModelKind`.
GROUP = "eeg2fmri.models"


class ModelKind(NamedTuple):
    """A kind of model: the class of its config, whose ``kind`` has the kind as its default, and of its network.

    Examples
    --------
    In ``pyproject.toml`` of another package, whose ``my_package.model`` has ``KIND = ModelKind(MyConfig, MyNetwork)``::

        [project.entry-points."eeg2fmri.models"]
        my_network = "my_package.model:KIND"
    """

    config: type[Config]
    model: type[nn.Module]


def kinds() -> tuple[str, ...]:
    """List the kinds of models that can be built, in alphabetical order."""
    return tuple(sorted({*_MODELS, *(point.name for point in entry_points(group=GROUP))}))


def config_class(kind: str) -> type[Config]:
    """Return the config class of a kind.

    Raises
    ------
    ConfigError
        If there is no such kind.
    """
    return _entry(kind).config


def model_class(kind: str) -> type[nn.Module]:
    """Return the model class of a kind; raises as `config_class`."""
    return _entry(kind).model


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


def outline(config: Config | Mapping[str, Any]) -> nn.Module:
    """Build the model of a config without memory for its tensors, which have shapes alone; raises as `build`."""
    with torch.device("meta"):
        return build(config)


def check_room(config: Config | Mapping[str, Any], copies: int = 1) -> None:
    """Refuse a model whose tensors do not fit into memory, before any is taken.

    Parameters
    ----------
    config : Config or mapping
        As for `build`.
    copies : int
        How often the tensors will be in memory at once, at least.

    Raises
    ------
    ConfigError
        If a tensor would have a size that no array can have; or as `build`.
    InputError
        If the tensors need more memory than there is.
    ShapeError
        As `build`.

    Examples
    --------
    >>> from eeg2fmri.models.presets import model_config
    >>> check_room(model_config({"preset": "documented", "latent_shape": (10**5, 3, 2)}, (5, 9, 4), (12, 11, 3), 0))
    Traceback (most recent call last):
        ...
    eeg2fmri.core.errors.InputError: the model needs more memory than there is
      where:    model
      got:      ... free
      expected: at least ... GB
      do:       choose smaller sizes in the settings of the model, or another preset
    """
    hint = "choose smaller sizes in the settings of the model, or another preset"
    try:
        tensors = outline(config).state_dict().values()
    except (RuntimeError, OverflowError, TypeError) as error:
        # torch says so of sizes that no array can have
        got = str(error).splitlines()[0]
        raise ConfigError("the model cannot be built from its settings", where="model", got=got, hint=hint) from None
    check_memory(copies * sum(tensor.nbytes for tensor in tensors), "the model", "model", hint)


def _entry(kind: str) -> ModelKind:
    if kind in _MODELS:
        module, config, model = _MODELS[kind]
        found = import_module(f"eeg2fmri.models.{module}")
        return ModelKind(cast(type[Config], getattr(found, config)), cast(type[nn.Module], getattr(found, model)))
    for point in entry_points(group=GROUP):
        if point.name == kind:
            return _of_another_package(kind, point.value)
    near = difflib.get_close_matches(kind, kinds(), n=1)
    raise ConfigError(
        "there is no such kind of model",
        where="kind",
        got=repr(kind),
        expected="one of " + ", ".join(kinds()),
        hint=f"did you mean {near[0]!r}?" if near else "",
    )


@cache
def _of_another_package(kind: str, place: str) -> ModelKind:
    """Load what an entry point names.

    Raises
    ------
    ConfigError
        If it cannot be imported, or is no `ModelKind` of this kind.
    """
    where = f"entry point {kind} = {place} of the group {GROUP}"
    module, _, name = place.partition(":")
    try:
        found = getattr(import_module(module), name)
    except Exception as error:  # what happens on import is the other package's
        raise ConfigError(
            "a model of another package cannot be imported",
            where=where,
            got=f"{type(error).__name__}: {error}",
            hint="update or uninstall the package that names it",
        ) from error
    fits = isinstance(found, tuple) and len(found) == 2 and all(isinstance(one, type) for one in found)
    if not fits or not issubclass(found[0], Config) or not issubclass(found[1], nn.Module):
        raise ConfigError(
            "an entry point names no kind of model",
            where=where,
            got=type(found).__name__,
            expected="a ModelKind: a Config class and a torch module class",
            hint="see eeg2fmri.models.registry.ModelKind",
        )
    named = found[0].model_fields.get("kind")
    if named is None or named.default != kind:
        raise ConfigError(
            "the config of a model does not name its kind",
            where=where,
            got="no field 'kind'" if named is None else f"kind: {named.default!r}",
            expected=f'kind: Literal["{kind}"] = "{kind}"',
        )
    return ModelKind(*found)
