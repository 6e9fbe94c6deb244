"""Three-dimensional discrete cosine transform (type II, unnormalised) and its inverse, by three matrix products.

Forward along each axis: X_k = 2 sum_n x_n cos(pi (2 n + 1) k / 2 N), which is scipy's `dctn` of type 2 without
normalisation; the inverse undoes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn

from eeg2fmri.nn.convolution.conv import Size3


def dct_matrix(n: int) -> Tensor:
    """Forward transform of one axis, float64, shape (frequency, position)."""
    k, m = torch.arange(n, dtype=torch.float64), torch.arange(n, dtype=torch.float64)
    return 2 * torch.cos(math.pi * (2 * m + 1) * k[:, None] / (2 * n))


def inverse_dct_matrix(n: int, n_frequencies: int | None = None) -> Tensor:
    """Inverse transform of one axis of size `n` from its lowest frequencies, float64, shape (position, frequency).

    Frequencies that are left out count as 0: the padded inverse is the inverse of the padded spectrum.
    """
    k = torch.arange(n if n_frequencies is None else n_frequencies, dtype=torch.float64)
    m = torch.arange(n, dtype=torch.float64)
    weight = torch.where(k == 0, 0.5, 1.0)
    return weight * torch.cos(math.pi * (2 * m[:, None] + 1) * k / (2 * n)) / n


def along_axes(x: Tensor, matrices: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Multiply each of the last three axes of x (..., x, y, z) by its matrix (new size, old size)."""
    first, second, third = matrices
    x = x @ third.T
    x = second @ x
    return torch.tensordot(first, x.movedim(-3, 0), dims=1).movedim(0, -3)


class _Separable(nn.Module):
    """One fixed matrix for each axis, held as buffers that are not saved.

    A change of type or device makes them anew from float64, so that each type has its full precision.
    """

    matrix0: Tensor
    matrix1: Tensor
    matrix2: Tensor

    def __init__(self, make: list[Callable[[], Tensor]]) -> None:
        super().__init__()
        self._make = make
        for axis, f in enumerate(make):
            self.register_buffer(f"matrix{axis}", f().to(torch.get_default_dtype()), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)
        for axis, f in enumerate(self._make):
            moved: Any = getattr(self, f"matrix{axis}")
            if not moved.is_meta:
                setattr(self, f"matrix{axis}", f().to(dtype=moved.dtype, device=moved.device))
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, x, y, z) -> (batch, x', y', z')."""
        return along_axes(x, (self.matrix0, self.matrix1, self.matrix2))

    def extra_repr(self) -> str:
        """Name the sizes."""
        sizes = [tuple(getattr(self, f"matrix{axis}").shape) for axis in range(3)]
        return f"{tuple(s[1] for s in sizes)} -> {tuple(s[0] for s in sizes)}"


class DCT3d(_Separable):
    """Forward transform.

    Parameters
    ----------
    size : (int, int, int)
    """

    def __init__(self, size: Size3) -> None:
        super().__init__([_Make(dct_matrix, n) for n in size])


class InverseDCT3d(_Separable):
    """Inverse transform, of a spectrum that is first padded with zeros at its high end if it is smaller than `size`.

    Padding changes neither the coefficients nor their convention: they are read as those of the output size, so a
    constant keeps its sign but is scaled by the quotient of the sizes.

    Parameters
    ----------
    size : (int, int, int)
        Of the output.
    spectrum_size : (int, int, int), optional
        Of the input; no axis longer than in `size`. The same as `size` by default.
    """

    def __init__(self, size: Size3, spectrum_size: Size3 | None = None) -> None:
        pairs = zip(size, spectrum_size or size, strict=True)
        super().__init__([_Make(inverse_dct_matrix, n, k) for n, k in pairs])


class _Make:
    """A call to be made later; unlike a lambda it can be copied and pickled."""

    def __init__(self, function: Callable[..., Tensor], *sizes: int) -> None:
        self.function, self.sizes = function, sizes

    def __call__(self) -> Tensor:
        return self.function(*self.sizes)
