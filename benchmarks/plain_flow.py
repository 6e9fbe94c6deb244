"""BOLDFlow written plainly: torch's own layers and formulas as they are stated; see `plain_rivals`."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.plain_rivals import PlainSpectra


class _PlainReveLayer(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.first, self.second = nn.RMSNorm(width), nn.RMSNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, bias=False, batch_first=True)
        self.into, self.out = nn.Linear(width, 2 * hidden, bias=False), nn.Linear(hidden, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n = self.first(x)
        x = x + self.attention(n, n, n, need_weights=False)[0]
        value, gate = self.into(self.second(x)).chunk(2, -1)
        return x + self.out(value * functional.gelu(gate))


class _PlainFlowBlock(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 3 * width))
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor, condition: torch.Tensor) -> torch.Tensor:
        gain, shift, gate = self.modulation(condition).chunk(3, -1)
        return x + gate * self.mlp(self.norm(x) * (1 + gain) + shift)


class PlainBoldFlow(nn.Module):
    """Two encoders, a Normal guess, and a velocity that is followed by Euler's steps."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        config: Any = model.config
        self.config, width, flow = config, config.width, config.flow_width
        channels, _, samples = config.eeg_shape
        tokens = channels * ((samples - config.patch) // config.stride + 1)
        n_out, (a, b) = math.prod(config.volume_shape), config.source_widths
        self.embed = nn.Linear(config.patch, width)
        self.features, self.places = torch.randn(tokens, width), torch.randn(tokens, 4)
        self.of_place = nn.Sequential(nn.Linear(4, width, bias=False), nn.GELU(), nn.LayerNorm(width))
        self.norm, self.pooled = nn.LayerNorm(width), nn.LayerNorm(width)
        self.layers = nn.Sequential(*(_PlainReveLayer(width, config.heads, config.hidden) for _ in range(config.depth)))
        self.query = nn.Parameter(torch.randn(1, 1, width))
        self.pooling = nn.MultiheadAttention(width, config.heads, batch_first=True)
        self.spectral = PlainSpectra(config, width, config.spectral_tokens)
        drop = nn.Dropout(config.dropout)
        self.guess = nn.Sequential(nn.Linear(width, a), nn.GELU(), drop, nn.Linear(a, b), nn.GELU(), drop)
        self.mean, self.spread = nn.Linear(b, n_out), nn.Linear(b, n_out)
        self.first, self.last = nn.Linear(n_out, flow), nn.Linear(flow, n_out)
        self.of_time = nn.Sequential(nn.Linear(64, flow), nn.GELU(), nn.Linear(flow, flow))
        self.of_eeg = nn.Sequential(nn.Linear(width, flow), nn.GELU(), nn.Linear(flow, flow))
        self.blocks = nn.ModuleList(_PlainFlowBlock(flow, config.dropout) for _ in range(config.flow_depth))
        self.end = nn.LayerNorm(flow, elementwise_affine=False)
        self.modulation = nn.Sequential(nn.SiLU(), nn.Linear(flow, 2 * flow))

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        x = x[:, :, 0]
        x = ((x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True)).clamp(-15, 15)
        tokens = self.embed(x.unfold(-1, self.config.patch, self.config.stride)).flatten(1, 2)
        tokens = self.layers(tokens + self.norm(self.features + self.of_place(self.places)))
        pooled = self.pooling(self.query.expand(len(x), -1, -1), tokens, tokens, need_weights=False)[0][:, 0]
        return functional.gelu(self.pooled(pooled) + self.spectral(x))

    def velocity(self, x: torch.Tensor, time: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        angles = 1000 * time[:, None] * 10000 ** (-torch.arange(32) / 32)
        condition = functional.gelu(self.of_time(torch.cat([angles.sin(), angles.cos()], -1)) + self.of_eeg(z))
        x = self.first(x)
        for block in self.blocks:
            x = block(x, condition)
        gain, shift = self.modulation(condition).chunk(2, -1)
        return self.last(self.end(x) * (1 + gain) + shift)

    def guessed(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.guess(z)
        return self.mean(hidden), functional.softplus(self.spread(hidden)) + 0.05

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        z = self.encode(x)
        mean, sigma = self.guessed(z)
        paths, steps = self.config.ensemble, self.config.steps
        at = (mean + sigma * torch.randn(paths, *mean.shape)).flatten(0, 1)
        z = z.repeat(paths, 1)
        for step in range(steps):
            at = at + self.velocity(at, torch.full((len(at),), step / steps), z) / steps
        ends = at.unflatten(0, (paths, -1))
        return ends[0], ends.std(0)

    def loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        z, y = self.encode(x), y.flatten(1)
        mean, sigma = self.guessed(z)
        start, time = mean + sigma * torch.randn_like(mean), torch.rand(len(x))
        at = (1 - time[:, None]) * start + time[:, None] * y
        likelihood = 0.5 * ((y - mean) ** 2 / sigma**2 + (sigma**2).log())
        return functional.mse_loss(self.velocity(at, time, z), y - start) + (sigma.detach() * likelihood).mean()
