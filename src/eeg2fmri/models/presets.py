"""Model settings by name: what ``{"preset": "documented"}`` in a training stands for."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sized
from typing import Any

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import ConfigError

Shape = tuple[int, int, int]


def _documented(eeg_shape: Shape, volume_shape: Shape, changes: dict[str, Any]) -> Config:
    from eeg2fmri.models.documented.synthesizer import SynthesizerConfig

    return SynthesizerConfig.documented(eeg_shape, volume_shape, **changes)


def _recommended(eeg_shape: Shape, volume_shape: Shape, changes: dict[str, Any]) -> Config:
    from eeg2fmri.models.recommended.config import RecommendedConfig

    own = {"eeg_shape": eeg_shape, "volume_shape": volume_shape, "responses": "rows"}
    return RecommendedConfig.make({**own, **changes}, where="model")


#: Settings of a training that go with a preset, where the user gives no others.
TRAINING: dict[str, dict[str, Any]] = {
    "recommended": {
        "epochs": 0,
        "pairs": {"eeg": "rows", "window_s": 20.0, "target": "dynamics"},
        # for gradient steps after the closed form, which are asked for by `epochs`
        "loss": {"reconstruction": "squared", "voxels": "brain", "latent": 0.0},
        "optimiser": {"learning_rate": 3e-5},
    },
}

#: Name of each preset, and what makes its settings for the shapes of a store.
PRESETS = {"recommended": _recommended, "documented": _documented}
#: What is trained where no model is named.
DEFAULT = "recommended"


def rival_presets() -> dict[str, tuple[str, bool]]:
    """List the presets of published models: name to kind, and whether it has the sizes for a laptop."""
    from eeg2fmri.models.rivals.published import TRAINED

    return {f"{kind}_small" if small else kind: (kind, small) for kind in TRAINED for small in (False, True)}


def training_of(preset: str) -> dict[str, Any]:
    """Give the settings of a training that go with a preset; nothing for one that is not known."""
    if preset in TRAINING or preset not in rival_presets():
        return TRAINING.get(preset, {})
    from eeg2fmri.models.rivals.published import rival

    return rival(rival_presets()[preset][0]).training()


def with_preset(values: dict[str, Any]) -> dict[str, Any]:
    """Add the settings of a training that go with its preset, `DEFAULT` if none is named; what the user gives stays.

    Parameters
    ----------
    values : dict
        Settings of a training, with ``{"model": {"preset": NAME}}``.
    """
    values = {"model": {"preset": DEFAULT}, **values}
    model = values["model"]
    extra = training_of(str(model.get("preset"))) if isinstance(model, dict) else {}
    merged = {**extra, **values}
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            merged[key] = {**value, **values[key]}
    pairs = values.get("pairs")
    if isinstance(pairs, dict) and "window" in pairs and "window_s" not in pairs and isinstance(merged["pairs"], dict):
        merged["pairs"] = {key: value for key, value in merged["pairs"].items() if key != "window_s"}
    return merged


def check_preset(name: Any) -> None:
    """Refuse a name that is no preset.

    Raises
    ------
    ConfigError
        If it is none.
    """
    known = [*PRESETS, *rival_presets()]
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        raise ConfigError(
            "unknown model preset",
            where="model.preset",
            got=repr(name),
            expected="one of " + ", ".join(sorted(known)),
            hint=f"did you mean {near[0]!r}?" if near else "",
        )


def model_config(
    spec: dict[str, Any],
    eeg_shape: Shape,
    volume_shape: Shape,
    seed: int = 0,
    columns: Mapping[str, Sized] | None = None,
    known: Mapping[str, Any] | None = None,
) -> Config:
    """Turn the model part of a training's settings into a model config.

    Parameters
    ----------
    spec : dict
        ``{"preset": NAME, ...}`` with settings to change, or a whole config with its ``kind``; shapes that it does not
        give are those of the store.
    eeg_shape : (channel, freq, time)
    volume_shape : (x, y, z)
    seed : int
        Seed of the weights, where `spec` gives none.
    columns : mapping of str to sized, optional
        Columns of each kind of row features, where windows hold these (`eeg2fmri.data.pairs.of_store.row_columns`).
    known : mapping of str to value, optional
        What else is known of the store, under the names that settings of models have: electrodes, affine, sfreq.

    Raises
    ------
    ConfigError
        If the preset or kind is unknown, or a setting is wrong.
    ShapeError
        If the architecture is not valid for the shapes.
    """
    spec = dict(spec)
    if spec.get("kind") == "parcelled":
        # where its parts are is only known with the training recordings
        of_parts = {name: value for name, value in (known or {}).items() if name != "affine"}
        inner = model_config(spec["inner"], eeg_shape, (int(spec["regions"]), 1, 1), seed, columns, of_parts)
        spec["inner"] = inner.model_dump(mode="json")
    name = spec.pop("preset", None)
    if not isinstance(name if name is not None else spec.get("kind"), str):
        raise ConfigError(
            "the model has no name", where="model", got=f"preset {name!r:.80}", expected="a preset or a kind"
        )
    if columns and "recommended" in (name, spec.get("kind")):
        spec.setdefault("columns", [(kind, len(found)) for kind, found in columns.items()])
    rivals = rival_presets()
    if name in rivals:
        from eeg2fmri.models.rivals.published import rival

        kind, small = rivals[name]
        name, spec = None, {"kind": kind, **(rival(kind).laptop if small else {}), **spec}
    if name is None:
        from eeg2fmri.models.registry import config_class

        found = config_class(str(spec["kind"]))
        of_store = {"seed": seed, "eeg_shape": eeg_shape, "volume_shape": volume_shape, **(known or {})}
        taken = {key: value for key, value in of_store.items() if key in found.model_fields}
        return found.make({**taken, **spec}, where="model")
    spec.setdefault("seed", seed)
    check_preset(name)
    return PRESETS[name](eeg_shape, volume_shape, spec)
