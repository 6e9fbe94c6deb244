"""The same model untrained: what an explanation shows of the architecture and the data alone."""

from __future__ import annotations

from typing import Any

from torch import nn

from eeg2fmri.core.random import child_seed
from eeg2fmri.models.registry import build


def untrained(model: nn.Module, seed: int = 0) -> nn.Module:
    """Build a model of the same settings with other random weights.

    If its relevance resembles that of the trained model, the relevance says little of what was learnt (Adebayo et al.,
    NeurIPS 2018, arXiv:1810.03292).

    Parameters
    ----------
    model : nn.Module
        A model of the registry, which has a `config` with a `seed`.
    seed : int
        Different seeds give different weights, none of them the initial weights of `model`.
    """
    config: Any = model.config
    fresh = build(config.model_copy(update={"seed": child_seed(config.seed, "untrained", seed)}))
    like = next(model.parameters())
    return fresh.to(device=like.device, dtype=like.dtype).eval()
