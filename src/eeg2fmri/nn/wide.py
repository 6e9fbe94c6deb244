"""Dense product of a few samples with a very large kernel, in the forms that the CPU is fast at.

The kernel of the layer to the volume has tens of millions of weights, and a batch few samples. Three things make the
usual product slow there, measured with MKL (`benchmarks/bench_step.py`):

* A matrix of few rows is not divided among threads. Cut into blocks of columns the product is a batch of small ones,
  which are (twice as fast on two cores).
* The gradient of the kernel is written row by row: a batch of products of few rows each.
* Each backward pass puts that gradient into fresh memory, and the kernel of the operating system hands memory out in
  pages of 4 kB, one interruption each: more time than the arithmetic takes. Pages of 2 MB are asked for instead
  (``madvise``, Linux); where there are none, nothing changes but the time.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

import torch
from torch import Tensor

#: Weights from which a kernel counts as large, and samples up to which a batch counts as small.
LARGE, FEW = 1 << 22, 32
#: Columns of a block, and rows of the gradient that are made at once.
COLUMNS, ROWS = 4096, 7
_PAGE = 1 << 21
_MADV_HUGEPAGE = 14


def affine(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """X W + b with x (batch, n_in), W (n_in, n_out), b (n_out,) -> (batch, n_out)."""
    ordinary = kernel.device.type != "cpu" or kernel.dtype != torch.float32 or torch.is_autocast_enabled("cpu")
    if ordinary or kernel.numel() < LARGE or len(x) > FEW or torch.compiler.is_compiling():
        return torch.addmm(bias, x, kernel)
    if not torch.is_grad_enabled():
        return _affine(x, kernel, bias)
    out: Tensor = _Affine.apply(x, kernel, bias)
    return out


class _Affine(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        return _affine(x, kernel, bias)

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
            grad_kernel = x.T @ g if torch.is_grad_enabled() else _outer(x, g)
        return _back(g, kernel) if need_x else None, grad_kernel, g.sum(0) if need_bias else None


def _blocks(matrix: Tensor) -> tuple[Tensor, int]:
    """Cut a matrix (row, column) into whole blocks (block, row, `COLUMNS`), and say how many columns they have."""
    cut = matrix.shape[1] // COLUMNS * COLUMNS
    return matrix[:, :cut].unflatten(1, (-1, COLUMNS)).transpose(0, 1), cut


def _affine(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    if kernel.shape[1] < 2 * COLUMNS:
        return torch.addmm(bias, x, kernel)
    blocks, cut = _blocks(kernel)
    parts = [torch.bmm(x.expand(len(blocks), -1, -1), blocks).transpose(0, 1).flatten(1)]
    if cut < kernel.shape[1]:
        parts.append(x @ kernel[:, cut:])
    return torch.cat(parts, dim=1) + bias


def _back(g: Tensor, kernel: Tensor) -> Tensor:
    """Gradient of x: g W^T."""
    if kernel.shape[1] < 2 * COLUMNS:
        return g @ kernel.T
    blocks, cut = _blocks(kernel)
    return torch.bmm(_blocks(g)[0], blocks.mT).sum(0) + g[:, cut:] @ kernel[:, cut:].T


def _outer(x: Tensor, g: Tensor) -> Tensor:
    """Gradient of W: x^T g."""
    columns = x.T.contiguous()
    out = _empty_in_large_pages(len(columns), g.shape[1])
    n = len(columns) // ROWS
    cut = n * ROWS
    if n:
        rows = columns[:cut].unflatten(0, (n, ROWS))
        torch.bmm(rows, g.expand(n, -1, -1), out=out[:cut].unflatten(0, (n, ROWS)))
    if cut < len(columns):
        torch.mm(columns[cut:], g, out=out[cut:])
    return out


def _empty_in_large_pages(n_rows: int, n_columns: int) -> Tensor:
    """Tensor without values, in memory for which large pages are asked."""
    out = torch.empty(n_rows, n_columns, dtype=torch.float32, device="cpu")
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
