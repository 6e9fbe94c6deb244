"""Sort the operations between layers: each either propagates relevance rightly, or stops the explanation.

A model may apply torch's functions to tensors outside any layer that has a rule. Their gradient is right if they are
homogeneous (reshaping, sums, ReLU, max pooling); functions of single elements and products get rules here. Anything
else would give relevances that are wrong without anyone noticing, so it is an error that names the function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._pytree import tree_leaves

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.explain.rules.tracer import Tracer


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: f(t x) = t f(x) for t > 0: their own gradient times the input is the output.
HOMOGENEOUS = _names(
    """
    view view_as reshape reshape_as flatten unflatten movedim moveaxis transpose permute swapaxes squeeze unsqueeze
    contiguous clone expand expand_as broadcast_to repeat tile unfold __getitem__ select narrow index_select gather
    chunk split unbind cat stack concat hstack vstack to float double detach pad constant_pad_nd roll flip
    __setitem__ sum mean neg __neg__ positive relu relu_ leaky_relu prelu max_pool1d max_pool2d max_pool3d
    avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool3d adaptive_max_pool3d interpolate abs amax amin diff cumsum T
    mT H mH
    """
)
#: Functions of each element.
ELEMENTWISE = _names("cos sin tanh sigmoid exp expm1 log1p elu celu selu softplus gelu silu square pow __pow__")
SUMS = _names("add sub __add__ __sub__ __radd__ __rsub__ rsub subtract add_ sub_ __iadd__ __isub__")
PRODUCTS = _names("mul __mul__ __rmul__ multiply mul_ __imul__")
QUOTIENTS = _names("div __truediv__ true_divide divide")
#: Linear in the right-hand side.
SOLVERS = _names("linalg_solve")
BILINEAR = _names("matmul __matmul__ __rmatmul__ mm bmm einsum tensordot")


class RelevantOperations(TorchFunctionMode):
    """While active, torch's functions propagate relevance or raise."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__()
        self.tracer = tracer

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run one function of torch."""
        named = dict(kwargs or {})
        carriers = [leaf for leaf in tree_leaves((args, named)) if isinstance(leaf, Tensor) and leaf.requires_grad]
        if self.tracer.busy or not carriers or not torch.is_grad_enabled():
            return func(*args, **named)
        name = _name(func)
        if name in ELEMENTWISE and len(carriers) == 1 and carriers[0] is args[0]:
            return self.tracer.elementwise(name, args[0], lambda v: func(v, *args[1:], **named))
        if name in SUMS:
            return self._sum(name, func, args, named, carriers)
        if name in PRODUCTS and len(carriers) == 2 and not named:
            a, b = torch.broadcast_tensors(*carriers)
            return self.tracer.product(name, a, b)
        once = len(carriers) == 1
        linear = (name in PRODUCTS or name in BILINEAR) and once
        linear = linear or (name in QUOTIENTS and once and carriers[0] is args[0])
        linear = linear or (name in SOLVERS and once and carriers[0] is args[1])
        idle = name == "dropout" and not named.get("training", args[2] if len(args) > 2 else True)
        if linear or idle or name in HOMOGENEOUS:
            return func(*args, **named)
        out = func(*args, **named)
        if any(isinstance(leaf, Tensor) and leaf.requires_grad for leaf in tree_leaves(out)):
            raise ConfigError(
                "a model does something between its layers that has no relevance rule",
                where=resolve_name(func) or str(func),
                expected="layers with a rule, sums, products of two tensors, functions of single elements, reshaping",
                hint="make it a layer, and register a rule with eeg2fmri.explain.rules.registry.rule_for",
            )
        return out

    def _sum(
        self,
        name: str,
        func: Callable[..., Any],
        args: tuple[Any, ...],
        named: dict[str, Any],
        carriers: list[Tensor],
    ) -> Any:
        """Sum or difference; what does not depend on the input is a bias."""
        out = func(*args, **named)
        others = [part for part in args if not (isinstance(part, Tensor) and part.requires_grad)]
        if not others or not out.requires_grad:
            return out
        zeros = [torch.zeros_like(part) if any(part is c for c in carriers) else part for part in args]
        fixed = func(*zeros, **named).expand_as(out)
        return self.tracer.output(name, out, out, carriers[0], bias=fixed)


def _name(func: Callable[..., Any]) -> str:
    name = getattr(func, "__name__", "")
    if name == "__get__":
        # properties such as Tensor.mT
        return str(getattr(getattr(func, "__self__", None), "__name__", ""))
    return str(name)
