"""Encode raw EEG by its spectra at several time scales, as NeuroBOLT does (arXiv:2410.05341)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from eeg2fmri.nn.dense import Dropout
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.tokens.attention import LinearAttention, sinusoid
from eeg2fmri.nn.tokens.blocks import Block, FeedForward


def magnitudes(x: Tensor, length: int) -> Tensor:
    """Compute the magnitude of the Fourier transform of frames that follow each other, without a taper.

    Parameters
    ----------
    x : Tensor, shape (..., sample)
    length : int
        Samples of a frame; what is left over at the end is not used.

    Returns
    -------
    Tensor, shape (..., frame, length // 2 + 1)
    """
    frames = x[..., : x.shape[-1] // length * length].unflatten(-1, (-1, length))
    # no processor transforms half floats
    wide = frames.float() if x.dtype in (torch.float16, torch.bfloat16) else frames
    return torch.fft.rfft(wide).abs().to(x.dtype)


class OverlappedSpectra(nn.Module):
    """Raw EEG to tokens: magnitudes of frames of one, two and four tokens' length that overlap by half, added up.

    Frames have a Hann taper and end with the window; those of each length are brought to the tokens by linear
    interpolation over time. Lengths that the window does not hold are left out.

    Parameters
    ----------
    n_samples, token : int
        Samples of a window and of a token.
    width : int
        Features of a token.
    """

    def __init__(self, n_samples: int, token: int, width: int) -> None:
        super().__init__()
        self.tokens = n_samples // token
        self.lengths = tuple(length for length in (token, 2 * token, 4 * token) if length <= n_samples)
        self.of_bins = nn.ModuleList(nn.Linear(length // 2 + 1, width) for length in self.lengths)

    def forward(self, x: Tensor) -> Tensor:
        """Map x (batch, channel, sample) -> (batch, channel, token, width)."""
        found = []
        for length, bins in zip(self.lengths, self.of_bins, strict=True):
            hop = max(1, length // 2)
            frames = x[..., (x.shape[-1] - length) % hop :].unfold(-1, length, hop)
            tapered = frames * torch.hann_window(length, device=x.device, dtype=x.dtype)
            of_frames = bins(magnitudes(tapered.flatten(-2), length))
            image = of_frames.flatten(0, 1).mT  # (batch channel, width, frame)
            found.append(functional.interpolate(image, self.tokens, mode="linear", align_corners=False))
        return torch.stack(found).sum(dim=0).mT.unflatten(0, x.shape[:2])


class MultiScaleSpectra(nn.Module):
    """Raw EEG to one vector: spectra of several lengths as tokens of every electrode, mixed by linear attention.

    Parameters
    ----------
    n_channels, n_samples : int
    width : int
        Features of a token.
    scales : sequence of int
        Samples of the frames of each scale.
    tokens : int
        Tokens of an electrode, whatever the scale.
    depth, heads : int
    dropout : float
    """

    def __init__(
        self,
        n_channels: int,
        n_samples: int,
        width: int,
        *,
        scales: Sequence[int] = (100, 200, 400, 800),
        tokens: int | None = None,
        depth: int = 4,
        heads: int = 8,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.scales = tuple(scales)
        tokens = tokens or n_samples // min(scales)
        self.of_bins = nn.ModuleList(nn.Linear(scale // 2 + 1, width) for scale in scales)
        self.of_frames = nn.ModuleList(nn.Linear(n_samples // scale, tokens) for scale in scales)
        self.channel = nn.Parameter(torch.randn(n_channels, 1, width))
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(LinearAttention(width, heads), FeedForward(width, 4 * width, dropout=dropout), width, dropout)
            for _ in range(depth)
        )

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map x (batch, channel, sample) -> (batch, width)."""
        tokens = self.channel.new_zeros(())
        for scale, bins, frames in zip(self.scales, self.of_bins, self.of_frames, strict=True):
            tokens = tokens + frames(bins(magnitudes(x, scale)).mT).mT
        tokens = (tokens + self.channel).flatten(1, 2)
        at = torch.arange(tokens.shape[1], device=x.device, dtype=torch.float32)
        tokens = self.dropout(tokens + sinusoid(at, tokens.shape[2]).to(x.dtype), draws)
        for block in self.blocks:
            tokens = block(tokens, draws)
        return tokens.mean(dim=1)
