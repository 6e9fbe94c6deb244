"""Dense product with a very large kernel, whose gradient is written into large memory pages.

The kernel of the layer to the volume has tens of millions of weights. Each backward pass puts its gradient into fresh
memory, and the kernel of the operating system hands that out in pages of 4 kB, one interruption each: more time than
the arithmetic takes. Pages of 2 MB are asked for instead (``madvise``, Linux); where there are none, nothing changes
but the time.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

import torch
from torch import Tensor

#: Weights from which a kernel counts as large.
LARGE = 1 << 22
_PAGE = 1 << 21
_MADV_HUGEPAGE = 14


def affine(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """X W + b with x (batch, n_in), W (n_in, n_out), b (n_out,) -> (batch, n_out)."""
    plain = kernel.numel() < LARGE or kernel.device.type != "cpu" or kernel.dtype != torch.float32
    if plain or torch.compiler.is_compiling() or torch.is_autocast_enabled("cpu") or not torch.is_grad_enabled():
        return torch.addmm(bias, x, kernel)
    out: Tensor = _Affine.apply(x, kernel, bias)
    return out


class _Affine(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        return torch.addmm(bias, x, kernel)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor], output: Tensor) -> None:
        x, kernel, _ = inputs
        ctx.save_for_backward(x, kernel)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x, kernel = ctx.saved_tensors
        need_x, need_kernel, need_bias = ctx.needs_input_grad
        grad_kernel = None
        if need_kernel:
            # a gradient that is itself differentiated has to be made by ordinary means
            grad_kernel = x.T @ g if torch.is_grad_enabled() else torch.mm(x.T, g, out=_empty_in_large_pages(kernel))
        return g @ kernel.T if need_x else None, grad_kernel, g.sum(0) if need_bias else None


def _empty_in_large_pages(like: Tensor) -> Tensor:
    """Contiguous tensor without values, of the shape of `like`, in memory for which large pages are asked."""
    out = torch.empty(like.shape, dtype=like.dtype)
    advise = _madvise()
    if advise is not None:
        first = -(-out.data_ptr() // _PAGE) * _PAGE
        length = (out.data_ptr() + out.nbytes - first) // _PAGE * _PAGE
        if length > 0:
            # a refusal leaves pages as they are, which is right as well
            advise(ctypes.c_void_p(first), ctypes.c_size_t(length), ctypes.c_int(_MADV_HUGEPAGE))
    return out


@cache
def _madvise() -> Any:
    return getattr(ctypes.CDLL(None), "madvise", None) if sys.platform == "linux" else None
