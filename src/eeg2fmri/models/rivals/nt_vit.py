"""Build NT-ViT: Mel spectra in patches, a Transformer to one vector, another one to the volume (arXiv:2409.11836)."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.rivals.base import Length, RivalConfig, RivalNetwork
from eeg2fmri.models.rivals.published import Inputs, Recipe, Rival, Target, scores_of
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.tokens.attention import Attention, check_heads
from eeg2fmri.nn.tokens.blocks import FeedForward, PostNormBlock

#: Samples of a frame, from one to the next, and of the transform that it is filled up to.
FRAME, HOP, TRANSFORM = 32, 16, 512
#: Mel bands and their range, Hz.
BANDS, RANGE_HZ = 16, (1.0, 45.0)
#: Side of a patch of a spectrogram, and of a slice.
EEG_PATCH, SLICE_PATCH = 8, 6


class NTViTConfig(RivalConfig):
    """Settings of an `NTViT`.

    Attributes
    ----------
    eeg_shape, volume_shape, seed
        As in `RivalConfig`; windows are raw EEG of one TR, (channel, 1, sample).
    sfreq : float
        Of the EEG, Hz; that of the store in a training.
    width, heads, depth : int
        Of the Transformers; depth of each.
    hidden : int
        Features between the layers of a feed-forward part, and of those in front of and behind the Transformers.
    matching : bool
        Whether a volume is encoded too in training, and the vector of the EEG has to match that of the volume.
    output : {"sigmoid", "linear"}
        ``sigmoid`` for volumes between 0 and 1, as published; ``linear`` for other scalings of the target.
    """

    kind: Literal["nt_vit"] = "nt_vit"
    sfreq: Annotated[float, Field(gt=0)] = 512.0
    width: Length = 256
    heads: Length = 8
    depth: Length = 3
    hidden: Length = 2048
    matching: bool = True
    output: Literal["sigmoid", "linear"] = "sigmoid"

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        _, one, samples = self.eeg_shape
        if one != 1 or samples <= HOP:
            raise ValueError(
                f"windows of raw EEG are (channel, 1, sample) with more than {HOP} samples, these are "
                f"{self.eeg_shape}: "
                "train with pairs: {eeg: raw}"
            )
        check_heads(self.width, self.heads)
        return self


class MelSpectrogram(nn.Module):
    """Power in Mel bands of frames that overlap by half.

    Parameters
    ----------
    sfreq : float
        Hz.
    """

    basis: Tensor
    bands: Tensor

    def __init__(self, sfreq: float) -> None:
        super().__init__()
        frequencies = np.arange(TRANSFORM // 2 + 1) * sfreq / TRANSFORM
        low, peak, high = (_edges()[n : n + BANDS, None] for n in range(3))
        bands = np.minimum((frequencies - low) / (peak - low), (high - frequencies) / (high - peak)).clip(0)
        # frequencies that no band takes need not be computed
        used = bands.any(axis=0)
        at = np.arange(FRAME)[:, None]
        angles = 2 * np.pi * at * np.arange(TRANSFORM // 2 + 1)[used] / TRANSFORM
        taper = 0.5 - 0.5 * np.cos(2 * np.pi * at / FRAME)
        basis = taper * np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
        self.register_buffer("basis", torch.tensor(basis, dtype=torch.float32), persistent=False)
        self.register_buffer("bands", torch.tensor(bands[:, used].T, dtype=torch.float32), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (..., sample) -> (..., band, frame); the signal is mirrored at its ends."""
        padded = functional.pad(x.flatten(0, -2)[None], (HOP, HOP), mode="reflect")[0].unflatten(0, x.shape[:-1])
        cosine, sine = (padded.unfold(-1, FRAME, HOP) @ self.basis).chunk(2, dim=-1)
        return ((cosine.square() + sine.square()) @ self.bands).mT


class TokenEncoder(nn.Module):
    """Tokens to one vector: that of a class token behind a Transformer.

    Parameters
    ----------
    tokens, n_in : int
        Tokens and their features.
    config : NTViTConfig
    """

    def __init__(self, tokens: int, n_in: int, config: NTViTConfig) -> None:
        super().__init__()
        self.embed = _wide(n_in, config.hidden, config.width)
        self.first = nn.Parameter(nn.init.normal_(torch.empty(1, 1, config.width), std=0.02))
        self.position = nn.Parameter(nn.init.normal_(torch.empty(tokens + 1, config.width), std=0.02))
        self.blocks = _blocks(config, causal=False)

    def forward(self, tokens: Tensor, draws: Draws) -> Tensor:
        """Map (batch, token, n_in) -> (batch, width)."""
        x = torch.cat([self.first.expand(tokens.shape[0], -1, -1), self.embed(tokens)], dim=1) + self.position
        for block in self.blocks:
            x = block(x, draws)
        return x[:, 0]


class SliceDecoder(nn.Module):
    """One vector to a volume: a Transformer over the places of patches, each of which sees those before it.

    Parameters
    ----------
    config : NTViTConfig
    """

    def __init__(self, config: NTViTConfig) -> None:
        super().__init__()
        x, y, z = config.volume_shape
        self.shape, self.sides = (x, y, z), (-(-x // SLICE_PATCH), -(-y // SLICE_PATCH))
        self.position = nn.Parameter(nn.init.normal_(torch.empty(math.prod(self.sides), config.width), std=0.02))
        self.blocks = _blocks(config, causal=True)
        self.out = _wide(config.width, config.hidden, z * SLICE_PATCH**2)
        self.smooth = nn.Conv3d(1, 1, 3, padding=1)

    def forward(self, latent: Tensor, draws: Draws) -> Tensor:
        """Map (batch, width) -> (batch, x, y, z)."""
        tokens = latent[:, None] + self.position
        for block in self.blocks:
            tokens = block(tokens, draws)
        (rows, columns), (x, y, z) = self.sides, self.shape
        patches = self.out(tokens).unflatten(2, (z, SLICE_PATCH, SLICE_PATCH)).unflatten(1, (rows, columns))
        volume = patches.permute(0, 1, 4, 2, 5, 3).flatten(3, 4).flatten(1, 2)[:, :x, :y]
        return self.smooth(volume[:, None])[:, 0]


class NTViT(RivalNetwork):
    """Raw EEG of one TR to the volume of the same TR.

    Parameters
    ----------
    config : NTViTConfig
    """

    def make(self, config: NTViTConfig) -> None:
        """Make the layers."""
        channels, _, samples = config.eeg_shape
        x, y, z = config.volume_shape
        patches = BANDS // EEG_PATCH * -(-(1 + samples // HOP) // EEG_PATCH)
        places = -(-x // SLICE_PATCH) * -(-y // SLICE_PATCH)
        self.mel = MelSpectrogram(config.sfreq)
        self.encoder = TokenEncoder(patches, channels * EEG_PATCH**2, config)
        self.decoder = SliceDecoder(config)
        self.volume_encoder = TokenEncoder(places, z * SLICE_PATCH**2, config) if config.matching else None

    def forward(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> Synthesis:
        """Synthesise volumes (batch, x, y, z) from raw EEG x (batch, channel, 1, sample) in any unit; nothing is drawn.

        With volumes y and matching, their vector is `z_fmri`, and `for_loss` the volume that the decoder makes of it.
        """
        draws = Draws()
        latent = self.encoder(_patches(self.spectrogram(x[:, :, 0]), EEG_PATCH), draws)
        volume = self._decoded(latent, draws)
        if y is None or self.volume_encoder is None:
            return Synthesis(volume, None, latent[:, :, None, None], None, None)
        of_volume = self.volume_encoder(_patches(y.movedim(-1, 1), SLICE_PATCH), draws)
        again = self._decoded(of_volume.detach(), draws)
        return Synthesis(volume, None, latent[:, :, None, None], of_volume[:, :, None, None], None, (again,))

    def spectrogram(self, x: Tensor) -> Tensor:
        """Map x (batch, channel, sample) -> (batch, channel, band, frame): log1p of Mel power.

        Each channel of a window is first brought to -1 ... 1 by its own range, and to sign(x) log1p|x|.
        """
        low, high = x.amin(dim=-1, keepdim=True), x.amax(dim=-1, keepdim=True)
        # a flat electrode has no range: it stays at -1
        x = 2 * (x - low) / torch.where(high > low, high - low, torch.ones_like(high)) - 1
        found: Tensor = self.mel(x.sign() * x.abs().log1p()).log1p()
        return found

    def _decoded(self, latent: Tensor, draws: Draws) -> Tensor:
        volume: Tensor = self.decoder(latent, draws)
        return volume.sigmoid() if self.config.output == "sigmoid" else volume

    def loss(self, out: Synthesis, y: Tensor) -> dict[str, Tensor]:
        """Mean squared errors of the volume, of what the decoder makes of the volume's vector, and between the vectors.

        The vector of the volume is a constant in all of them, as published: so the encoder of volumes stays as it
        started. Validation compares epochs by the first alone.
        """
        parts = {"reconstruction": functional.mse_loss(out.volume, y)}
        if not (self.training and out.for_loss and out.z_fmri is not None):
            return parts
        parts["again"] = functional.mse_loss(out.for_loss[0], y)
        parts["matching"] = functional.mse_loss(out.z_eeg, out.z_fmri.detach())
        return parts


def _edges() -> np.ndarray:
    """Edges of bands that are equally wide on the Mel scale (2595 log10(1 + f / 700)), Hz."""
    low, high = (2595 * np.log10(1 + f / 700) for f in RANGE_HZ)
    edges: np.ndarray = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    return edges


def _wide(n_in: int, hidden: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_in, hidden), nn.LayerNorm(hidden), nn.SELU(), nn.Linear(hidden, n_out))


def _blocks(config: NTViTConfig, *, causal: bool) -> nn.ModuleList:
    return nn.ModuleList(
        PostNormBlock(
            Attention(config.width, config.heads, causal=causal),
            FeedForward(config.width, config.hidden, nn.SELU()),
            config.width,
        )
        for _ in range(config.depth)
    )


def _patches(x: Tensor, side: int) -> Tensor:
    """Cut images (batch, channel, row, column), filled up with zeros, into patches (batch, patch, channel * side²)."""
    x = functional.pad(x, (0, -x.shape[3] % side, 0, -x.shape[2] % side))
    x = x.unflatten(3, (-1, side)).unflatten(2, (-1, side))  # (batch, channel, row, side, column, side)
    return x.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


RIVAL = Rival(
    kind="nt_vit",
    label="NT-ViT",
    paper="arXiv:2409.11836",
    licence="none (rom42pla/ntvit): written from the paper's facts",
    inputs=Inputs(
        kind="raw",
        rows=1,
        lag=-1,
        sfreq=512.0,
        high_pass=0.5,
        low_pass=150.0,
        reference="average",
        scaling="each channel from -1 to 1 in its window; sign(x) log1p|x|; Mel power, log1p",
    ),
    target=Target(kind="volume", scaling="volume range"),
    recipe=Recipe(
        loss="MSE + MSE of the volume decoded again + MSE between the vectors of EEG and volume (a constant)",
        learning_rate=5e-4,
        epochs=30,
        batch_size=128,
        clip_norm=1.0,
        precision="16-mixed",
        seed=5,
        selection="none: one subject left out, no validation part",
    ),
    parameters=27_700_000,
    scores=scores_of(
        ("RMSE", "SSIM", "PSNR (dB)"),
        {"NODDI": (0.10, 0.534, 20.05), "ds000116": (0.07, 0.613, 23.09)},
        protocol="one subject left out",
    ),
    changed=(
        "The stated layers have 12.74 M parameters in the encoder (13.26 M stated), 6.72 M in the decoder (7.21 M) "
        "and 26.2 M in all (27.7 M): one more linear layer from 2048 to 256 features in each part would make up "
        "for it, but none is stated. Raw EEG is what the store keeps, with its artefact correction and rate."
    ),
    laptop={"width": 32, "heads": 4, "depth": 1, "hidden": 64},
)
