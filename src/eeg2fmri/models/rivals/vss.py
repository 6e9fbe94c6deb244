"""Build VM-UNet: images scanned in four directions by a selective state-space model (arXiv:2402.02491)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.tokens.blocks import drop_path
from eeg2fmri.nn.tokens.selective_scan import selective_scan

#: Numbers of the state of each feature; directions of the scan.
STATE, DIRECTIONS = 16, 4
#: Range of the first steps.
STEP = (0.001, 0.1)


class Scan2d(nn.Module):
    """Scan an image row by row and column by column, forwards and backwards, and add up what comes out.

    Parameters
    ----------
    width : int
        Features of a pixel.
    rank : int
        Of the map to the steps.
    """

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.rank = rank
        self.of_token = nn.Parameter(torch.empty(DIRECTIONS, rank + 2 * STATE, width))
        self.of_step = nn.Parameter(torch.empty(DIRECTIONS, width, rank))
        nn.init.trunc_normal_(self.of_token, std=0.02)
        nn.init.uniform_(self.of_step, -(rank**-0.5), rank**-0.5)
        low, high = map(math.log, STEP)
        first = (low + (high - low) * torch.rand(DIRECTIONS, width)).exp()
        # softplus of the bias is the first step
        self.step_bias = nn.Parameter(first + torch.log(-torch.expm1(-first)))
        states = torch.arange(1, STATE + 1, dtype=torch.float32).log()
        self.log_decay = nn.Parameter(states.expand(DIRECTIONS, width, STATE).clone())
        self.skip = nn.Parameter(torch.ones(DIRECTIONS, width))

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, row, column, width) -> the same shape."""
        if x.dtype not in (torch.float16, torch.bfloat16):
            return self._scanned(x)
        # products of many factors: half precision would lose them
        with torch.autocast(x.device.type, enabled=False):
            return self._scanned(x.float()).to(x.dtype)

    def _scanned(self, x: Tensor) -> Tensor:
        rows, columns = x.shape[1:3]
        forwards = torch.stack([x.flatten(1, 2), x.transpose(1, 2).flatten(1, 2)], dim=2)
        # (token, batch, direction, width)
        sequences = torch.cat([forwards, forwards.flip(1)], dim=2).transpose(0, 1)
        found = torch.einsum("tbkd,kcd->tbkc", sequences, self.of_token.to(x.dtype))
        coarse, into, out = found.split([self.rank, STATE, STATE], dim=-1)
        step = torch.einsum("tbkr,kdr->tbkd", coarse, self.of_step.to(x.dtype)) + self.step_bias.to(x.dtype)
        decay = -self.log_decay.to(x.dtype).exp()
        scanned = selective_scan(sequences, functional.softplus(step), decay, into, out)
        scanned = (scanned + self.skip.to(x.dtype) * sequences).transpose(0, 1)
        both = scanned[:, :, :2] + scanned[:, :, 2:].flip(1)
        by_row = both[:, :, 0].unflatten(1, (rows, columns))
        by_column = both[:, :, 1].unflatten(1, (columns, rows)).transpose(1, 2)
        return by_row + by_column


class VSSBlock(nn.Module):
    """Gate an image by itself around a convolution and a scan; add it to what came in.

    Parameters
    ----------
    width : int
    dropped : float
        Share of samples that skip the block in training.
    """

    def __init__(self, width: int, dropped: float) -> None:
        super().__init__()
        inner = 2 * width
        self.norm, self.into = nn.LayerNorm(width), nn.Linear(width, 2 * inner, bias=False)
        self.conv = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.scan, self.scanned = Scan2d(inner, -(-width // 16)), nn.LayerNorm(inner)
        self.out = nn.Linear(inner, width, bias=False)
        for layer in (self.into, self.out):
            nn.init.trunc_normal_(layer.weight, std=0.02)
        self.dropped = dropped

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map x (batch, row, column, width) -> the same shape."""
        inner, gate = self.into(self.norm(x)).chunk(2, dim=-1)
        inner = functional.silu(self.conv(inner.movedim(-1, 1))).movedim(1, -1)
        inner = self.out(self.scanned(self.scan(inner)) * functional.silu(gate))
        return x + drop_path(inner, self.dropped, draws, self.training)


class Stage(nn.ModuleList):
    """Blocks of one resolution, one after the other."""

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map x (batch, row, column, width) -> the same shape."""
        for block in self:
            x = block(x, draws)
        return x


class Merge(nn.Module):
    """Halve rows and columns: four pixels become one with twice their features.

    Parameters
    ----------
    width : int
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.reduce = nn.LayerNorm(4 * width), nn.Linear(4 * width, 2 * width, bias=False)
        nn.init.trunc_normal_(self.reduce.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, row, column, width) -> (batch, row / 2, column / 2, 2 width)."""
        four = [x[:, a::2, b::2] for a, b in ((0, 0), (1, 0), (0, 1), (1, 1))]
        out: Tensor = self.reduce(self.norm(torch.cat(four, dim=-1)))
        return out


class Expand(nn.Module):
    """Multiply rows and columns: the features of a pixel become pixels.

    Parameters
    ----------
    width : int
    factor : int
    n_out : int
        Features of a pixel that comes out.
    """

    def __init__(self, width: int, factor: int, n_out: int) -> None:
        super().__init__()
        self.factor = factor
        self.widen, self.norm = nn.Linear(width, factor**2 * n_out, bias=False), nn.LayerNorm(n_out)
        nn.init.trunc_normal_(self.widen.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, row, column, width) -> (batch, factor row, factor column, n_out)."""
        f = self.factor
        x = self.widen(x).unflatten(-1, (f, f, -1)).permute(0, 1, 3, 2, 4, 5)
        out: Tensor = self.norm(x.flatten(3, 4).flatten(1, 2))
        return out


class VMUNet(nn.Module):
    """A U-Net of `VSSBlock` stages; what came into a stage on the way down is added behind it on the way up.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    width : int
        Features of the first stage; twice as many in each further one.
    depths : sequence of int
        Blocks of each stage on the way down; the way up mirrors them.
    dropped : float
        Share of samples that skip the last block on the way down; it rises from 0 to there, and falls on the way up.
    patch : int
        Side of the patches that become the pixels of the first stage.

    Attributes
    ----------
    step : int
        Rows and columns have to be multiples of it.
    """

    def __init__(
        self, n_in: int, n_out: int, width: int, depths: tuple[int, ...], dropped: float = 0.2, patch: int = 4
    ) -> None:
        super().__init__()
        self.step = patch * 2 ** (len(depths) - 1)
        self.patches, self.norm = nn.Conv2d(n_in, width, patch, patch), nn.LayerNorm(width)
        rates = torch.linspace(0, dropped, sum(depths), device="cpu").tolist()
        widths = [width * 2**stage for stage in range(len(depths))]
        self.down = nn.ModuleList()
        for stage, depth in enumerate(depths):
            first = sum(depths[:stage])
            self.down.append(Stage(VSSBlock(widths[stage], rate) for rate in rates[first : first + depth]))
        self.up = nn.ModuleList()
        backwards = rates[::-1]
        upwards = depths[::-1]
        for stage, depth in enumerate(upwards):
            first = sum(upwards[:stage])
            self.up.append(Stage(VSSBlock(widths[-1 - stage], rate) for rate in backwards[first : first + depth]))
        self.merge = nn.ModuleList(Merge(each) for each in widths[:-1])
        self.expand = nn.ModuleList(Expand(each, 2, each // 2) for each in widths[:0:-1])
        self.enlarge, self.last = Expand(width, patch, width // patch), nn.Conv2d(width // patch, n_out, 1)

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map x (batch, n_in, row, column) -> (batch, n_out, row, column)."""
        x = self.norm(self.patches(x).movedim(1, -1))
        skipped = []
        for stage, blocks in enumerate(self.down):
            skipped.append(x)
            x = blocks(x, draws)
            if stage < len(self.merge):
                x = self.merge[stage](x)
        for stage, blocks in enumerate(self.up):
            if stage:
                x = self.expand[stage - 1](x + skipped[-stage])
            x = blocks(x, draws)
        out: Tensor = self.last(self.enlarge(x).movedim(-1, 1))
        return out
