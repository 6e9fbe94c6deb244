"""Build eeg2bold: time-frequency tokens, and a read-out by place on the head and haemodynamic lag (2026)."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.rivals.base import Length, RivalConfig, RivalNetwork, Share, check_names
from eeg2fmri.models.rivals.encoders.multiscale import OverlappedSpectra
from eeg2fmri.models.rivals.encoders.reve import UNIT_MM, head_places
from eeg2fmri.models.rivals.losses import courses_loss
from eeg2fmri.models.rivals.neurobolt import CHANNELS
from eeg2fmri.models.rivals.neurobolt import TARGET as REGIONS
from eeg2fmri.models.rivals.published import Inputs, Recipe, Rival
from eeg2fmri.nn.tokens.attention import Attention, check_heads, sinusoid
from eeg2fmri.nn.tokens.blocks import Block, FeedForward

#: Frequencies of the wavelets and their range, Hz, and cycles of each.
WAVELETS, RANGE_HZ, CYCLES = 24, (1.0, 45.0), 7
#: Seconds of EEG in a token.
TOKEN_S = 0.5
#: Distance over which the first weights of an electrode fall, mm.
REACH_MM = 40.0
#: Peak and undershoot of the first response, s, and how much smaller the undershoot is.
PEAK_S, UNDERSHOOT_S, RATIO = 6.0, 16.0, 6.0
#: Added to powers before the logarithm: EEG has unit variance.
LEAST_POWER = 1e-6


class Eeg2BoldConfig(RivalConfig):
    """Settings of an `Eeg2Bold`.

    Attributes
    ----------
    eeg_shape, volume_shape, seed
        As in `RivalConfig`; windows are raw EEG, (channel, 1, sample).
    sfreq : float
        Of the EEG, Hz; that of the store in a training.
    electrodes : tuple of str
        Names of the channels, for their places; those of the store where a training gives none.
    centroids : tuple of (x, y, z)
        Of the regions, mm in MNI space; empty where they are not known: every electrode then starts alike.
    affine : tuple of 4 rows, optional
        Voxel indices to mm, for volumes in place of regions; that of the store in a training.
    front : {"wavelets", "spectra"}
        What tokens are made of: power of wavelets, or magnitudes of frames of .5, 1 and 2 s.
    width, heads, depth : int
        Of the Transformer.
    dropout : float
    """

    kind: Literal["eeg2bold"] = "eeg2bold"
    sfreq: Annotated[float, Field(gt=0)] = 200.0
    electrodes: tuple[str, ...] = ()
    centroids: tuple[tuple[float, float, float], ...] = ()
    affine: tuple[tuple[float, float, float, float], ...] = ()
    front: Literal["wavelets", "spectra"] = "wavelets"
    width: Length = 200
    heads: Length = 8
    depth: Length = 2
    dropout: Share = 0.1

    @model_validator(mode="after")
    def _window_fits(self) -> Self:
        channels, one, samples = self.eeg_shape
        if one != 1 or samples < round(TOKEN_S * self.sfreq):
            raise ValueError(
                f"windows of raw EEG are (channel, 1, sample) of at least {TOKEN_S:g} s, these are {self.eeg_shape} at "
                f"{self.sfreq:g} Hz: train with pairs: {{eeg: raw}}"
            )
        check_names(self.electrodes, channels)
        if self.centroids and len(self.centroids) != math.prod(self.volume_shape):
            raise ValueError(f"{len(self.centroids)} centroids for {math.prod(self.volume_shape)} regions")
        check_heads(self.width, self.heads)
        return self


class MorletPower(nn.Module):
    """Log power of Morlet wavelets of 7 cycles, averaged over the samples of a token.

    Parameters
    ----------
    n_samples, token : int
        Samples of a window and of a token.
    sfreq : float
        Hz.
    """

    wavelets: Tensor

    def __init__(self, n_samples: int, token: int, sfreq: float) -> None:
        super().__init__()
        self.n_samples, self.token = n_samples, token
        peaks = torch.logspace(math.log10(RANGE_HZ[0]), math.log10(RANGE_HZ[1]), WAVELETS)[:, None]
        bins = torch.arange(n_samples) * (sfreq / n_samples)
        # a wavelet is a Gaussian in frequency, at positive ones alone
        wavelets = 2 * torch.exp(-0.5 * ((bins - peaks) * CYCLES / peaks).square()) * (bins < sfreq / 2)
        self.register_buffer("wavelets", wavelets, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, channel, sample) -> (batch, channel, token, wavelet)."""
        kind = x.dtype
        wide = x.float() if kind in (torch.float16, torch.bfloat16) else x
        found = torch.fft.ifft(torch.fft.fft(wide[:, :, None]) * self.wavelets.to(wide.dtype))
        power = found.real.square() + found.imag.square()
        tokens = self.n_samples // self.token
        # whole tokens that end with the window
        mean = power[..., self.n_samples - tokens * self.token :].unflatten(-1, (tokens, self.token)).mean(dim=-1)
        return (mean + LEAST_POWER).log().mT.to(kind)


class Eeg2Bold(RivalNetwork):
    """Raw EEG to regions, each a weighted sum over electrodes and lags.

    Parameters
    ----------
    config : Eeg2BoldConfig
    """

    def make(self, config: Eeg2BoldConfig) -> None:
        """Make the layers."""
        channels, _, samples = config.eeg_shape
        token = round(TOKEN_S * config.sfreq)
        self.spectra = None
        if config.front == "spectra":
            self.spectra = OverlappedSpectra(samples, token, config.width)
        else:
            self.power, self.embed = MorletPower(samples, token, config.sfreq), nn.Linear(WAVELETS, config.width)
        self.channel = nn.Parameter(nn.init.normal_(torch.empty(channels, 1, config.width), std=0.02))
        self.blocks = nn.ModuleList(
            Block(
                Attention(config.width, config.heads),
                FeedForward(config.width, 4 * config.width, dropout=config.dropout),
                config.width,
                config.dropout,
            )
            for _ in range(config.depth)
        )
        self.by_place = nn.Parameter(torch.tensor(place_weights(config), dtype=torch.float32))
        response = response_weights(samples // token)
        self.by_lag = nn.Parameter(torch.tensor(response, dtype=torch.float32).repeat(len(self.by_place), 1))
        self.norm, self.head = nn.LayerNorm(config.width), nn.Linear(config.width, 1)

    def forward(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> Synthesis:
        """Synthesise (batch, x, y, z) from raw EEG x (batch, channel, 1, sample); dropout draws from `generator`."""
        draws = self.draws(generator)
        signal = x[:, :, 0] - x[:, :, 0].mean(dim=-1, keepdim=True)
        # a nanovolt at least: a flat electrode stays flat
        signal = signal / signal.square().mean(dim=-1, keepdim=True).sqrt().clamp_min(1e-9)
        tokens = self.embed(self.power(signal)) if self.spectra is None else self.spectra(signal)
        tokens = tokens + self.channel  # (batch, channel, token, width)
        at = torch.arange(tokens.shape[2], device=x.device, dtype=torch.float32)
        tokens = tokens + sinusoid(at, tokens.shape[3]).to(x.dtype)
        flat = tokens.flatten(1, 2)
        for block in self.blocks:
            flat = block(flat, draws)
        by_both = (self.by_place[:, :, None] * self.by_lag[:, None]).flatten(1)
        regions = self.norm(by_both @ flat)
        volume = self.head(regions)[..., 0].unflatten(1, self.config.volume_shape)
        z = flat.mean(dim=1)[:, :, None, None]
        return Synthesis(volume, None, z, None, None)

    def loss(self, out: Synthesis, y: Tensor) -> dict[str, Tensor]:
        """Value, correlation over the batch and connectivity; see `courses_loss`."""
        return courses_loss(out.volume, y)


def place_weights(config: Eeg2BoldConfig) -> np.ndarray:
    """Weigh electrodes by a Gaussian of their distance from a region, minus the mean over electrodes.

    Parameters
    ----------
    config : Eeg2BoldConfig

    Returns
    -------
    array, shape (region, channel)
        1 / channel everywhere, where places of regions are not known.
    """
    channels, regions = config.eeg_shape[0], math.prod(config.volume_shape)
    if config.centroids:
        centroids = np.array(config.centroids)
    elif config.affine and max(config.volume_shape[1:]) > 1:
        affine = np.array(config.affine)
        centroids = np.indices(config.volume_shape).reshape(3, -1).T @ affine[:3, :3].T + affine[:3, 3]
    else:
        return np.full((regions, channels), 1 / channels)
    electrodes = head_places(config.electrodes, channels) * UNIT_MM
    squares = ((centroids[:, None] - electrodes) ** 2).sum(axis=-1)
    weights = np.exp(-squares / (2 * REACH_MM**2))
    centred: np.ndarray = weights - weights.mean(axis=1, keepdims=True)
    return centred


def response_weights(tokens: int) -> np.ndarray:
    """Sample the double-gamma response (Glover, 1999) at the lag of each token; absolute values sum to 1.

    Parameters
    ----------
    tokens : int
        Of a window that ends with the volume's onset.

    Returns
    -------
    array, shape (token,)
    """
    lags = TOKEN_S * (np.arange(tokens)[::-1] + 0.5)

    def gamma(peak: float) -> np.ndarray:
        values: np.ndarray = np.exp((peak - 1) * np.log(lags) - lags - math.lgamma(peak))
        return values

    response = gamma(PEAK_S) - gamma(UNDERSHOOT_S) / RATIO
    scaled: np.ndarray = response / np.abs(response).sum()
    return scaled


RIVAL = Rival(
    kind="eeg2bold",
    label="eeg2bold",
    paper="eeg2bold (repository, 2026)",
    licence="MIT (yashparalkar/eeg2bold)",
    inputs=Inputs(
        kind="raw", window_s=16.0, sfreq=200.0, channels=CHANNELS, high_pass=0.5, scaling="z-score of each channel"
    ),
    target=REGIONS.model_copy(update={"scaling": "recording", "low_pass": None, "quantile": None}),
    recipe=Recipe(
        loss=".8 MSE + .2 (1 - r over time) + .2 MSE of connectivity",
        learning_rate=3e-4,
        epochs=30,
        batch_size=32,
        selection="not stated",
    ),
    changed=(
        "Nothing is published of its training beside the loss: optimiser, epochs and batch are those of the other "
        "networks of regions. Its batches are consecutive volumes of one scan, here they are shuffled pairs. EEG "
        "is z-scored by the window. Of its two front ends the wavelets are the default; with `front: spectra` tokens "
        "are made of magnitudes of .5, 1 and 2 s: their taper (Hann) and how frames of several lengths become one "
        "token (interpolated, added up) are not stated. Nor is the reach of the first weights (40 mm); "
        "where the store holds voxels and it predicts parts of the brain, their places are not given to it, and all "
        "electrodes begin with the same weight."
    ),
    laptop={"width": 16, "heads": 4, "depth": 1},
)
