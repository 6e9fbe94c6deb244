"""Rules of variational layers: at their means, or for the numbers that one pass draws."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eeg2fmri.explain.rules.affine import Affine, FlipoutAffine
from eeg2fmri.explain.rules.path import path_surrogate
from eeg2fmri.explain.rules.registry import rule_for
from eeg2fmri.explain.rules.tracer import Tracer
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.variational.dct import VariationalInverseDCT3d
from eeg2fmri.nn.variational.dense import DenseFlipout, DenseVariational


class Held(Draws):
    """Draws that are made once and given again each time the layer is called.

    Parameters
    ----------
    source : Draws
        Makes them.
    """

    def __init__(self, source: Draws) -> None:
        self.random = source.random
        self._source = source
        self._made: list[Tensor] = []
        self._next = 0

    def again(self) -> Held:
        """Start over with the first draw."""
        self._next = 0
        return self

    def _hold(self, make: str, *arguments: object) -> Tensor:
        if self._next == len(self._made):
            self._made.append(getattr(self._source, make)(*arguments).detach())
        self._next += 1
        return self._made[self._next - 1]

    def normal(self, loc: Tensor, scale: Tensor) -> Tensor:
        """See `Draws.normal`."""
        return self._hold("normal", loc, scale)

    def von_mises_cosine(self, loc: Tensor, concentration: Tensor) -> Tensor:
        """See `Draws.von_mises_cosine`."""
        return self._hold("von_mises_cosine", loc, concentration)

    def signs(self, like: Tensor) -> Tensor:
        """See `Draws.signs`."""
        return self._hold("signs", like)

    def keep(self, like: Tensor, probability: float) -> Tensor:
        """See `Draws.keep`."""
        return self._hold("keep", like, probability)


@rule_for(DenseVariational)
def dense_variational(layer: DenseVariational, tracer: Tracer, x: Tensor, draws: Draws) -> Tensor:
    """Apply the composite's rule of dense layers to the kernel that was drawn."""
    weight = layer._draw(layer.weight_loc, layer.weight_scale, draws)
    bias = None
    if layer.bias_loc is not None and layer.bias_scale is not None:
        bias = layer._draw(layer.bias_loc, layer.bias_scale, draws)
    return tracer.affine(
        tracer.name(layer), tracer.composite.dense, Affine(nn.functional.linear, weight.detach(), bias), x
    )


@rule_for(DenseFlipout)
def dense_flipout(layer: DenseFlipout, tracer: Tracer, x: Tensor, draws: Draws) -> Tensor:
    """Apply the composite's rule of dense layers to each sample's own kernel."""
    name, rule = tracer.name(layer), tracer.composite.dense
    if not draws.random:
        return tracer.affine(name, rule, Affine(nn.functional.linear, layer.weight_loc, layer.bias), x)
    perturbation = draws.normal(torch.zeros_like(layer.weight_loc), layer.scale())
    signs_in = draws.signs(x.detach())
    signs_out = draws.signs(x.new_empty(len(x), len(layer.weight_loc)))
    plain = FlipoutAffine(nn.functional.linear, layer.weight_loc, layer.bias, perturbation, signs_in, signs_out)
    return tracer.affine(name, rule, plain, x)


@rule_for(VariationalInverseDCT3d)
def variational_inverse_dct(layer: VariationalInverseDCT3d, tracer: Tracer, x: Tensor, draws: Draws) -> Tensor:
    """Share out along the path from a spectrum of 0; the random coefficients that it does not choose are biases."""
    held = Held(draws)
    forward = VariationalInverseDCT3d.forward
    value = forward(layer, x, held)
    empty = forward(layer, torch.zeros_like(x), held.again()).detach()
    # without mixing the layer is linear, and two points of the path are as good as many
    count = 2 if layer.mixing is None else tracer.composite.nodes
    surrogate = path_surrogate(lambda v: forward(layer, v, held.again()), [x], count)
    return tracer.output(tracer.name(layer), value, surrogate, x, bias=empty)
