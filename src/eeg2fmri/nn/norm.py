"""Batch normalisation, by default with the constants of Keras."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eeg2fmri.nn.synchronised import synchronised_batch_norm

#: Added to the variance.
EPSILON = 1e-3
#: Share of the new batch in the moving statistics (Keras counts the share of the old ones, 0.99).
MOMENTUM = 0.01


class BatchNorm(nn.Module):
    """Normalise each channel over batch and space, then gain and offset.

    Training uses the mean and the biased variance of the batch and moves the running statistics by 0.01 towards
    the mean and the UNBIASED variance; evaluation uses the running statistics. Unlike torch's layer it keeps no
    count of batches.

    Parameters
    ----------
    n_channels : int
    momentum : float
        Share of the new batch in the moving statistics.
    epsilon : float
        Added to the variance.

    Attributes
    ----------
    synchronised : bool
        Whether a batch in training is that of all processes; see `synchronise`.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, n_channels: int, momentum: float = MOMENTUM, epsilon: float = EPSILON) -> None:
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.synchronised = False
        self.weight = nn.Parameter(torch.ones(n_channels))
        self.bias = nn.Parameter(torch.zeros(n_channels))
        self.register_buffer("running_mean", torch.zeros(n_channels))
        self.register_buffer("running_var", torch.ones(n_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, channel, ...) -> the same shape."""
        if self.training and self.synchronised:
            return synchronised_batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, self.momentum, self.epsilon
            )
        return nn.functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            self.momentum,
            self.epsilon,
        )


def synchronise(model: nn.Module) -> int:
    """Let every `BatchNorm` of a model take its statistics over all processes of the default process group.

    Parameters
    ----------
    model : nn.Module
        Changed in place.

    Returns
    -------
    int
        Number of layers.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, BatchNorm)]
    for layer in layers:
        layer.synchronised = True
    return len(layers)
