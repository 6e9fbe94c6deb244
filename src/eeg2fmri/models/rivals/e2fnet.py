"""Build E2fNet: spectra as an image, convolutions, a U-Net, volumes by slices (arXiv:2502.08025)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.rivals.base import RivalConfig, RivalNetwork
from eeg2fmri.models.rivals.losses import similarity_and_error
from eeg2fmri.models.rivals.published import Inputs, Recipe, Rival, Target, scores_of
from eeg2fmri.nn.convolution.unet import UNet
from eeg2fmri.nn.norm import BatchNorm

#: What E2fNet, E2fGAN and Spec2VolCAMU-Net are given and asked for.
INPUTS = Inputs(
    kind="rectangular",
    rows=20,
    bins=249,
    scaling="z-score over electrodes; then (x - min) / (max - min + 1e-10) over training and test together",
    scaled_by="store",
)
TARGET = Target(kind="volume", scaling="volume range")
RECIPE = Recipe(
    loss=".5 (1 - SSIM) + .5 MSE",
    learning_rate=1e-3,
    schedule="cosine_restarts",
    cycles=5,
    warmup_steps=50,
    epochs=50,
    batch_size=32,
    clip_norm=1.0,
    seed=42,
    selection="highest SSIM of the TEST part; there is no validation part",
)


class E2fNetConfig(RivalConfig):
    """Settings of an `E2fNet`.

    Attributes
    ----------
    eeg_shape, volume_shape, seed
        As in `RivalConfig`; the spectra of a window are the channels of an image, electrodes its rows, frequencies its
        columns; the slices of a volume (its last axis) are the channels of what comes out.
    widths : (int, int, int, int)
        Channels behind the four convolutions of the encoder; the last is that of the U-Net too.
    output : {"sigmoid", "linear"}
        ``sigmoid`` for volumes between 0 and 1, as published; ``linear`` for other scalings of the target.
    data_range : float
        Range of the values of a volume, for the structural similarity in the loss.
    """

    kind: Literal["e2fnet"] = "e2fnet"
    widths: tuple[Annotated[int, Field(ge=8)], ...] = Field(default=(32, 64, 128, 256), min_length=4, max_length=4)
    output: Literal["sigmoid", "linear"] = "sigmoid"
    data_range: Annotated[float, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _coarse_level(self) -> Self:
        """Refuse slices of which the coarse level has one pixel: it would be normalised to nothing."""
        x, y = self.volume_shape[:2]
        if max(x, y) < 3:
            raise ValueError(f"slices have {x} x {y} voxels: at least one side needs 3 for the U-Net")
        return self


class E2fNet(RivalNetwork):
    """Spectra to a volume.

    Parameters
    ----------
    config : E2fNetConfig
    """

    def make(self, config: E2fNetConfig) -> None:
        """Make the layers."""
        a, b, c, d = config.widths
        times, slices = config.eeg_shape[2], config.volume_shape[2]
        self.encoder = nn.Sequential(
            *_unit(times, a, (1, 5), (1, 2), (0, 3)),
            *_unit(a, b, (1, 5), (1, 2), (0, 3)),
            *_unit(b, c),
            nn.Conv2d(c, d, 3, padding=1),
        )
        self.unet = UNet(d)
        self.decoder = nn.Sequential(*_unit(d, c), *_unit(c, b), *_unit(b, a), nn.Conv2d(a, slices, 3, padding=1))

    def forward(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> Synthesis:
        """Synthesise volumes (batch, x, y, z) from x (batch, channel, freq, time); nothing is drawn."""
        z = self.encoder(x.movedim(-1, 1))
        image = functional.interpolate(z, size=self.config.volume_shape[:2], mode="bicubic", align_corners=False)
        volume = self.decoder(self.unet(image)).movedim(1, -1)
        if self.config.output == "sigmoid":
            volume = volume.sigmoid()
        return Synthesis(volume, None, z, None, None)

    def loss(self, out: Synthesis, y: Tensor) -> dict[str, Tensor]:
        """Half of 1 - structural similarity, half of the mean squared error."""
        return similarity_and_error(out.volume, y, self.config.data_range)


def _unit(
    n_in: int,
    n_out: int,
    kernel: tuple[int, int] = (3, 3),
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (1, 1),
) -> list[nn.Module]:
    """Convolution, batch normalisation, ReLU."""
    return [nn.Conv2d(n_in, n_out, kernel, stride, padding), BatchNorm(n_out, 0.1, 1e-5), nn.ReLU()]


RIVAL = Rival(
    kind="e2fnet",
    label="E2fNet",
    paper="arXiv:2502.08025",
    licence="MIT (kgr20/E2fNet)",
    inputs=INPUTS,
    target=TARGET,
    recipe=RECIPE,
    parameters=19_152_030,
    scores=scores_of(
        ("SSIM", "PSNR (dB)"),
        {"NODDI": (0.605, 20.10), "ds000116": (0.631, 22.19), "ds002158": (0.674, 22.78)},
        protocol="best epoch on the test part",
    ),
    changed=(
        "The time step of the U-Net is the constant 0, as published: its layers are a learned constant. Padding of "
        "the structural similarity is not stated: windows that fit into the slice count here."
    ),
    laptop={"widths": (8, 16, 32, 32)},
)
