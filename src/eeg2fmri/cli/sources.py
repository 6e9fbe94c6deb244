"""Say where each value comes from that a command would use: a default, a preset, a file, or an option."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from eeg2fmri.core.config import Config, merged, read_mapping


def _training(values: dict[str, Any]) -> tuple[type[Config], dict[str, Any]]:
    from eeg2fmri.core.errors import ConfigError
    from eeg2fmri.models.presets import PRESETS, rival_presets, with_preset
    from eeg2fmri.train.config import TrainConfig

    preset = values.get("model", {}).get("preset")
    known = [*PRESETS, *rival_presets()]
    if preset is not None and preset not in known:
        raise ConfigError("unknown preset", got=str(preset), expected=", ".join(known))
    return TrainConfig, with_preset(values)


def _crossvalidating(values: dict[str, Any]) -> tuple[type[Config], dict[str, Any]]:
    return _training(merged({"split": {"folds": 5}}, values))


def _preparing(values: dict[str, Any]) -> tuple[type[Config], dict[str, Any]]:
    from eeg2fmri.data.settings.prepare import PrepareConfig

    return PrepareConfig, values


def _explaining(values: dict[str, Any]) -> tuple[type[Config], dict[str, Any]]:
    from eeg2fmri.explain.config import ExplainConfig

    return ExplainConfig, values


def _classifying(values: dict[str, Any]) -> tuple[type[Config], dict[str, Any]]:
    from eeg2fmri.classify.config import ClassifyConfig

    return ClassifyConfig, values


def _simulating(values: dict[str, Any]) -> tuple[type[Config], dict[str, Any]]:
    from eeg2fmri.simulate.config import SimulationConfig

    return SimulationConfig, values


def _groups(values: dict[str, Any]) -> tuple[type[Config], dict[str, Any]]:
    from eeg2fmri.simulate.groups.config import GroupsConfig

    return GroupsConfig, values


def _tuning(values: dict[str, Any]) -> tuple[type[Config], dict[str, Any]]:
    from eeg2fmri.tune.config import TuneConfig

    return TuneConfig, values


#: Settings of each command that has any: class, and the values that were given with those of a preset.
SETTINGS: dict[str, Callable[[dict[str, Any]], tuple[type[Config], dict[str, Any]]]] = {
    "train": _training,
    "crossvalidate": _crossvalidating,
    "prepare": _preparing,
    "explain": _explaining,
    "classify": _classifying,
    "simulate": _simulating,
    "simulate-eeg": _groups,
    "tune": _tuning,
}
#: Options that are settings under another name.
PLACES = {
    "preset": ("model", "preset"),
    "target": ("pairs", "target"),
    "folds": ("split", "folds"),
    "by": ("split", "by"),
}


def values_of(ctx: Any) -> list[tuple[str, str, str]]:
    """List name, value and source of all that a command would use: its options, and the settings behind them.

    Raises
    ------
    ConfigError
        If the settings cannot be read or are wrong.
    """
    make = SETTINGS.get(ctx.info_name)
    fields = make({})[0].model_fields if make else {}
    found: list[tuple[str, str, str]] = []
    given: dict[str, Any] = {}
    for name, value in ctx.params.items():
        chosen = ctx.get_parameter_source(name).name != "DEFAULT"
        *above, last = _place(name, fields)
        if (above or [last])[0] not in fields:
            found.append((name, _shown(value), "option" if chosen else "default"))
        elif chosen and value is not None:
            place = given
            for key in above:
                place = place.setdefault(key, {})
            value = getattr(value, "value", value)
            place[last] = int(value) if str(value).isdigit() else value
    return found if make is None else [*found, *_settings(ctx, make, given)]


def _place(option: str, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which setting an option is."""
    place = PLACES.get(option, (option,))
    return place if place[0] in fields else (option,)


def _settings(ctx: Any, make: Any, given: dict[str, Any]) -> list[tuple[str, str, str]]:
    path = ctx.params.get("config")
    file = read_mapping(path) if path else {}
    cls, whole = make(merged(file, given))
    settings = cls.make(whole, where=str(path or "")).model_dump(mode="json")
    sources = ((given, "option"), (file, f"file {path}"), (whole, "preset or command"))
    rows = []
    for keys, value in _leaves(settings):
        source = next((name for values, name in sources if _holds(values, keys)), "default")
        rows.append((".".join(keys), _shown(value), source))
    return rows


def _leaves(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in values.items():
        inner = _leaves(value, (*above, key)) if isinstance(value, dict) and value else [((*above, key), value)]
        found += inner
    return found


def _holds(values: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(values, Mapping):
            return True
        if key not in values:
            return False
        values = values[key]
    return True


def _shown(value: Any) -> str:
    return json.dumps(getattr(value, "value", value), default=str)
