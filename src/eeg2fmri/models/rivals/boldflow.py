"""Build BOLDFlow: two encoders of raw EEG, a Gaussian guess, and a flow from it to the target (2026)."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

import torch
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator
from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.rivals.base import Length, RivalNetwork, Share
from eeg2fmri.models.rivals.encoders.multiscale import MultiScaleSpectra
from eeg2fmri.models.rivals.encoders.reve import Reve, head_places
from eeg2fmri.models.rivals.encoders.weights import load_weights
from eeg2fmri.models.rivals.flow import Guess, Velocity
from eeg2fmri.models.rivals.neurobolt import CHANNELS, RawConfig
from eeg2fmri.models.rivals.neurobolt import TARGET as REGIONS
from eeg2fmri.models.rivals.published import Inputs, Recipe, Rival, Score
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.tokens.attention import CrossAttention, check_heads

#: Largest value of a z-scored sample.
CLIP = 15.0
#: Power of the variance that the likelihood of the guess is weighed by (Seitzer et al., 2022).
BETA = 0.5


class BoldFlowConfig(RawConfig):
    """Settings of a `BoldFlow`.

    Attributes
    ----------
    eeg_shape, volume_shape, seed, electrodes, scales, spectral_depth, spectral_heads, spectral_dropout
        As in `RawConfig`.
    block : int
        Consecutive volumes that are predicted at once, the last one that of the window; 4 as published. A training
        takes that of its pairs.
    patch, stride : int
        Samples of a patch of the temporal encoder, and from one to the next.
    width, depth, heads, hidden : int
        Of both encoders, of the temporal encoder, and of its feed-forward parts.
    spectral_tokens : int
        Tokens of an electrode in the spectral encoder.
    source_widths : (int, int)
        Of the layers that guess mean and standard deviation.
    flow_width, flow_depth : int
    dropout : float
        Of guess and flow.
    steps : int
        Euler steps of the flow.
    ensemble : int
        Paths whose standard deviation is the uncertainty in evaluation.
    point : {"draw", "mean"}
        What is given for a window: one path, as published, or the mean of the ensemble.
    """

    kind: Literal["boldflow"] = "boldflow"
    block: Length = 1
    patch: Length = 200
    stride: Length = 180
    width: Annotated[int, Field(ge=2)] = 512
    depth: Length = 22
    heads: Length = 8
    hidden: Length = 1361
    spectral_tokens: Length = 64
    source_widths: tuple[Length, Length] = (256, 128)
    flow_width: Length = 512
    flow_depth: Length = 4
    dropout: Share = 0.1
    steps: Length = 50
    ensemble: Annotated[int, Field(ge=2)] = 50
    point: Literal["draw", "mean"] = "draw"

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.patch > self.eeg_shape[2]:
            raise ValueError(f"a window of {self.eeg_shape[2]} samples is shorter than one patch of {self.patch}")
        check_heads(self.width, self.heads, self.spectral_heads)
        return self

    @model_serializer(mode="wrap")
    def _as_before_there_were_blocks(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave a block of one volume out: a saved model is compared with its settings."""
        return {name: value for name, value in handler(self).items() if (name, value) != ("block", 1)}


class BoldFlow(RivalNetwork):
    """Raw EEG to a distribution of the target.

    Parameters
    ----------
    config : BoldFlowConfig

    Attributes
    ----------
    calibration : Tensor, shape ()
        What the standard deviation of the ensemble is multiplied by (`calibrate`).
    block_length : int
        Volumes of a window; see `eeg2fmri.models.capabilities.GivesBlocks`.
    """

    noise: Tensor
    calibration: Tensor

    def make(self, config: BoldFlowConfig) -> None:
        """Make the layers."""
        channels, _, samples = config.eeg_shape
        width, self.block_length = config.width, config.block
        self.shape = (config.block * config.volume_shape[0], *config.volume_shape[1:])
        n_out = math.prod(self.shape)
        self.temporal = Reve(
            head_places(config.electrodes, channels),
            samples,
            patch=config.patch,
            stride=config.stride,
            width=width,
            depth=config.depth,
            heads=config.heads,
            hidden=config.hidden,
        )
        self.query = nn.Parameter(nn.init.normal_(torch.empty(1, 1, width), std=0.02))
        self.pooling, self.pooled = CrossAttention(width, config.heads), nn.LayerNorm(width)
        self.spectral = MultiScaleSpectra(
            channels,
            samples,
            width,
            scales=config.scales,
            tokens=config.spectral_tokens,
            depth=config.spectral_depth,
            heads=config.spectral_heads,
            dropout=config.spectral_dropout,
        )
        self.guess = Guess(width, config.source_widths, n_out, config.dropout)
        self.velocity = Velocity(n_out, width, config.flow_width, config.flow_depth, config.dropout)
        self.register_buffer("calibration", torch.ones(()))
        self.register_buffer("noise", torch.randn(config.ensemble, 1, n_out), persistent=False)

    def forward(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> Synthesis:
        """Synthesise (batch, block times x, y, z) from raw EEG x (batch, channel, 1, sample), V.

        With y, in training and validation, the volume is the mean of the guess, and `for_loss` holds velocity, what it
        should be, and standard deviation of the guess. Without, it is what the flow ends at: for a point drawn from
        `generator`, or, without one, for points that follow from the seed, the same for every window; then `scale` is
        that of the Laplace distribution with the standard deviation of the ensemble.
        """
        draws = self.draws(generator)
        z = self.encode(x, draws)
        mean, sigma = self.guess(z, draws)
        shape, latent = self.shape, z[:, :, None, None]
        if y is not None:
            return self._compared(z, mean, sigma, y, draws)
        if draws.random:
            end = self._flow(draws.normal(mean, sigma), z, draws)
            return Synthesis(end.unflatten(1, shape), None, latent, None, None)
        start = (mean + sigma * self.noise).flatten(0, 1)
        many = z.repeat(len(self.noise), 1)
        ends = self._flow(start, many, draws).unflatten(0, (len(self.noise), -1))
        point = ends[0] if self.config.point == "draw" else ends.mean(dim=0)
        scale = self.calibration * ends.std(dim=0) / math.sqrt(2)
        return Synthesis(point.unflatten(1, shape), scale.unflatten(1, shape), latent, None, None)

    def encode(self, x: Tensor, draws: Draws) -> Tensor:
        """Map raw EEG x (batch, channel, 1, sample) -> (batch, width)."""
        signal = x[:, :, 0]
        centred = signal - signal.mean(dim=-1, keepdim=True)
        # a nanovolt at least: a flat electrode stays flat
        deviation = centred.square().mean(dim=-1, keepdim=True).sqrt()
        signal = (centred / deviation.clamp_min(1e-9)).clamp(-CLIP, CLIP)
        pooled = self.pooling(self.query.expand(x.shape[0], -1, -1), self.temporal(signal))[:, 0]
        return functional.gelu(self.pooled(pooled) + self.spectral(signal, draws))

    def _compared(self, z: Tensor, mean: Tensor, sigma: Tensor, y: Tensor, draws: Draws) -> Synthesis:
        """Ask for the velocity at a random time between a point of the guess and the target; halfway without draws."""
        start = draws.normal(mean, sigma)
        time = torch.special.ndtr(draws.normal(torch.zeros_like(mean[:, :1]), torch.ones_like(mean[:, :1])))
        end = y.flatten(1)
        velocity = self.velocity((1 - time) * start + time * end, time[:, 0], z, draws)
        shape = self.shape
        scale = (self.calibration * sigma / math.sqrt(2)).unflatten(1, shape)
        return Synthesis(
            mean.unflatten(1, shape), scale, z[:, :, None, None], None, None, (velocity, end - start, sigma)
        )

    def _flow(self, x: Tensor, z: Tensor, draws: Draws) -> Tensor:
        """Follow the velocity from x (batch, n_out) at time 0 to time 1."""
        steps = self.config.steps
        for step in range(steps):
            x = x + self.velocity(x, torch.full((1,), step / steps, device=x.device), z, draws) / steps
        return x

    def loss(self, out: Synthesis, y: Tensor) -> dict[str, Tensor]:
        """Mean squared error of the velocity, and the likelihood of the guess weighed by its standard deviation."""
        velocity, wanted, sigma = out.for_loss
        mean, variance = out.volume.flatten(1), sigma.square()
        likelihood = 0.5 * ((y.flatten(1) - mean).square() / variance + variance.log())
        return {
            "reconstruction": functional.mse_loss(velocity, wanted),
            "guess": (variance.detach() ** BETA * likelihood).mean(),
        }

    @torch.no_grad()
    def calibrate(self, residual: Tensor, scale: Tensor) -> float:
        """Fit the multiplier of the uncertainty to volumes that did not train the model.

        Parameters
        ----------
        residual, scale : Tensor, of the same shape
            Measured minus synthesised, and the `scale` that the model gave with it.

        Returns
        -------
        float
            The multiplier: the root of the mean of (residual / standard deviation)^2, times the one before.
        """
        ratio = residual.square() / (2 * scale.square())
        self.calibration.mul_(ratio.mean().sqrt().to(self.calibration))
        return float(self.calibration)

    def load_encoder(self, path: str) -> None:
        """Start the temporal encoder from published weights of REVE-base; see `load_weights`."""
        depth = range(self.config.depth)
        parts = {"0.norm.": "norm.", "0.to_qkv.": "attention.qkv.", "0.to_out.": "attention.proj.", "1.": ""}
        names = {
            f"transformer.layers.{n}.{theirs}": f"layers.{n}.{ours}" for n in depth for theirs, ours in parts.items()
        }
        names |= {"to_patch_embedding.0.": "to_patch_embedding."}
        load_weights(self.temporal, path, other_names=names, surplus=("cls_query_token", "final_layer.", "fourier4d."))


RIVAL = Rival(
    kind="boldflow",
    label="BOLDFlow",
    paper="BOLDFlow (anonymous, under review 2026)",
    licence="MIT (Prot10/boldflow)",
    inputs=Inputs(
        kind="raw",
        window_s=32.0,
        sfreq=200.0,
        channels=CHANNELS,
        high_pass=0.5,
        scaling="z-score of each channel over the windows of the scan, cut at 15",
    ),
    target=REGIONS.model_copy(update={"block": 4, "atlas": "DiFuMo 64"}),
    recipe=Recipe(
        loss="MSE of the velocity + likelihood of the guess, weighed by its standard deviation",
        learning_rate=1e-4,
        schedule="cosine",
        floor=1e-6,
        warmup_epochs=3,
        epochs=30,
        batch_size=32,
        patience=10,
        clip_norm=2.0,
        precision="16-mixed",
        seed=12345,
        selection="validation r of the mean of the guess",
        decay_vectors=False,
    ),
    parameters=96_400_000,
    scores=(
        Score(data="29 scans (NeuroBOLT)", metric="MSE", value=0.239, spread=0.002, protocol="5 folds over subjects"),
        Score(data="29 scans (NeuroBOLT)", metric="r", value=0.326, spread=0.008, protocol="5 folds over subjects"),
        Score(
            data="29 scans (NeuroBOLT)",
            metric="r of connectivity",
            value=0.584,
            spread=0.017,
            protocol="5 folds over subjects",
            doubt="the mean connectivity of other people, without EEG, has .692",
        ),
        Score(data="ds003768", metric="MSE", value=0.255, spread=0.001, protocol="5 folds over subjects"),
        Score(data="ds003768", metric="r", value=0.212, spread=0.001, protocol="5 folds over subjects"),
    ),
    pretrained="REVE-base",
    changed=(
        "96.6 M parameters by the stated layers, 96.4 M as stated: the flow has 13.16 M here, 13.0 M there. "
        "Channels are z-scored by the window. The unit of places on the head (10 cm) and the periods of the time "
        "of the flow are not stated. Epochs are compared by the loss of validation."
    ),
    laptop={
        "patch": 400,
        "stride": 400,
        "scales": (400, 800),
        "width": 32,
        "depth": 1,
        "heads": 4,
        "hidden": 64,
        "spectral_tokens": 4,
        "spectral_depth": 1,
        "spectral_heads": 4,
        "source_widths": (32, 32),
        "flow_width": 64,
        "flow_depth": 2,
        "steps": 10,
        "ensemble": 8,
    },
)
