"""Integrated gradients of a whole model by captum: an explanation that needs no rules, to compare with."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from eeg2fmri.core.errors import InputError


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
        Of the integral (Gauss and Legendre), at least 2. They are worked on one after the other.

    Returns
    -------
    attribution : Tensor, shape as x
    error : float
        |sum of the attribution - (output at x - output at the baseline)|, over the batch relative to |difference|: 0 if
        the attribution is complete.

    Raises
    ------
    InputError
        If captum is not installed.
    """
    try:
        from captum.attr import IntegratedGradients  # type: ignore[import-untyped]
    except ImportError:
        raise InputError("integrated gradients need captum", hint="pip install captum") from None
    start = torch.zeros_like(x) if baseline is None else baseline
    # captum works on internal batches of whole points
    attribution, missing = IntegratedGradients(function, multiply_by_inputs=True).attribute(
        x.detach(),
        start,
        n_steps=points,
        method="gausslegendre",
        internal_batch_size=2 * len(x),
        return_convergence_delta=True,
    )
    with torch.no_grad():
        difference = function(x) - function(start)
    error = missing.double().abs().sum() / difference.double().abs().sum().clamp_min(1e-12)
    return attribution.detach(), float(error)
