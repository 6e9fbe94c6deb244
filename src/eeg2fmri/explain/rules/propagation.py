"""Relevance of an input for an output that any module of the package computes from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.explain.rules.choice import Composite
from eeg2fmri.explain.rules.operations import RelevantOperations
from eeg2fmri.explain.rules.registry import rule_of, traced
from eeg2fmri.explain.rules.tracer import Account, Tracer
from eeg2fmri.models.capabilities import NotExplained


@dataclass(frozen=True, eq=False)
class Relevance:
    """Relevance of a batch of inputs for one output.

    Attributes
    ----------
    relevance : Tensor, shape of the input
        Positive where the input raises the output; in the unit of the output.
    explained : Tensor, shape (batch,)
        The output.
    account : Account
        What biases absorbed, by layer, and the relevance of pairs of electrodes.
    """

    relevance: Tensor
    explained: Tensor
    account: Account

    def total(self) -> Tensor:
        """Sum of the relevance, shape (batch,)."""
        return self.relevance.flatten(1).sum(1)

    def absorbed(self) -> Tensor:
        """Sum what stayed with biases: the part of the output that no input is responsible for, shape (batch,)."""
        return sum(self.account.absorbed.values(), torch.zeros_like(self.explained))

    def spread(self) -> Tensor:
        """Sum what inputs got of constants, in proportion to their size, shape (batch,)."""
        return sum(self.account.spread.values(), torch.zeros_like(self.explained))

    def error(self) -> float:
        """Conservation error: |sum of the relevance - output|, over the batch relative to |output|."""
        return relative_error(self.total(), self.explained)

    def unaccounted(self) -> float:
        """Return the same error with what biases absorbed added to the relevance: stabilisers and rounding alone."""
        return relative_error(self.total() + self.absorbed(), self.explained)


def relative_error(given: Tensor, expected: Tensor) -> float:
    """Sum of |given - expected| over sum of |expected|."""
    difference = (given - expected).abs().double().sum()
    return float(difference / expected.abs().double().sum()) if float(difference) else 0.0


def refuse_unexplained(model: nn.Module, where: str = "") -> None:
    """Raise an InputError if a model says that relevance does not explain it; `where` is its run, if it has one."""
    if isinstance(model, NotExplained):
        raise InputError(
            "the model is not explained by relevance propagation",
            where=where,
            got=f"{type(model).__name__}: {model.why_not_explained}",
            expected="a run of the preset recommended or documented",
            hint="train one on the same store, as by eeg2fmri train STORE RUN --preset recommended; in Python, "
            "eeg2fmri.explain.windows.gradients.integrated_gradients takes any model",
        )


def propagate(
    model: nn.Module,
    x: Tensor,
    outputs: Callable[[Tensor], Mapping[str, Tensor]],
    rules: Composite,
) -> dict[str, Relevance]:
    """Propagate relevance from outputs of a model to its input.

    The model is used as in evaluation and left as it was.

    Parameters
    ----------
    model : nn.Module
        Every layer that has weights needs a rule (`eeg2fmri.explain.rules.registry`).
    x : Tensor, shape (batch, ...)
    outputs : function of x
        Gives named outputs of shape (batch,); calls the model.
    rules : Composite

    Raises
    ------
    ConfigError
        If the model does something that has no rule, or an output does not depend on the input.
    InputError
        If the model says that it is not explained (`eeg2fmri.models.capabilities.NotExplained`).
    """
    refuse_unexplained(model)
    x = x.detach().clone().requires_grad_()
    tracer = Tracer(model, rules)
    with torch.enable_grad():
        with _explained(model, tracer), RelevantOperations(tracer):
            explained = dict(outputs(x))
        found = {}
        for name, output in explained.items():
            if not output.requires_grad:
                raise ConfigError(
                    "the output to explain does not depend on the input",
                    where=name,
                    hint="explain another output, or take rules whose gates are 'both'",
                )
            tracer.account = Account()
            (gradient,) = torch.autograd.grad(output.sum(), x, retain_graph=True)
            found[name] = Relevance(x.detach() * gradient, output.detach(), tracer.account)
    return found


@contextmanager
def _explained(model: nn.Module, tracer: Tracer) -> Iterator[None]:
    """Put the rules in the place of the layers' `forward`, and everything back at the end."""
    parts = list(model.modules())
    trained = [(part, part.training) for part in parts]
    learned = [(weight, weight.requires_grad) for weight in model.parameters()]
    patched = []
    try:
        for part in parts:
            part.training = False
            rule = rule_of(type(part))
            if rule is not None:
                part.forward = traced(part, tracer, rule)
                patched.append(part)
        for weight, _ in learned:
            weight.requires_grad_(False)
        yield
    finally:
        for part in patched:
            del part.forward
        for part, training in trained:
            part.training = training
        for weight, needed in learned:
            weight.requires_grad_(needed)
