"""Relevance rules by name for layers with weights, and how they are composed.

A rule gives each input i of an output j a share of the relevance R_j, from the products x_i w_ij:

=========== ====================================================================================================
epsilon     x_i w_ij / (z_j + stabiliser). Bach et al., PLoS ONE 10, 2015, doi:10.1371/journal.pone.0130140
gamma       the products that agree with z_j count 1 + gamma times. Montavon et al., LRP: an overview, 2019,
            doi:10.1007/978-3-030-28954-6_10
alpha-beta  alpha times the share among agreeing products minus beta times the share among opposing ones,
            alpha - beta = 1. Bach et al., 2015
z-plus      the share among agreeing products. Montavon et al., Pattern Recognition 65, 2017,
            doi:10.1016/j.patcog.2016.11.008
=========== ====================================================================================================

A product agrees if it has the sign of z_j. For the outputs above 0 that the papers treat these are the positive ones;
for outputs below 0, which synthesised volumes and latents have as well, the rules are mirrored. Where nothing opposes,
alpha-beta is z-plus, so that no relevance is lost. The stabiliser has the sign of what it stabilises.
"""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal, NamedTuple

import torch
from pydantic import Field, model_validator
from torch import Tensor

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import ConfigError
from eeg2fmri.explain.rules.affine import Affine

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
    """Products with and against the sign of the output are shared out apart.

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
        value = linear.detach() if layer.bias is None else linear.detach() + layer.bias
        agreeing = torch.where(value < 0, linear - positive, positive)
        opposing = linear - agreeing
        agreed, opposed = agreeing.detach(), opposing.detach()
        if layer.bias is not None:
            agreeing_bias = torch.where(value < 0, layer.bias.clamp_max(0), layer.bias.clamp_min(0))
            opposing_bias = layer.bias - agreeing_bias
            agreed, opposed = agreed + agreeing_bias, opposed + opposing_bias
        # rounding leaves a trace of opposing products where there are none
        unopposed = opposed.abs() <= 1e-6 * agreed.abs()
        up = value / stabilised(agreed) * torch.where(unopposed, 1.0, self.alpha).to(value.dtype)
        down = torch.where(unopposed, 0.0, self.beta * value / stabilised(opposed))
        bias = None if layer.bias is None else agreeing_bias * up - opposing_bias * down
        return Shared(value, agreeing * up - opposing * down, bias)


class ZPlusRule(Config):
    """Products with the sign of the output alone."""

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
