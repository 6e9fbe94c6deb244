"""Inverse cosine transform of a low-resolution spectrum that is extended by random high-frequency coefficients."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, Self

import torch
from torch import Tensor, nn

from eeg2fmri.nn.convolution.conv import Size3
from eeg2fmri.nn.dct import InverseDCT3d
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.init import generator, glorot_, normal_, uniform_
from eeg2fmri.nn.variational.dense import INITIAL_SCALE, normal_divergence, softplus_inverse
from eeg2fmri.nn.von_mises import divergence_from_uniform

#: Keeps a standard deviation or concentration above 0.
TINY = 1e-7


class VariationalInverseDCT3d(nn.Module):
    """Extend a spectrum of size N by R random coefficients an axis, pad it to M with zeros, invert.

    The extension runs along the first axis, then along the second (over the extended first), then along the third.
    A random coefficient is a draw from Normal(loc, scale), or the cosine of a draw from von Mises(loc, scale). With
    `heads` the coefficients depend on the spectrum: for each axis a softmax over h heads of (spectrum W_axis) mixes h
    random vectors, each multiplied by a learned vector ("sum of sinusoids"). The known coefficients are multiplied by
    draws from a learned mean-field Normal around 1.

    Parameters
    ----------
    spectrum_size : (int, int, int)
        N.
    size : (int, int, int)
        M, the size of the output.
    coefficients : (int, int, int)
        R, with 0 < R < M - N on each axis.
    distribution : {"normal", "von_mises"}
    source : torch.Generator
        Draws the initial weights.
    heads : int or None
        h; None makes the coefficients independent of the spectrum.
    perturbed : bool
        Whether the known coefficients are multiplied by draws.
    positions : three lists of int, optional
        Where the known coefficients stand among the N + R of each axis (see `random_positions`); at the low end by
        default.
    """

    def __init__(
        self,
        spectrum_size: Size3,
        size: Size3,
        coefficients: Size3,
        distribution: Literal["normal", "von_mises"],
        source: torch.Generator,
        *,
        heads: int | None = None,
        perturbed: bool = True,
        positions: Sequence[Sequence[int]] | None = None,
    ) -> None:
        super().__init__()
        self.spectrum_size, self.coefficients, self.distribution = spectrum_size, coefficients, distribution
        (n1, n2, n3), (r1, r2, r3) = spectrum_size, coefficients
        self.extended: Size3 = (n1 + r1, n2 + r2, n3 + r3)
        self.counts = (r1 * n2 * n3, (n1 + r1) * r2 * n3, (n1 + r1) * (n2 + r2) * r3)
        shape = (heads or 1, sum(self.counts))
        self.loc = nn.Parameter(torch.zeros(shape))
        if distribution == "von_mises":
            uniform_(self.loc, -math.pi, math.pi, source)
        self.scale = nn.Parameter(torch.ones(shape) if distribution == "von_mises" else torch.full(shape, 0.1))
        n = n1 * n2 * n3
        self.mixing = self.gain = None
        if heads is not None:
            self.mixing = nn.Parameter(torch.empty(3, n, heads))
            glorot_(self.mixing, n, heads, source)
            self.gain = nn.Parameter(normal_(torch.empty(shape), 1.0, 0.1, source))
        self.known_loc = self.known_rho = None
        if perturbed:
            self.known_loc = nn.Parameter(torch.ones(spectrum_size))
            self.known_rho = nn.Parameter(torch.full(spectrum_size, softplus_inverse(INITIAL_SCALE)))
        self.inverse = InverseDCT3d(size, self.extended)
        self.places: list[list[int]] = []
        for axis, n in enumerate(self.extended if positions is not None else ()):
            kept = list((positions or ())[axis])
            order = kept + [i for i in range(n) if i not in set(kept)]
            # where each place of the axis is found behind the concatenation of known and random coefficients
            self.places.append([order.index(i) for i in range(n)])
            self.register_buffer(f"place{axis}", torch.tensor(self.places[axis]), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        # the places are not saved: make them anew where a move may have left them empty
        for axis, place in enumerate(self.places):
            moved = getattr(self, f"place{axis}")
            if not moved.is_meta:
                setattr(self, f"place{axis}", torch.tensor(place, device=moved.device))
        return self

    def forward(self, spectrum: Tensor, draws: Draws) -> Tensor:
        """Map spectrum (batch, n1, n2, n3) -> volume (batch, m1, m2, m3)."""
        extra = self._random(spectrum, draws).split(self.counts, dim=1)
        known = spectrum
        if self.known_loc is not None and self.known_rho is not None:
            known = known * draws.normal(self.known_loc, nn.functional.softplus(self.known_rho) + TINY)
        for axis, values in enumerate(extra, start=1):
            shape = list(known.shape)
            shape[axis] = self.coefficients[axis - 1]
            known = torch.cat([known, values.expand(known.shape[0], -1).reshape(shape)], dim=axis)
            if self.places:
                known = known.index_select(axis, getattr(self, f"place{axis - 1}"))
        volume: Tensor = self.inverse(known)
        return volume

    def _random(self, spectrum: Tensor, draws: Draws) -> Tensor:
        """Random coefficients (batch or 1, coefficient)."""
        if self.distribution == "von_mises":
            values = draws.von_mises_cosine(self.loc, self.scale.abs() + TINY)
        else:
            values = draws.normal(self.loc, self.scale)
        if self.mixing is None or self.gain is None:
            return values
        parts = (values * self.gain).split(self.counts, dim=1)
        logits = torch.einsum("bn,anh->abh", spectrum.flatten(1), self.mixing)
        weights = logits.softmax(-1)
        return torch.cat([w @ part for w, part in zip(weights, parts, strict=True)], dim=1)

    def kl(self) -> Tensor:
        """Divergence of the random coefficients from N(0, 1) or the uniform circle, and of the factors from N(1, 1)."""
        scale = self.scale.abs() + TINY
        total = (
            divergence_from_uniform(scale).sum()
            if self.distribution == "von_mises"
            else normal_divergence(self.loc, scale)
        )
        if self.known_loc is not None and self.known_rho is not None:
            factor_scale = nn.functional.softplus(self.known_rho) + TINY
            total = total + normal_divergence(self.known_loc, factor_scale, prior_loc=1.0)
        return total


def random_positions(spectrum_size: Size3, coefficients: Size3, seed: int) -> list[list[int]]:
    """Draw where the known coefficients stand among all: N of N + R on each axis, in order, 0 always among them.

    Parameters
    ----------
    spectrum_size, coefficients : (int, int, int)
        N and R of `VariationalInverseDCT3d`.
    seed : int
    """
    source = generator(seed, "positions")
    return [
        [0, *sorted((torch.randperm(n + r - 1, generator=source, device="cpu")[: n - 1] + 1).tolist())]
        for n, r in zip(spectrum_size, coefficients, strict=True)
    ]
