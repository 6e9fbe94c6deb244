"""Dense layers whose weights are distributions: one draw a weight, and the flipout estimator."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.init import glorot_, normal_

#: Standard deviation of the weights before training.
INITIAL_SCALE = 0.05
#: Keeps a standard deviation above 0.
TINY = 1e-7


def normal_divergence(loc: Tensor, scale: Tensor, prior_loc: float = 0.0, prior_scale: float = 1.0) -> Tensor:
    """Kullback-Leibler divergence of independent Normal(loc, scale) from Normal(prior_loc, prior_scale), summed."""
    ratio = (scale / prior_scale).square()
    return (ratio + ((loc - prior_loc) / prior_scale).square() - 1 - torch.log(ratio)).sum() / 2


def softplus_inverse(value: float) -> float:
    """Solve log(1 + e^x) = value."""
    return math.log(math.expm1(value))


class DenseVariational(nn.Module):
    """y = x W^T + b with W = mu + sigma eps, eps ~ N(0, 1), one draw a weight and a pass; the bias likewise.

    Without draws (see `Draws`) the weights are their means.

    Parameters
    ----------
    n_in, n_out : int
    source : torch.Generator
        Draws the initial means.
    bias : bool

    Attributes
    ----------
    weight_loc, weight_scale : Parameter, shape (n_out, n_in)
        mu and sigma; the sign of sigma has no meaning.
    bias_loc, bias_scale : Parameter, shape (n_out,)
    """

    def __init__(self, n_in: int, n_out: int, source: torch.Generator, *, bias: bool = True) -> None:
        super().__init__()
        self.weight_loc = nn.Parameter(torch.empty(n_out, n_in))
        glorot_(self.weight_loc, n_in, n_out, source)
        self.weight_scale = nn.Parameter(torch.full((n_out, n_in), INITIAL_SCALE))
        self.bias_loc = nn.Parameter(torch.zeros(n_out)) if bias else None
        self.bias_scale = nn.Parameter(torch.full((n_out,), INITIAL_SCALE)) if bias else None

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map x (batch, n_in) -> (batch, n_out)."""
        weight = self._draw(self.weight_loc, self.weight_scale, draws)
        bias = None
        if self.bias_loc is not None and self.bias_scale is not None:
            bias = self._draw(self.bias_loc, self.bias_scale, draws)
        return nn.functional.linear(x, weight, bias)

    @staticmethod
    def _draw(loc: Tensor, scale: Tensor, draws: Draws) -> Tensor:
        if not draws.random:
            return loc
        noise = draws.normal(torch.zeros_like(loc), torch.ones_like(loc))
        return loc + scale * noise

    def kl(self) -> Tensor:
        """Divergence of the weights and biases from N(0, 1), a scalar."""
        total = normal_divergence(self.weight_loc, self.weight_scale.abs() + TINY)
        if self.bias_loc is not None and self.bias_scale is not None:
            total = total + normal_divergence(self.bias_loc, self.bias_scale.abs() + TINY)
        return total


class DenseFlipout(nn.Module):
    """Dense layer with the flipout estimator (Wen et al., 2018).

    One perturbation D ~ N(0, softplus(rho)) of the kernel is drawn for the batch and decorrelated between samples by
    random signs s on the input and r on the output: y = x mu^T + ((x s) D^T) r + b. The bias is not random. Without
    draws the perturbation is 0.

    Parameters
    ----------
    n_in, n_out : int
    source : torch.Generator
        Draws the initial weights.

    Attributes
    ----------
    weight_loc, weight_rho : Parameter, shape (n_out, n_in)
    bias : Parameter, shape (n_out,)
    """

    def __init__(self, n_in: int, n_out: int, source: torch.Generator) -> None:
        super().__init__()
        self.weight_loc = nn.Parameter(torch.empty(n_out, n_in))
        glorot_(self.weight_loc, n_in, n_out, source)
        self.weight_rho = nn.Parameter(torch.empty(n_out, n_in))
        normal_(self.weight_rho, softplus_inverse(INITIAL_SCALE), 0.1, source)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def scale(self) -> Tensor:
        """Return the standard deviation of each weight, shape (n_out, n_in)."""
        return nn.functional.softplus(self.weight_rho) + torch.finfo(self.weight_rho.dtype).eps

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map x (batch, n_in) -> (batch, n_out)."""
        mean = nn.functional.linear(x, self.weight_loc, self.bias)
        if not draws.random:
            return mean
        perturbation = draws.normal(torch.zeros_like(self.weight_loc), self.scale())
        signs_in, signs_out = draws.signs(x), draws.signs(mean)
        return mean + nn.functional.linear(x * signs_in, perturbation) * signs_out

    def kl(self) -> Tensor:
        """Divergence of the kernel from N(0, 1), a scalar."""
        return normal_divergence(self.weight_loc, self.scale())
