"""Make the optimiser of a training: which weights decay, and whose steps are smaller."""

from __future__ import annotations

import torch
from torch import nn

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models.capabilities import HasDepth
from eeg2fmri.train.config import OptimiserConfig


def make_optimiser(model: nn.Module, config: OptimiserConfig) -> torch.optim.Optimizer:
    """Make Adam, or AdamW where weights decay, for the parameters of a model that are trained.

    Returns
    -------
    torch.optim.Optimizer
        Each of its groups has a ``share``: the factor of the learning rate of the training.

    Raises
    ------
    ConfigError
        If learning rates are to follow the depth of layers in a model that does not tell it.
    """
    if config.layer_decay is not None and not isinstance(model, HasDepth):
        raise ConfigError(
            "the layers of this model have no depth that a learning rate could follow",
            where="optimiser.layer_decay",
            got=f"{config.layer_decay:g}, {type(model).__name__}",
            hint="leave layer_decay out",
        )
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        share = 1.0
        if config.layer_decay is not None and isinstance(model, HasDepth):
            share = config.layer_decay ** model.layers_above(name)
        decays = config.decay_vectors or parameter.ndim > 1
        groups.setdefault((share, config.weight_decay if decays else 0.0), []).append(parameter)
    kind = torch.optim.AdamW if config.weight_decay else torch.optim.Adam
    return kind(
        [{"params": found, "share": share, "weight_decay": decay} for (share, decay), found in groups.items()],
        config.learning_rate,
        config.betas,
        config.epsilon,
        fused=True,
    )
