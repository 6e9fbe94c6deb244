"""Relevance rules by name for layers with weights, and how they are composed.

A rule gives each input i of an output j a share of the relevance R_j, from the products x_i w_ij:

=========== ====================================================================================================
epsilon     x_i w_ij / (z_j + stabiliser). Bach et al., PLoS ONE 10, 2015, doi:10.1371/journal.pone.0130140
gamma       the products that have the sign of z_j count 1 + gamma times. Montavon et al., LRP: an overview, 2019,
            doi:10.1007/978-3-030-28954-6_10; for inputs and outputs of both signs
alpha-beta  alpha times the share among positive products minus beta times the share among negative ones,
            alpha - beta = 1. Bach et al., 2015
z-plus      the share among positive products. Montavon et al., Pattern Recognition 65, 2017,
            doi:10.1016/j.patcog.2016.11.008
=========== ====================================================================================================

Where all products of an output have one sign, the rules that need the other sign use the one there is, so that no
relevance is lost. The stabiliser has the sign of what it stabilises.
"""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal, NamedTuple

import torch
from pydantic import Field, model_validator
from torch import Tensor

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import ConfigError
from eeg2fmri.explain.affine import Affine

#: Stabiliser of denominators, relative to the root mean square of the layer's output.
STABILISER = 1e-9


def stabilised(z: Tensor, relative: float = STABILISER) -> Tensor:
    """Move z away from 0 by `relative` times the root mean square of each sample, in the direction of its sign."""
    size = z.detach().square().flatten(1).mean(1).sqrt().reshape(-1, *[1] * (z.ndim - 1))
    # a layer that is all 0 still needs a denominator
    step = relative * size + torch.finfo(z.dtype).tiny
    return z + torch.where(z < 0, -step, step)


class Shared(NamedTuple):
    """What a rule makes of a layer.

    Attributes
    ----------
    value : Tensor
        Output of the layer, without gradient.
    surrogate : Tensor
        Its gradient with respect to the inputs, times the inputs, shares the output out as the rule says.
    bias : Tensor or None
        Share of the output that stems from the bias.
    """

    value: Tensor
    surrogate: Tensor
    bias: Tensor | None


class EpsilonRule(Config):
    """Shares in proportion to the products.

    Attributes
    ----------
    epsilon : float
        Stabiliser relative to the root mean square of the output; large values (0.1) take out weak, noisy shares.
    """

    kind: Literal["epsilon"] = "epsilon"
    epsilon: Annotated[float, Field(ge=0)] = STABILISER

    def share(self, layer: Affine, x: Tensor) -> Shared:
        """Apply the rule."""
        linear = layer.linear(x)
        value = linear.detach() if layer.bias is None else linear.detach() + layer.bias
        kept = value / stabilised(value, self.epsilon)
        return Shared(value, linear * kept, None if layer.bias is None else layer.bias * kept)


class GammaRule(Config):
    """Products with the sign of the output count more.

    Attributes
    ----------
    gamma : float
    """

    kind: Literal["gamma"] = "gamma"
    gamma: Annotated[float, Field(ge=0)] = 0.25

    def share(self, layer: Affine, x: Tensor) -> Shared:
        """Apply the rule."""
        linear, positive = layer.linear(x), layer.positive(x)
        value = linear.detach() if layer.bias is None else linear.detach() + layer.bias
        favoured = torch.where(value > 0, positive, linear - positive)
        shared = linear + self.gamma * favoured
        if layer.bias is None:
            return Shared(value, shared * (value / stabilised(shared.detach())), None)
        agreeing = torch.where(value > 0, layer.bias.clamp_min(0), layer.bias.clamp_max(0))
        bias = layer.bias + self.gamma * agreeing
        kept = value / stabilised(shared.detach() + bias)
        return Shared(value, shared * kept, bias * kept)


class AlphaBetaRule(Config):
    """Positive and negative products are shared out apart.

    Attributes
    ----------
    alpha, beta : float
        alpha - beta is 1.
    """

    kind: Literal["alpha-beta"] = "alpha-beta"
    alpha: Annotated[float, Field(ge=1)] = 2.0
    beta: Annotated[float, Field(ge=0)] = 1.0

    @model_validator(mode="after")
    def _conserves(self) -> AlphaBetaRule:
        if abs(self.alpha - self.beta - 1) > 1e-9:
            raise ValueError(f"alpha - beta is {self.alpha - self.beta:g}; relevance is only conserved if it is 1")
        return self

    def share(self, layer: Affine, x: Tensor) -> Shared:
        """Apply the rule."""
        linear, positive = layer.linear(x), layer.positive(x)
        negative = linear - positive
        value = linear.detach() if layer.bias is None else linear.detach() + layer.bias
        above, below = positive.detach(), negative.detach()
        if layer.bias is not None:
            above, below = above + layer.bias.clamp_min(0), below + layer.bias.clamp_max(0)
        # rounding leaves a trace of the missing sign: what is that small counts as missing
        size = (above - below) * 1e-6
        none_above, none_below = above <= size, below >= -size
        alpha = torch.where(none_above, 0.0, torch.where(none_below, 1.0, self.alpha)).to(value.dtype)
        beta = alpha - 1
        up = torch.where(none_above, 0.0, alpha * value / stabilised(above))
        down = torch.where(none_below, 0.0, beta * value / stabilised(below))
        bias = None
        if layer.bias is not None:
            bias = layer.bias.clamp_min(0) * up - layer.bias.clamp_max(0) * down
        return Shared(value, positive * up - negative * down, bias)


class ZPlusRule(Config):
    """Positive products alone."""

    kind: Literal["z-plus"] = "z-plus"

    def share(self, layer: Affine, x: Tensor) -> Shared:
        """Apply the rule."""
        return AlphaBetaRule(alpha=1.0, beta=0.0).share(layer, x)


Rule = EpsilonRule | GammaRule | AlphaBetaRule | ZPlusRule
_RULES: dict[str, type[Rule]] = {
    "epsilon": EpsilonRule,
    "gamma": GammaRule,
    "alpha-beta": AlphaBetaRule,
    "z-plus": ZPlusRule,
}
NamedRule = Annotated[Rule, Field(discriminator="kind")]


class Composite(Config):
    """Which rule each kind of layer gets.

    Attributes
    ----------
    convolution : Rule
        Of convolutions with shared and with unshared kernels, batch normalisation merged into them.
    dense : Rule
        Of dense layers, variational ones too.
    gates : {"both", "values"}
        Where two things that depend on the input are multiplied (attention scores and the electrodes that they mix,
        style and latent): ``both`` get relevance, or the scores count as constants.
    biases : {"absorb", "spread"}
        Whether the part of an output that stems from biases stays with them, or is spread over the layer's inputs in
        proportion to their size.
    constants : {"spread", "absorb"}
        The same for what a function without weights gives for an input of 0, such as cos(0).
    nodes : int
        Points of the integral from 0 to the input, by which attention is shared out.
    """

    convolution: NamedRule = GammaRule()
    dense: NamedRule = EpsilonRule()
    gates: Literal["both", "values"] = "both"
    biases: Literal["absorb", "spread"] = "absorb"
    constants: Literal["spread", "absorb"] = "spread"
    nodes: Annotated[int, Field(ge=2, le=256)] = 24


def composites() -> dict[str, Composite]:
    """Composites by name; ``default`` favours agreeing products in convolutions and is plain elsewhere."""
    return {
        "default": Composite(),
        **{name: Composite(convolution=rule(), dense=rule()) for name, rule in _RULES.items()},
    }


def composite(name: str | Composite, **changes: Any) -> Composite:
    """Return a composite by name, with some settings changed.

    Raises
    ------
    ConfigError
        If there is no such name, or a setting is wrong.
    """
    if isinstance(name, Composite):
        return Composite.make(name.model_dump() | changes, where="composite")
    known = composites()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        raise ConfigError(
            "there is no such composite of relevance rules",
            where="rules",
            got=repr(name),
            expected="one of " + ", ".join(known),
            hint=f"did you mean {near[0]!r}?" if near else "",
        )
    return Composite.make(known[name].model_dump() | changes, where=f"composite {name}")
