"""Layers with weights seen as what relevance rules need of them: a linear map, its positive part, its bias."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Affine:
    """y = L(x, w) + b, with L linear in x and in w.

    Attributes
    ----------
    apply : function of (x, w)
        L; axis 0 of x and of y is the batch.
    weight : Tensor
        w.
    bias : Tensor or None
        b, broadcastable to y.
    """

    apply: Callable[[Tensor, Tensor], Tensor]
    weight: Tensor
    bias: Tensor | None = None

    def linear(self, x: Tensor) -> Tensor:
        """Give L(x, w)."""
        return self.apply(x, self.weight)

    def positive(self, x: Tensor) -> Tensor:
        """Sum, for every output, of the products x_i w_ij that are above 0; differentiable in x."""
        total = self.apply(x.clamp_min(0), self.weight.clamp_min(0))
        if bool((x < 0).any()):
            total = total + self.apply(x.clamp_max(0), self.weight.clamp_max(0))
        return total


@dataclass(frozen=True, eq=False)
class FlipoutAffine(Affine):
    """A dense layer whose kernel is perturbed for every sample by signs: w + r s^T D.

    Attributes
    ----------
    perturbation : Tensor, shape (n_out, n_in)
        D.
    signs_in, signs_out : Tensor, shape (batch, n_in), (batch, n_out)
        s and r.
    """

    perturbation: Tensor | None = None
    signs_in: Tensor | None = None
    signs_out: Tensor | None = None

    def linear(self, x: Tensor) -> Tensor:
        """Give x w^T + ((x s) D^T) r."""
        assert self.perturbation is not None
        assert self.signs_in is not None
        assert self.signs_out is not None
        return self.apply(x, self.weight) + self.apply(x * self.signs_in, self.perturbation) * self.signs_out

    def positive(self, x: Tensor) -> Tensor:
        """See `Affine.positive`; the kernel of every sample is formed, one after the other."""
        assert self.perturbation is not None
        assert self.signs_in is not None
        assert self.signs_out is not None
        rows = []
        for one, s, r in zip(x, self.signs_in, self.signs_out, strict=True):
            kernel = self.weight + r[:, None] * s * self.perturbation
            rows.append(Affine(self.apply, kernel).positive(one[None]))
        return torch.cat(rows)
