"""Share the gradient trick between rules during one pass, and account for the relevance that inputs do not get.

Relevance is propagated as a modified gradient. With c = R / x the relevance of a tensor over the tensor itself, the
epsilon rule of a layer without bias is the ordinary gradient, and so are ReLU, max pooling (the winner takes all),
residual sums, reshaping and concatenation: torch's own graph adds up the branches in whatever way a model composes
its layers. A rule therefore only has to give a layer's output another gradient (`Tracer.output`). A list of layers
that is walked backwards would have to know every way in which layers are joined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from eeg2fmri.explain.rules.affine import Affine
from eeg2fmri.explain.rules.choice import Composite, Rule


class _GradientOf(torch.autograd.Function):
    """A value with the gradient of something else."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, surrogate: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        return None, gradients[0]


class Deviation(NamedTuple):
    """An output as a function, element by element, of something that is 0 if the input says nothing.

    A layer behind it can build on the deviation instead of the output: the cosine of an angle offset + d, or
    the style of scores 1 / C + d.

    Attributes
    ----------
    deviation : Tensor
        d, in the graph.
    function : function of d
        Gives the output.
    unbiased : function of d
        The same without what weights add to d: its value at 0 is a property of the function alone.
    where : str
        Layer that they come from.
    """

    deviation: Tensor
    function: Callable[[Tensor], Tensor]
    unbiased: Callable[[Tensor], Tensor]
    where: str


@dataclass
class Account:
    """Relevance that went elsewhere than to the inputs, and by which way the inputs got theirs.

    Attributes
    ----------
    absorbed : dict of layer name to Tensor, shape (batch,)
        Relevance that stayed with biases.
    spread : dict of layer name to Tensor, shape (batch,)
        Relevance of constants that the inputs got in proportion to their size.
    pairs : dict of layer name to Tensor, shape (batch, channel, channel)
        Relevance of the attention of each electrode (row) to each other (column).
    branches : dict of (layer name, "values" or "scores") to Tensor
        Relevance of the layer's input through the values and through the scores.
    """

    absorbed: dict[str, Tensor] = field(default_factory=dict)
    spread: dict[str, Tensor] = field(default_factory=dict)
    pairs: dict[str, Tensor] = field(default_factory=dict)
    branches: dict[tuple[str, str], Tensor] = field(default_factory=dict)


def _same(x: Tensor) -> Tensor:
    return x


def _add(table: dict[Any, Tensor], key: Any, value: Tensor) -> None:
    table[key] = table[key] + value if key in table else value


class Tracer:
    """Shared by all rules of one pass.

    Attributes
    ----------
    account : Account
        Filled during the backward pass; replace it between two of them.
    busy : int
        Above 0 while a rule runs, whose own operations need no rule.
    """

    def __init__(self, model: nn.Module, composite: Composite) -> None:
        self.composite = composite
        self.account = Account()
        self.busy = 0
        self._names = {id(part): name or "model" for name, part in model.named_modules()}
        self._deviations: dict[int, tuple[Tensor, Deviation]] = {}

    def name(self, layer: nn.Module) -> str:
        """Name of a layer within the model."""
        return self._names.get(id(layer), type(layer).__name__)

    def output(
        self,
        where: str,
        value: Tensor,
        surrogate: Tensor,
        x: Tensor,
        *,
        bias: Tensor | None = None,
        constant: Tensor | None = None,
    ) -> Tensor:
        """Make the output of a layer.

        Parameters
        ----------
        where : str
            Name of the layer in the account.
        value : Tensor, shape (batch, ...)
        surrogate : Tensor
            Has the gradient that the output is to have.
        x : Tensor
            The layer's input, over which constants are spread.
        bias, constant : Tensor, optional
            Parts of the value that no input is responsible for: because of weights, or of the function itself.
        """
        parts = [(bias, self.composite.biases), (constant, self.composite.constants)]
        kept = [(part.detach(), where_to) for part, where_to in parts if part is not None]
        surrogate = surrogate.expand_as(value)
        size = x.abs().flatten(1).sum(1)
        full = size.detach() > 0
        unit = torch.where(full, size / size.detach().clamp_min(torch.finfo(size.dtype).tiny), 0)
        for part, where_to in kept:
            if where_to == "spread":
                surrogate = surrogate + part * unit.reshape(-1, *[1] * (value.ndim - 1))
        out: Tensor = _GradientOf.apply(value.detach(), surrogate)
        if out.requires_grad:
            for part, where_to in kept:
                # over an input that is 0 everywhere nothing can be spread
                self._watch(out, part, where, full if where_to == "spread" else torch.zeros_like(full))
        return out

    def _watch(self, out: Tensor, part: Tensor, where: str, spread: Tensor) -> None:
        def note(c: Tensor) -> None:
            relevance = (c * part).flatten(1).sum(1)
            _add(self.account.spread, where, torch.where(spread, relevance, 0))
            _add(self.account.absorbed, where, torch.where(spread, 0, relevance))

        out.register_hook(note)

    def affine(self, where: str, rule: Rule, layer: Affine, x: Tensor) -> Tensor:
        """Output of a layer with weights under a rule."""
        shared = rule.share(layer, x)
        return self.output(where, shared.value, shared.surrogate, x, bias=shared.bias)

    def elementwise(self, where: str, x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        """Output of a function that acts on each element: f(x) - f(0) belongs to x, f(0) is a constant.

        If x is itself a known function of a deviation, the deviation takes the place of x.
        """
        known = self.deviation(x) or Deviation(x, _same, _same, where)
        inner = known.deviation
        d = inner.detach().double()
        # the quotient below has a limit where d is 0; its value very near is as good
        d = torch.where(d.abs() < 1e-5, torch.where(d < 0, -1e-5, 1e-5), d)
        empty = torch.zeros_like(d)
        start = function(known.function(empty))
        slope = (function(known.function(d)) - start) / d
        constant = function(known.unbiased(empty))
        return self.output(
            known.where,
            function(x.detach()),
            inner * slope.to(x.dtype),
            inner,
            bias=(start - constant).to(x.dtype),
            constant=constant.to(x.dtype),
        )

    def product(self, where: str, a: Tensor, b: Tensor) -> Tensor:
        """Output of a * b: what neither factor has at an input of 0 is shared half and half."""
        if self.composite.gates == "values":
            return self.output(where, a * b, a * b.detach(), a)
        (d, a0), (e, b0) = self.split(a), self.split(b)
        surrogate = d * (b0 + b.detach()) / 2 + e * (a0 + a.detach()) / 2
        return self.output(where, a * b, surrogate, a, constant=a0 * b0)

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Deviation of x, and what x is without it; x and 0 if nothing is known of it."""
        known = self.deviation(x)
        if known is None:
            return x, torch.zeros_like(x)
        return known.deviation, x.detach() - known.deviation.detach()

    def remember(
        self,
        where: str,
        out: Tensor,
        deviation: Tensor,
        function: Callable[[Tensor], Tensor],
        unbiased: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        """Keep that `out` is a function of a deviation; see `Deviation`."""
        self._deviations[id(out)] = (out, Deviation(deviation, function, unbiased or function, where))

    def deviation(self, x: Tensor) -> Deviation | None:
        """Return what `remember` was told of x."""
        known = self._deviations.get(id(x))
        return known[1] if known is not None else None

    def watch_branch(self, where: str, branch: str, x: Tensor) -> None:
        """Account for the relevance that a layer's input gets by one way."""
        if x.requires_grad:
            x.register_hook(lambda c: _add(self.account.branches, (where, branch), x.detach() * c))

    def watch_pairs(self, where: str, out: Tensor, relevance: Callable[[Tensor], Tensor]) -> None:
        """Account for pairs of electrodes: `relevance` makes (batch, channel, channel) of the gradient of `out`."""
        if out.requires_grad:
            out.register_hook(lambda c: _add(self.account.pairs, where, relevance(c)))
