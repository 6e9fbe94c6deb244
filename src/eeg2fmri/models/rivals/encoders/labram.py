"""Encode raw EEG as LaBraM does (Jiang, Zhao and Lu, ICLR 2024): patches of a second, one token each, a Transformer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.nn.dense import Dropout
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.tokens.attention import Attention
from eeg2fmri.nn.tokens.blocks import FeedForward, drop_path

#: Rows of the table of electrodes, one of them for the class token, and of the table of patches.
ELECTRODES, PATCHES = 129, 16
#: Filters of the convolutions of a patch, and the step of the first.
FILTERS, STEP = 8, 8
#: First value of the factors of each layer's parts, and the largest share of samples that skip a layer.
LAYER_SCALE, DROP_PATH = 0.1, 0.1

_ARCS = (
    "FP1 FPZ FP2",
    "AF9 AF7 AF5 AF3 AF1 AFZ AF2 AF4 AF6 AF8 AF10",
    "F9 F7 F5 F3 F1 FZ F2 F4 F6 F8 F10",
    "FT9 FT7 FC5 FC3 FC1 FCZ FC2 FC4 FC6 FT8 FT10",
    "T9 T7 C5 C3 C1 CZ C2 C4 C6 T8 T10",
    "TP9 TP7 CP5 CP3 CP1 CPZ CP2 CP4 CP6 TP8 TP10",
    "P9 P7 P5 P3 P1 PZ P2 P4 P6 P8 P10",
    "PO9 PO7 PO5 PO3 PO1 POZ PO2 PO4 PO6 PO8 PO10",
    "O1 OZ O2",
)
#: Electrodes of the 10-10 system from front to back and left to right: the order of the table.
ORDER = " ".join(_ARCS).split()


def electrode_rows(electrodes: Sequence[str], n_channels: int) -> list[int]:
    """Find the row of each electrode in the table.

    Parameters
    ----------
    electrodes : sequence of str
        Names; where there are none, channels take the rows in their order.
    n_channels : int

    Returns
    -------
    list of int
        Electrodes that the table does not know take rows behind those of the 10-10 system, in their order.

    Examples
    --------
    >>> electrode_rows(["Fp1", "Cz", "E7"], 3)
    [1, 42, 84]
    """
    if not electrodes:
        return [1 + number % (ELECTRODES - 1) for number in range(n_channels)]
    free, spare = len(ORDER) + 1, ELECTRODES - 1 - len(ORDER)
    unknown = [name for name in electrodes if name.upper() not in ORDER]
    return [
        free + unknown.index(name) % spare if name in unknown else ORDER.index(name.upper()) + 1 for name in electrodes
    ]


def patch_width(patch: int) -> int:
    """Features of a token of a patch of so many samples."""
    return FILTERS * ((patch - 1) // STEP + 1)


class PatchEncoder(nn.Module):
    """Three convolutions along the samples of a patch, which then are the features of its token."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, FILTERS, (1, 15), stride=(1, STEP), padding=(0, 7))
        self.conv2, self.conv3 = (nn.Conv2d(FILTERS, FILTERS, (1, 3), padding=(0, 1)) for _ in range(2))
        self.norm1, self.norm2, self.norm3 = (nn.GroupNorm(4, FILTERS) for _ in range(3))

    def forward(self, patches: Tensor) -> Tensor:
        """Map patches (batch, token, sample) -> (batch, token, width)."""
        x = patches[:, None]
        for conv, norm in ((self.conv1, self.norm1), (self.conv2, self.norm2), (self.conv3, self.norm3)):
            x = functional.gelu(norm(conv(x)))
        return x.permute(0, 2, 3, 1).flatten(2)


class Layer(nn.Module):
    """A layer of the Transformer: pre-norm, queries and keys normalised, its parts scaled by learned factors.

    Parameters
    ----------
    width, heads : int
    dropout : float
        Behind the parts.
    dropped : float
        Share of samples that skip a part in training.
    """

    def __init__(self, width: int, heads: int, dropout: float, dropped: float) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads, bias=False, normed=True)
        self.mlp = FeedForward(width, 4 * width, dropout=dropout)
        self.gamma_1, self.gamma_2 = (nn.Parameter(torch.full((width,), LAYER_SCALE)) for _ in range(2))
        self.dropout, self.dropped = Dropout(dropout), dropped

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map tokens (batch, token, width) -> the same shape."""
        mixed = self.gamma_1 * self.dropout(self.attn(self.norm1(x)), draws)
        x = x + drop_path(mixed, self.dropped, draws, self.training)
        return x + drop_path(self.gamma_2 * self.mlp(self.norm2(x), draws), self.dropped, draws, self.training)


class Labram(nn.Module):
    """Raw EEG to one vector: the mean of the tokens of all patches of all electrodes.

    Names and shapes of its tensors are those of the published weights of LaBraM-base for ``patch=200, depth=12,
    heads=10``.

    Parameters
    ----------
    rows : sequence of int
        Row of each electrode in the table (`electrode_rows`).
    patches, patch : int
        Patches of a channel, and samples in each.
    depth, heads : int
    dropout : float
    """

    rows: Tensor

    def __init__(
        self,
        rows: Sequence[int],
        patches: int,
        patch: int = 200,
        depth: int = 12,
        heads: int = 10,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        width = patch_width(patch)
        self.patch, self.patches = patch, patches
        self.patch_embed = PatchEncoder()
        self.cls_token, self.pos_embed, self.time_embed = (
            nn.Parameter(nn.init.trunc_normal_(torch.empty(1, n, width), std=0.02))
            for n in (1, ELECTRODES, max(PATCHES, patches))
        )
        self.blocks = nn.ModuleList(
            Layer(width, heads, dropout, DROP_PATH * number / max(1, depth - 1)) for number in range(depth)
        )
        self.norm = nn.LayerNorm(width)
        self.dropout = Dropout(dropout)
        self.register_buffer("rows", torch.tensor(list(rows)), persistent=False)

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map x (batch, channel, sample) -> (batch, width)."""
        patches = x[..., : self.patches * self.patch].unflatten(-1, (self.patches, self.patch))
        tokens = self.patch_embed(patches.flatten(1, 2))
        of_electrode = self.pos_embed[0].index_select(0, self.rows)[:, None]
        tokens = tokens + (of_electrode + self.time_embed[0, : self.patches]).flatten(0, 1)
        first = (self.cls_token + self.pos_embed[:, :1]).expand(x.shape[0], -1, -1)
        tokens = self.dropout(torch.cat([first, tokens], dim=1), draws)
        for block in self.blocks:
            tokens = block(tokens, draws)
        out: Tensor = self.norm(tokens[:, 1:].mean(dim=1))
        return out
