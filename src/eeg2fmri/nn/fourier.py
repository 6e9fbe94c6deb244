"""Fourier features of a latent, and the sinusoid that follows them."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn

from eeg2fmri.nn.init import normal_, uniform_

EPSILON = 1e-3


class FourierFeatures(nn.Module):
    """cos(x K) with a fixed kernel whose rows are all equal: K_ij = pi 2^(j / n_out).

    Since the rows are equal the layer sees only the SUM of its input (rank one), and the sinusoid behind it takes a
    second cosine. It stays for checkpoints that need it; `RandomFourierFeatures` is the better choice.
    """

    kernel: Tensor

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        row = math.pi * 2 ** (torch.arange(n_out, dtype=torch.float64) / n_out)
        self.register_buffer("kernel", row.to(torch.get_default_dtype()).repeat(n_in, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, n_in) -> (batch, n_out).

        The phase is many turns, so its rounding is what the cosine is off by: it is summed in double precision, and
        processors that round a float32 product in different ways agree.
        """
        wide = x.dtype if x.device.type == "mps" else torch.float64
        return torch.cos(x.to(wide) @ self.kernel.to(wide)).to(x.dtype)


def angle_centring(angle: Tensor) -> Tensor:
    """Distance of the angles (rad) of each sample from pi / 2, where the cosine is steepest.

    Parameters
    ----------
    angle : Tensor, shape (batch, feature)

    Returns
    -------
    Tensor, shape (batch,)
    """
    return torch.linalg.vector_norm(angle - math.pi / 2, dim=-1)


class RandomFourierFeatures(nn.Module):
    """Angles of random Fourier features (Rahimi and Recht, 2007): u = x K / scale + b, then normalised.

    K ~ N(0, 1) and b ~ U(0, 2 pi) are drawn once and fixed. `scale` is trained and used without its sign, so it is
    never negative. The cosine is a layer of its own behind it, because the classifier works on the angle.

    Parameters
    ----------
    n_in, n_out : int
    source : torch.Generator
        Draws K and b.
    normalization : {"layer", "tanh"}
        Layer normalisation over the features with gain and offset that start at pi / 2 and are trained; or
        tanh(u) pi / 2 + pi / 2.
    centring : float
        Factor of `angle_centring` in `regularization`.
    """

    kernel: Tensor
    shift: Tensor

    def __init__(
        self,
        n_in: int,
        n_out: int,
        source: torch.Generator,
        normalization: Literal["layer", "tanh"] = "layer",
        centring: float = 0.0,
    ) -> None:
        super().__init__()
        self.register_buffer("kernel", normal_(torch.empty(n_in, n_out), 0.0, 1.0, source))
        self.register_buffer("shift", uniform_(torch.empty(n_out), 0.0, 2 * math.pi, source))
        self.scale = nn.Parameter(torch.full((1,), math.sqrt(n_in / 2)))
        self.normalization, self.centring = normalization, centring
        self._last: Tensor | None = None
        if normalization == "layer":
            self.gain = nn.Parameter(torch.full((n_out,), math.pi / 2))
            self.offset = nn.Parameter(torch.full((n_out,), math.pi / 2))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, n_in) -> angles (batch, n_out), rad."""
        u = x @ self.kernel / self.scale.abs() + self.shift
        if self.normalization == "tanh":
            angle = torch.tanh(u) * (math.pi / 2) + math.pi / 2
        else:
            angle = nn.functional.layer_norm(u, u.shape[-1:], self.gain, self.offset, EPSILON)
        if self.training and self.centring:
            self._last = angle
        return angle

    def regularization(self) -> Tensor:
        """Penalty on the angles of the last training pass, mean over its batch; 0 if there was none."""
        if self._last is None or not self.centring:
            return self.scale.new_zeros(())
        return self.centring * angle_centring(self._last).mean()

    def __getstate__(self) -> dict[str, Any]:
        # the angles of the last pass belong to its graph: copies of the layer start without them
        return {**self.__dict__, "_last": None}
