"""Integrated gradients of a whole model: an explanation that needs no rules, to compare with."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from eeg2fmri.explain.path import nodes


def integrated_gradients(
    function: Callable[[Tensor], Tensor], x: Tensor, *, baseline: Tensor | None = None, points: int = 24
) -> tuple[Tensor, float]:
    """Integrate the gradient along the straight path from a baseline (Sundararajan et al., ICML 2017).

    Parameters
    ----------
    function : function of x
        Gives one output a sample, shape (batch,).
    x : Tensor, shape (batch, ...)
    baseline : Tensor, optional
        Where the path starts; 0 by default.
    points : int
        Of the integral (Gauss and Legendre).

    Returns
    -------
    attribution : Tensor, shape as x
    error : float
        |sum of the attribution - (output at x - output at the baseline)|, over the batch relative to |difference|: 0 if
        the attribution is complete.
    """
    start = torch.zeros_like(x) if baseline is None else baseline
    total = torch.zeros_like(x)
    for t, weight in nodes(points):
        point = (start + t * (x - start)).detach().requires_grad_()
        with torch.enable_grad():
            output = function(point).sum()
        (gradient,) = torch.autograd.grad(output, point)
        total += weight * gradient
    attribution = (x - start) * total
    with torch.no_grad():
        difference = function(x) - function(start)
    missing = (attribution.flatten(1).sum(1) - difference).abs().sum()
    return attribution.detach(), float(missing / difference.abs().sum().clamp_min(1e-12))
