"""Monte Carlo passes of a synthesiser: how much its volumes vary, and how noisy it says the voxels are."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork


class Uncertainty(NamedTuple):
    """Summary of Monte Carlo passes.

    Attributes
    ----------
    mean : Tensor, shape (batch, x, y, z)
        Mean volume over the passes.
    epistemic : Tensor, shape (batch, x, y, z)
        Variance of the volume over the passes, with n - 1; 0 everywhere if nothing in the model is variational.
    aleatoric : Tensor, shape (batch, x, y, z), or None
        Mean over the passes of the scale; None if the model gives no scale.
    """

    mean: Tensor
    epistemic: Tensor
    aleatoric: Tensor | None


@torch.no_grad()
def monte_carlo(
    model: SynthesizerNetwork,
    x: Tensor,
    passes: int = 100,
    generator: torch.Generator | None = None,
    progress: Progress = silent,
) -> Uncertainty:
    """Synthesise the same windows several times with fresh draws; the model is used as in evaluation.

    Parameters
    ----------
    model : SynthesizerNetwork
    x : Tensor, shape (batch, channel, freq, time)
    passes : int
        At least 2.
    generator : torch.Generator, optional
        Source of the draws: the same state gives the same result. Without it one is made from the model's seed.
    progress : Progress

    Raises
    ------
    ConfigError
        If there are fewer than 2 passes.
    """
    if passes < 2:
        raise ConfigError("a variance needs at least 2 passes", where="passes", got=str(passes), expected="2 or more")
    if generator is None:
        generator = torch.Generator().manual_seed(model.seed)
    was_training = model.training
    model.eval()
    try:
        mean, squares, scales = x.new_zeros(()), x.new_zeros(()), None
        for number in range(1, passes + 1):
            out = model(x, generator=generator)
            # Welford's update: a difference of large sums would lose the variance
            delta = out.volume - mean
            mean = mean + delta / number
            squares = squares + delta * (out.volume - mean)
            if out.scale is not None:
                scales = out.scale if scales is None else scales + out.scale
            progress("Monte Carlo passes", number, passes)
    finally:
        model.train(was_training)
    return Uncertainty(mean, squares / (passes - 1), None if scales is None else scales / passes)
