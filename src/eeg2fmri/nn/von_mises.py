"""The von Mises distribution on the circle: draws, their gradient, divergence from the uniform.

Draws: rejection from a wrapped Cauchy (Best and Fisher, 1979). Gradient: implicit reparameterisation
(Figurnov, Mohamed and Mnih, 2018), dt/dk = -(dF/dk) / p with F the distribution function and p the density.
With A(k) = I1(k) / I0(k), dF/dk at an angle t is the integral of (cos u - A(k)) p(u) du from 0 to t,
because over each half of the circle it vanishes; it is taken with Gauss-Legendre nodes.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

_NODES = 32


def mean_resultant(concentration: Tensor) -> Tensor:
    """A(k) = I1(k) / I0(k), the mean of the cosine around the location.

    Accurate for every k > 0, with its gradient 1 - A / k - A^2.
    """
    return torch.special.i1e(concentration) / torch.special.i0e(concentration)


def divergence_from_uniform(concentration: Tensor) -> Tensor:
    """Kullback-Leibler divergence of von Mises(., k) from the uniform: k A(k) - log I0(k), elementwise."""
    log_i0 = torch.log(torch.special.i0e(concentration)) + concentration
    return concentration * mean_resultant(concentration) - log_i0


@torch.no_grad()
def sample_von_mises(concentration: Tensor, source: torch.Generator) -> Tensor:
    """Draw angles around 0.

    Parameters
    ----------
    concentration : Tensor
        k > 0, any shape.
    source : torch.Generator
        On the device of `concentration`.

    Returns
    -------
    Tensor
        Angles between -pi and pi (rad), shape and type as `concentration`.
    """
    k = concentration.double().clamp_min(1e-12)
    tau = 1 + torch.sqrt(1 + 4 * k * k)
    rho = (tau - torch.sqrt(2 * tau)) / (2 * k)
    # for small k the difference above cancels; its series is rho = k + O(k^3)
    rho = torch.where(k < 1e-4, k, rho)
    r = (1 + rho * rho) / (2 * rho)
    angle = torch.zeros_like(k)
    missing = torch.ones_like(k, dtype=torch.bool)
    while bool(missing.any()):
        u = torch.rand((3, *k.shape), dtype=torch.float64, device=k.device, generator=source)
        z = torch.cos(math.pi * u[0])
        f = (1 + r * z) / (r + z)
        c = k * (r - f)
        accepted = (c * (2 - c) > u[1]) | (torch.log(c / u[1]) + 1 >= c)
        drawn = torch.sign(u[2] - 0.5) * torch.arccos(f.clamp(-1, 1))
        angle = torch.where(missing & accepted, drawn, angle)
        missing &= ~accepted
    return angle.to(concentration.dtype)


def attach_gradient(sample: Tensor, loc: Tensor, concentration: Tensor) -> Tensor:
    """Return `sample` with the gradients that a draw from von Mises(loc, concentration) has.

    Parameters
    ----------
    sample : Tensor
        Angles that were drawn (rad).
    loc, concentration : Tensor
        Parameters of the distribution, shapes as `sample`.
    """
    sample = sample.detach()
    slope = _concentration_slope((sample - loc).detach(), concentration.detach())
    return sample + (loc - loc.detach()) + slope * (concentration - concentration.detach())


@torch.no_grad()
def _concentration_slope(angle: Tensor, concentration: Tensor) -> Tensor:
    """Differentiate a drawn angle with respect to the concentration, -(dF/dk) / p."""
    nodes, weights = (torch.as_tensor(part, device=angle.device) for part in _gauss_legendre())
    t = torch.remainder(angle.double() + math.pi, 2 * math.pi) - math.pi
    k = concentration.double().clamp_min(1e-12)
    u = t.unsqueeze(-1) * nodes
    # density at u over density at t: their common factor cancels in the quotient
    ratio = torch.exp(k.unsqueeze(-1) * (torch.cos(u) - torch.cos(t).unsqueeze(-1)))
    integrand = (torch.cos(u) - mean_resultant(k).unsqueeze(-1)) * ratio
    return (-t * (integrand * weights).sum(-1)).to(angle.dtype)


@cache
def _gauss_legendre() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on the interval from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return (nodes + 1) / 2, weights / 2
