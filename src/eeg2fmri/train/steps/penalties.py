"""Penalties on the weights of named parts of a model."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from eeg2fmri.core.errors import ConfigError, Problem
from eeg2fmri.train.config import PenaltyConfig


class Penalties:
    """The penalties of a loss, their parameters found once.

    Raises
    ------
    ConfigError
        If a part names no parameter of the model; all such parts at once.
    """

    def __init__(self, model: nn.Module, configs: Sequence[PenaltyConfig]) -> None:
        named = dict(model.named_parameters())
        self._parts: list[tuple[PenaltyConfig, list[nn.Parameter]]] = []
        problems = []
        for config in configs:
            prefix = config.part + "."
            found = [value for name, value in named.items() if name == config.part or name.startswith(prefix)]
            if not found:
                parts = sorted({name.split(".")[0] for name in named})
                problems.append(
                    Problem(
                        "a penalty names no part of the model",
                        "loss.penalties",
                        config.part,
                        "one of " + ", ".join(parts) + ", or a part of these",
                    )
                )
            self._parts.append((config, found))
        if problems:
            raise ConfigError.of(problems)

    def __call__(self) -> Tensor | float:
        """Return the sum of the penalties at the present weights."""
        total: Tensor | float = 0.0
        for config, parameters in self._parts:
            power = torch.abs if config.norm == "l1" else torch.square
            for parameter in parameters:
                total = total + config.weight * power(parameter).sum()
        return total
