"""Build NeuroBOLT: LaBraM beside multi-scale spectra, one linear layer to the target (arXiv:2410.05341)."""

from __future__ import annotations

import math
from typing import Literal, Self

import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.rivals.base import Length, RivalConfig, RivalNetwork, Share, check_names
from eeg2fmri.models.rivals.encoders.labram import Labram, electrode_rows, patch_width
from eeg2fmri.models.rivals.encoders.multiscale import MultiScaleSpectra
from eeg2fmri.models.rivals.encoders.weights import load_weights
from eeg2fmri.models.rivals.published import Inputs, Recipe, Rival, Score, Target

#: Electrodes in their published order.
_NAMES = "FP1 FP2 F3 F4 C3 C4 P3 P4 O1 O2 F7 F8 T7 T8 P7 P8 FPZ FZ CZ PZ POZ OZ FT9 FT10 TP9 TP10"
CHANNELS = tuple(_NAMES.split())
#: V in a unit of the network's input: 100 microvolts.
UNIT_V = 1e-4
#: Factor of the weights that the last layer starts with.
START = 1e-3


class RawConfig(RivalConfig):
    """What networks of raw EEG have in common.

    Attributes
    ----------
    eeg_shape, volume_shape, seed
        As in `RivalConfig`.
    electrodes : tuple of str
        Names of the channels; those of the store where a training gives none.
    scales : tuple of int
        Samples of the frames whose spectra are taken.
    spectral_depth, spectral_heads : int
        Of the Transformer on spectra.
    spectral_dropout : float
    """

    electrodes: tuple[str, ...] = ()
    scales: tuple[Length, ...] = (100, 200, 400, 800)
    spectral_depth: Length = 4
    spectral_heads: Length = 8
    spectral_dropout: Share = 0.2

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        channels, one, samples = self.eeg_shape
        if one != 1:
            raise ValueError(
                f"windows of raw EEG are (channel, 1, sample), these are {self.eeg_shape}: train with pairs: "
                f"{{eeg: raw}}"
            )
        check_names(self.electrodes, channels)
        if not self.scales or max(self.scales) > samples:
            raise ValueError(f"a window of {samples} samples is too short for the scales {self.scales}")
        return self


class NeuroBoltConfig(RawConfig):
    """Settings of a `NeuroBolt`.

    Attributes
    ----------
    eeg_shape, volume_shape, seed, electrodes, scales, spectral_depth, spectral_heads, spectral_dropout
        As in `RawConfig`.
    patch : int
        Samples of a patch of the temporal branch.
    depth, heads : int
        Of its Transformer.
    dropout : float
    """

    kind: Literal["neurobolt"] = "neurobolt"
    patch: Length = 200
    depth: Length = 12
    heads: Length = 10
    dropout: Share = 0.1

    @model_validator(mode="after")
    def _patches_fit(self) -> Self:
        width = patch_width(self.patch)
        if self.patch > self.eeg_shape[2]:
            raise ValueError(f"a window of {self.eeg_shape[2]} samples is shorter than one patch of {self.patch}")
        for heads in (self.heads, self.spectral_heads):
            if width % heads:
                raise ValueError(f"{heads} heads cannot share the {width} features of a patch of {self.patch} samples")
        return self


class NeuroBolt(RivalNetwork):
    """Raw EEG to a target.

    Parameters
    ----------
    config : NeuroBoltConfig
    """

    def make(self, config: NeuroBoltConfig) -> None:
        """Make the layers."""
        channels, _, samples = config.eeg_shape
        width = patch_width(config.patch)
        rows = electrode_rows(config.electrodes, channels)
        self.temporal = Labram(rows, samples // config.patch, config.patch, config.depth, config.heads, config.dropout)
        self.spectral = MultiScaleSpectra(
            channels,
            samples,
            width,
            scales=config.scales,
            depth=config.spectral_depth,
            heads=config.spectral_heads,
            dropout=config.spectral_dropout,
        )
        self.head = nn.Linear(width, math.prod(config.volume_shape))
        with torch.no_grad():
            self.head.weight.mul_(START)
            self.head.bias.mul_(START)

    def forward(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> Synthesis:
        """Synthesise (batch, x, y, z) from raw EEG x (batch, channel, 1, sample), V; dropout draws from `generator`."""
        draws = self.draws(generator)
        signal = (x[:, :, 0] - x[:, :, 0].mean(dim=-1, keepdim=True)) / UNIT_V
        z = functional.gelu(self.temporal(signal, draws) + self.spectral(signal, draws))
        volume = self.head(z).unflatten(1, self.config.volume_shape)
        return Synthesis(volume, None, z[:, :, None, None], None, None)

    def loss(self, out: Synthesis, y: Tensor) -> dict[str, Tensor]:
        """Mean squared error."""
        return {"reconstruction": functional.mse_loss(out.volume, y)}

    def load_encoder(self, path: str) -> None:
        """Start the temporal branch from published weights of LaBraM-base; see `load_weights`."""
        names = {"fc_norm.": "norm."}
        load_weights(
            self.temporal, path, other_names=names, surplus=("mask_token", "lm_head.", "head.", "projection_head.")
        )

    def layers_above(self, parameter: str) -> int:
        """Count the layers of the temporal branch between a parameter and the head."""
        if not parameter.startswith("temporal.") or parameter.startswith("temporal.norm."):
            return 0
        depth = self.config.depth
        return depth - int(parameter.split(".")[2]) if parameter.startswith("temporal.blocks.") else depth + 1


INPUTS = Inputs(
    kind="raw",
    window_s=16.0,
    sfreq=200.0,
    channels=CHANNELS,
    high_pass=0.5,
    scaling="mean of each channel in the window removed; in units of 100 microvolts",
)
TARGET = Target(
    kind="regions", scaling="region quantile", low_pass=0.15, quantile=0.95, atlas="DiFuMo 64, and the global signal"
)
RIVAL = Rival(
    kind="neurobolt",
    label="NeuroBOLT",
    paper="arXiv:2410.05341 (NeurIPS 2024)",
    licence="GPL-3 (soupeeli/NeuroBOLT): nothing of it was read for this; data Apache-2.0",
    inputs=INPUTS,
    target=TARGET,
    recipe=Recipe(
        loss="MSE",
        learning_rate=3e-4,
        weight_decay=0.05,
        schedule="cosine",
        floor=1e-6,
        warmup_epochs=5,
        layer_decay=0.65,
        epochs=20,
        batch_size=64,
        seed=12345,
        selection="lowest validation MSE, saved only if the TEST r is above 0",
    ),
    parameters=7_906_985,
    scores=tuple(
        Score(
            data=f"29 scans, {region}",
            metric="r",
            value=value,
            spread=0.02,
            protocol="within a scan: first 80 % train, last 10 % test",
            doubt="read off a histogram; filtered over the whole scan, epoch chosen with the test part",
        )
        for region, value in (
            ("cuneus", 0.58),
            ("Heschl's gyrus", 0.56),
            ("middle frontal gyrus", 0.50),
            ("precuneus", 0.55),
            ("putamen", 0.44),
            ("thalamus", 0.48),
            ("global signal", 0.58),
        )
    ),
    pretrained="LaBraM-base",
    changed=(
        "One network gives all regions or voxels, where the authors train one for each region. Where its dropout "
        "stands is not stated: behind the position, attention and both feed-forward layers here. The batch is 64 "
        "as across subjects (16 within a scan). High-pass, resampling and the target's filter are those of the "
        "store and the pairs."
    ),
    laptop={"patch": 100, "depth": 1, "heads": 4, "scales": (200, 800), "spectral_depth": 1, "spectral_heads": 4},
)
