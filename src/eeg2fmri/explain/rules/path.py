"""Layers that no product of inputs and weights describes: the integral of their Jacobian from 0 to the input.

Integrated gradients (Sundararajan et al., ICML 2017, arXiv:1703.01365) of one layer: the relevance of an input x_i is
x_i times the integral over t from 0 to 1 of sum_j c_j df_j / dx_i at t x. It sums to c (f(x) - f(0)), is the epsilon
rule where f is linear, and gives each of two factors half of their product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from torch import Tensor


@cache
def nodes(count: int) -> tuple[tuple[float, float], ...]:
    """Points and weights of Gauss and Legendre between 0 and 1."""
    points, weights = np.polynomial.legendre.leggauss(count)
    return tuple((float(p), float(w)) for p, w in zip((points + 1) / 2, weights / 2, strict=True))


def path_surrogate(function: Callable[..., Tensor], inputs: Sequence[Tensor], count: int) -> Tensor:
    """Something with the gradient that shares out function(*inputs) - function(0, ...) along the straight path.

    Parameters
    ----------
    function : function of the inputs
        Gives the same every time it is called with the same inputs.
    inputs : sequence of Tensor
        All are scaled together.
    count : int
        Points of the integral.
    """
    # the gradient of f(t x) with respect to x is t times the Jacobian at t x
    return sum((w / t) * function(*(t * x for x in inputs)) for t, w in nodes(count))  # type: ignore[return-value]
