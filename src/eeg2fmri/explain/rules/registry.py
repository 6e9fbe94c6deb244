"""Look up the rule of a layer by its exact class: a subclass may compute something else, so it needs its own."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

from torch import nn

from eeg2fmri.explain.rules.tracer import Tracer
from eeg2fmri.models.capabilities import ExplainsItself

LayerRule = Callable[..., Any]
_RULES: dict[type[nn.Module], LayerRule] = {}

#: Modules that hold rules; imported when the first rule is asked for.
_MODULES = ("layers", "attention_layers", "random_layers", "linear_models")


def rule_for(*classes: type[nn.Module]) -> Callable[[LayerRule], LayerRule]:
    """Register a function of (layer, tracer, *arguments of the layer) as the rule of some classes of layers.

    The function gives what the layer gives, with the gradient that propagates relevance
    (`eeg2fmri.explain.rules.tracer`).
    """

    def register(rule: LayerRule) -> LayerRule:
        for one in classes:
            _RULES[one] = rule
        return rule

    return register


def rule_of(layer: type[nn.Module]) -> LayerRule | None:
    """Return the rule of a class, its own first, or None: then its `forward` is looked at operation by operation."""
    if issubclass(layer, ExplainsItself):
        return cast(LayerRule, layer.propagate_relevance)
    for name in _MODULES:
        import_module(f"eeg2fmri.explain.rules.{name}")
    return _RULES.get(layer)


def traced(layer: nn.Module, tracer: Tracer, rule: LayerRule) -> Callable[..., Any]:
    """Return what takes the place of the layer's `forward` during an explanation."""

    def forward(*arguments: Any, **named: Any) -> Any:
        tracer.busy += 1
        try:
            return rule(layer, tracer, *arguments, **named)
        finally:
            tracer.busy -= 1

    return forward
