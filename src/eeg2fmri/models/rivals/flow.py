"""Guess a target by a Normal, and move the guess along a learned velocity (flow matching, Lipman et al., 2023)."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.nn.dense import Dropout
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.tokens.attention import sinusoid

#: Least and first standard deviation of the guess.
SIGMA_LEAST, SIGMA_START = 0.05, 0.2
#: Features of the time of the flow, and the factor that spreads it from 0 to 1 over their periods.
TIME, SPREAD = 64, 1000.0


class Guess(nn.Module):
    """Guesses the target from a vector: mean and standard deviation of a Normal.

    Parameters
    ----------
    width : int
        Of the vector.
    widths : (int, int)
    n_out : int
    dropout : float
    """

    def __init__(self, width: int, widths: tuple[int, int], n_out: int, dropout: float) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, widths[0]), nn.Linear(*widths)
        self.mean, self.spread = nn.Linear(widths[1], n_out), nn.Linear(widths[1], n_out)
        self.dropout = Dropout(dropout)
        nn.init.zeros_(self.spread.weight)
        nn.init.constant_(self.spread.bias, math.log(math.expm1(SIGMA_START - SIGMA_LEAST)))

    def forward(self, z: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
        """Map z (batch, width) -> mean and standard deviation, both (batch, n_out)."""
        for layer in (self.fc1, self.fc2):
            z = self.dropout(functional.gelu(layer(z)), draws)
        return self.mean(z), functional.softplus(self.spread(z)) + SIGMA_LEAST


class FlowBlock(nn.Module):
    """A feed-forward part whose normalisation and weight follow a condition.

    AdaLN-Zero: at the start it changes nothing. Peebles and Xie, ICCV 2023.

    Parameters
    ----------
    width : int
    dropout : float
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.modulation = nn.Linear(width, 3 * width)
        self.dropout = Dropout(dropout)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, condition: Tensor, draws: Draws) -> Tensor:
        """Map x and condition, both (..., width) -> (..., width)."""
        gain, shift, gate = self.modulation(functional.silu(condition)).chunk(3, dim=-1)
        inner = self.norm(x) * (1 + gain) + shift
        inner = self.dropout(functional.gelu(self.fc1(inner)), draws)
        out: Tensor = x + gate * self.fc2(inner)
        return out


class Velocity(nn.Module):
    """Velocity of the flow at a place and a time, given what the encoders say.

    Parameters
    ----------
    n_out, width_in, width, depth : int
        Size of the target; of the vector of the encoders; of the layers; number of blocks.
    dropout : float
    """

    def __init__(self, n_out: int, width_in: int, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.first = nn.Linear(n_out, width)
        self.of_time = nn.Sequential(nn.Linear(TIME, width), nn.GELU(), nn.Linear(width, width))
        self.of_eeg = nn.Sequential(nn.Linear(width_in, width), nn.GELU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(FlowBlock(width, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation, self.last = nn.Linear(width, 2 * width), nn.Linear(width, n_out)
        for layer in (self.modulation, self.last):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, time: Tensor, z: Tensor, draws: Draws) -> Tensor:
        """Map places x (batch, n_out), times (batch,) or (1,), and vectors z (batch, width_in) -> (batch, n_out)."""
        moment = sinusoid(SPREAD * time.float(), TIME).to(x.dtype)
        condition = functional.gelu(self.of_time(moment) + self.of_eeg(z))
        x = self.first(x)
        for block in self.blocks:
            x = block(x, condition, draws)
        gain, shift = self.modulation(functional.silu(condition)).chunk(2, dim=-1)
        out: Tensor = self.last(self.norm(x) * (1 + gain) + shift)
        return out
