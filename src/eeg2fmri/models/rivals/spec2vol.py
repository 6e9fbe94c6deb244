"""Build Spec2VolCAMU-Net: convolutions and attention on spectra, a VM-UNet to slices (arXiv:2505.09521)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.rivals.base import Length, RivalConfig, RivalNetwork, Share
from eeg2fmri.models.rivals.e2fnet import INPUTS, RECIPE, TARGET
from eeg2fmri.models.rivals.losses import similarity_and_error
from eeg2fmri.models.rivals.published import Rival, scores_of
from eeg2fmri.models.rivals.vss import VMUNet
from eeg2fmri.nn.tokens.attention import Attention, check_heads


class Spec2VolConfig(RivalConfig):
    """Settings of a `Spec2Vol`.

    Attributes
    ----------
    eeg_shape, volume_shape, seed
        As in `RivalConfig`; the spectra of a window are the channels of an image, electrodes its rows, frequencies its
        columns; the slices of a volume (its last axis) are the channels of what comes out.
    width, branch, heads : int
        Channels of the encoder, of each of its three directions, and heads of its attention.
    unet_width : int
        Features of the first stage of the U-Net; a multiple of 4, 8 at least.
    depths : tuple of int
        Blocks of its stages.
    drop_path : float
        Largest share of samples that skip a block in training.
    data_range : float
        Range of the values of a volume, for the structural similarity in the loss.
    """

    kind: Literal["spec2vol"] = "spec2vol"
    width: Length = 256
    branch: Length = 32
    heads: Length = 8
    unet_width: Annotated[int, Field(ge=8, multiple_of=4)] = 96
    depths: Annotated[tuple[Length, ...], Field(min_length=1)] = (2, 2, 9, 2)
    drop_path: Share = 0.2
    data_range: Annotated[float, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _heads_fit(self) -> Self:
        check_heads(self.width, self.heads)
        return self


class Directions(nn.Module):
    """Convolve along rows, along columns and along both, side by side; add the image; normalise each pixel.

    Parameters
    ----------
    width, branch : int
        Channels, and channels of each of the three.
    """

    def __init__(self, width: int, branch: int) -> None:
        super().__init__()
        self.three = nn.ModuleList(
            nn.Conv2d(width, branch, kernel, padding=(kernel[0] // 2, kernel[1] // 2))
            for kernel in ((3, 1), (1, 3), (3, 3))
        )
        self.join, self.norm = nn.Conv2d(3 * branch, width, 1), nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, width, row, column) -> the same shape."""
        found = functional.silu(self.join(torch.cat([functional.silu(conv(x)) for conv in self.three], dim=1)))
        out: Tensor = self.norm((found + x).movedim(1, -1)).movedim(-1, 1)
        return out


class Spec2Vol(RivalNetwork):
    """Spectra to a volume.

    Parameters
    ----------
    config : Spec2VolConfig
    """

    def make(self, config: Spec2VolConfig) -> None:
        """Make the layers."""
        width = config.width
        self.first = nn.Conv2d(config.eeg_shape[2], width, 3, padding=1)
        self.directions = nn.ModuleList(Directions(width, config.branch) for _ in range(2))
        self.attention, self.norm = Attention(width, config.heads), nn.LayerNorm(width)
        self.halve = nn.Conv2d(width, width, (1, 3), stride=(1, 2), padding=(0, 1))
        self.unet = VMUNet(width, config.volume_shape[2], config.unet_width, config.depths, config.drop_path)

    def forward(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> Synthesis:
        """Synthesise (batch, x, y, z) from x (batch, channel, freq, time); skipped blocks follow from `generator`."""
        draws = self.draws(generator)
        z = functional.silu(self.first(x.movedim(-1, 1)))
        for directions in self.directions:
            z = directions(z)
        z = self.halve(self._attended(z))
        rows, columns = self.config.volume_shape[:2]
        image = fitted(z, rows, columns, self.unet.step)
        volume = self.unet(image, draws)[:, :, :rows, :columns].movedim(1, -1)
        return Synthesis(volume, None, z, None, None)

    def _attended(self, z: Tensor) -> Tensor:
        """Attention between the frequencies of each electrode."""
        image = z.permute(0, 2, 3, 1)  # (batch, row, column, width)
        mixed = self.attention(image.flatten(0, 1)).unflatten(0, (-1, z.shape[2]))
        out: Tensor = self.norm(mixed + image).permute(0, 3, 1, 2)
        return out

    def loss(self, out: Synthesis, y: Tensor) -> dict[str, Tensor]:
        """Half of 1 - structural similarity, half of the mean squared error."""
        return similarity_and_error(out.volume, y, self.config.data_range)


def fitted(image: Tensor, rows: int, columns: int, step: int) -> Tensor:
    """Fit an image into so many rows and columns, then fill it up to multiples of a step.

    An axis that is too long is resized, one that is too short is filled with zeros.

    Parameters
    ----------
    image : Tensor, shape (batch, channel, row, column)
    rows, columns, step : int
    """
    size = min(image.shape[2], rows), min(image.shape[3], columns)
    if size != tuple(image.shape[2:]):
        image = functional.interpolate(image, size=size, mode="bicubic", align_corners=False)
    whole = [-(-n // step) * step for n in (rows, columns)]
    return functional.pad(image, (0, whole[1] - size[1], 0, whole[0] - size[0]))


RIVAL = Rival(
    kind="spec2vol",
    label="Spec2VolCAMU-Net",
    paper="arXiv:2505.09521",
    licence="none (hdy6438): written from the paper's facts",
    inputs=INPUTS,
    target=TARGET,
    recipe=RECIPE.model_copy(update={"batch_size": 16, "accumulate": 2}),
    parameters=45_900_000,
    scores=scores_of(
        ("SSIM", "PSNR (dB)"),
        {"NODDI": (0.693, 20.80), "ds000116": (0.725, 22.74), "ds002158": (0.788, 23.84)},
        protocol="best epoch on the test part",
        doubt="the volumes that were published are constant over time to 2/255",
    ),
    changed=(
        "The stated layers have 45.5 M parameters, 45.9 M are stated. How an axis longer than that of the slice is "
        "brought to it is not stated: it is resized here. Other sides than multiples of 32 are filled with zeros "
        "and cut again."
    ),
    laptop={"width": 32, "branch": 8, "heads": 4, "unet_width": 16, "depths": (1, 1)},
)
