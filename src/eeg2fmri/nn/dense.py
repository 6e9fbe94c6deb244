"""Dense layer, dropout and the flattening order that both share with checkpoints of the earlier package."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.init import glorot_
from eeg2fmri.nn.wide import affine


class Dense(nn.Module):
    """y = x W + b with Glorot-uniform W and zero b.

    Parameters
    ----------
    n_in, n_out : int
    source : torch.Generator
        Draws the initial weights.
    bias : bool

    Attributes
    ----------
    kernel : Parameter, shape (n_in, n_out)
        W, the other way round than in `torch.nn.Linear`: the layer to the volume has few inputs and very many
        outputs, and for a small batch this layout reads and writes its weights in long runs.
    bias : Parameter, shape (n_out,), or None
    """

    def __init__(self, n_in: int, n_out: int, source: torch.Generator, *, bias: bool = True) -> None:
        super().__init__()
        self.kernel = nn.Parameter(glorot_(torch.empty(n_in, n_out), n_in, n_out, source))
        self.bias = nn.Parameter(torch.zeros(n_out)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, n_in) -> (batch, n_out)."""
        return x @ self.kernel if self.bias is None else affine(x, self.kernel, self.bias)

    @property
    def weight(self) -> Tensor:
        """W in the layout of `torch.nn.Linear`, shape (n_out, n_in); a view."""
        return self.kernel.T

    def extra_repr(self) -> str:
        """Name the sizes."""
        return f"{self.kernel.shape[0]}, {self.kernel.shape[1]}, bias={self.bias is not None}"


def flatten_channels_last(x: Tensor) -> Tensor:
    """Flatten (batch, channel, d, h, w) in the order (d, h, w, channel).

    Inside the network the channels come first, as torch has them. The dense layers behind a flattening keep the
    order of the earlier package (C order over channels-last), so that its weights load without being reordered.
    """
    return x.movedim(1, -1).flatten(1)


class Dropout(nn.Module):
    """Set elements to 0 with probability `p` in training and scale the others by 1 / (1 - p).

    Parameters
    ----------
    p : float
        Between 0 (nothing is dropped) and 1.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map x of any shape to the same shape."""
        if not (self.training and self.p and draws.random):
            return x
        return x * draws.keep(x, 1 - self.p) / (1 - self.p)

    def extra_repr(self) -> str:
        """Name the probability."""
        return f"p={self.p}"


def squared_norm(*tensors: Tensor | None) -> Tensor:
    """Sum of the squares of all elements of all tensors, a scalar."""
    present = [t for t in tensors if t is not None]
    return torch.stack([t.square().sum() for t in present]).sum()
