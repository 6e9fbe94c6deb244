"""Spec2VolCAMU-Net written plainly: torch's own layers, and the scan step by step; see `plain_rivals`."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.plain_rivals import plain_similarity

#: Numbers of the state of each feature; directions of the scan.
STATE, DIRECTIONS = 16, 4


def plain_scan(
    x: torch.Tensor, step: torch.Tensor, decay: torch.Tensor, into: torch.Tensor, out: torch.Tensor
) -> torch.Tensor:
    """Run h[t] = exp(step[t] decay) h[t-1] + step[t] into[t] x[t], y[t] = out[t] · h[t], token by token."""
    h, found = torch.zeros(*x.shape[1:], decay.shape[-1]), []
    for of_x, of_step, of_into, of_out in zip(*(part.unbind(0) for part in (x, step, into, out)), strict=True):
        h = (of_step[..., None] * decay).exp() * h + (of_step * of_x)[..., None] * of_into[..., None, :]
        found.append((h @ of_out[..., None])[..., 0])
    return torch.stack(found)


class _PlainVSS(nn.Module):
    """A block of VM-UNet on an image (batch, row, column, width)."""

    def __init__(self, width: int, dropped: float) -> None:
        super().__init__()
        inner, self.rank, self.dropped = 2 * width, -(-2 * width // 16), dropped
        self.norm, self.scanned = nn.LayerNorm(width), nn.LayerNorm(inner)
        self.into, self.out = nn.Linear(width, 2 * inner, bias=False), nn.Linear(inner, width, bias=False)
        self.conv = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.of_token = nn.Parameter(0.02 * torch.randn(DIRECTIONS, inner, self.rank + 2 * STATE))
        self.of_step = nn.Parameter(torch.randn(DIRECTIONS, self.rank, inner) / self.rank)
        self.bias, self.skip = (nn.Parameter(value * torch.ones(DIRECTIONS, inner)) for value in (-4.0, 1.0))
        self.decay = nn.Parameter(torch.arange(1.0, STATE + 1).log().expand(DIRECTIONS, inner, STATE).clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        image, gate = self.into(self.norm(x)).chunk(2, -1)
        image = functional.silu(self.conv(image.permute(0, 3, 1, 2)))  # (batch, inner, row, column)
        rows, columns = image.shape[2:]
        lines = torch.stack([image.flatten(2), image.mT.flatten(2)], 1)
        tokens = torch.cat([lines, lines.flip(-1)], 1).permute(3, 0, 1, 2)  # (token, batch, direction, inner)
        coarse, into, out = (tokens[..., None, :] @ self.of_token)[..., 0, :].split([self.rank, STATE, STATE], -1)
        step = functional.softplus((coarse[..., None, :] @ self.of_step)[..., 0, :] + self.bias)
        found = plain_scan(tokens, step, -self.decay.exp(), into, out) + self.skip * tokens
        found = found.permute(1, 2, 0, 3)  # (batch, direction, token, inner)
        found = found[:, :2] + found[:, 2:].flip(2)
        image = found[:, 0].unflatten(1, (rows, columns)) + found[:, 1].unflatten(1, (columns, rows)).transpose(1, 2)
        made = self.out(self.scanned(image) * functional.silu(gate))
        if self.training and self.dropped:
            made = made * (torch.rand(len(x), 1, 1, 1) >= self.dropped) / (1 - self.dropped)
        return x + made


class _PlainExpand(nn.Module):
    """Features of a pixel become pixels, by torch's own shuffle."""

    def __init__(self, width: int, factor: int, n_out: int) -> None:
        super().__init__()
        self.widen, self.norm, self.factor = (
            nn.Linear(width, factor**2 * n_out, bias=False),
            nn.LayerNorm(n_out),
            factor,
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(functional.pixel_shuffle(self.widen(x).permute(0, 3, 1, 2), self.factor).permute(0, 2, 3, 1))


class PlainSpec2Vol(nn.Module):
    """Convolutions and attention of `torch.nn`, and a U-Net of `_PlainVSS`."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        config: Any = model.config
        width, branch, self.size = config.width, config.branch, config.volume_shape[:2]
        first, depths = config.unet_width, config.depths
        self.first, self.halve = (
            nn.Conv2d(config.eeg_shape[2], width, 3, padding=1),
            nn.Conv2d(width, width, (1, 3), (1, 2), (0, 1)),
        )
        self.three = nn.ModuleList(
            nn.ModuleList(nn.Conv2d(width, branch, size, padding="same") for size in ((3, 1), (1, 3), 3))
            for _ in range(2)
        )
        self.join = nn.ModuleList(nn.Conv2d(3 * branch, width, 1) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.attention = nn.MultiheadAttention(width, config.heads, batch_first=True)
        self.patches, self.norm = nn.Conv2d(config.width, first, 4, 4), nn.LayerNorm(first)
        rates = torch.linspace(0, config.drop_path, sum(depths)).tolist()
        widths = [first * 2**stage for stage in range(len(depths))]
        ends = [sum(depths[: stage + 1]) for stage in range(len(depths))]
        stages = [
            [_PlainVSS(width, rate) for rate in rates[end - depth : end]]
            for width, depth, end in zip(widths, depths, ends, strict=True)
        ]
        self.down = nn.ModuleList(nn.Sequential(*stage) for stage in stages)
        self.up = nn.ModuleList(
            nn.Sequential(*(_PlainVSS(width, block.dropped) for block in reversed(stage)))
            for width, stage in zip(widths[::-1], stages[::-1], strict=True)
        )
        self.merge = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(4 * w), nn.Linear(4 * w, 2 * w, bias=False)) for w in widths[:-1]
        )
        self.expand = nn.ModuleList(_PlainExpand(w, 2, w // 2) for w in widths[:0:-1])
        self.last = nn.Sequential(_PlainExpand(first, 4, first // 4), nn.Linear(first // 4, config.volume_shape[2]))
        self.step = 4 * 2 ** (len(depths) - 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.silu(self.first(x.permute(0, 3, 1, 2)))
        for three, join, norm in zip(self.three, self.join, self.norms, strict=False):
            found = functional.silu(join(torch.cat([functional.silu(conv(x)) for conv in three], 1)))
            x = norm((found + x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        lines = x.permute(0, 2, 3, 1).flatten(0, 1)
        lines = self.norms[2](lines + self.attention(lines, lines, lines, need_weights=False)[0])
        x = self.halve(lines.unflatten(0, (len(x), -1)).permute(0, 3, 1, 2))
        rows, columns = self.size
        size = min(x.shape[2], rows), min(x.shape[3], columns)
        x = functional.interpolate(x, size=size, mode="bicubic")
        whole = [self.step * math.ceil(n / self.step) for n in self.size]
        x = functional.pad(x, (0, whole[1] - size[1], 0, whole[0] - size[0]))
        x = self.norm(self.patches(x).permute(0, 2, 3, 1))
        skipped = []
        for stage, blocks in enumerate(self.down):
            skipped.append(x)
            x = blocks(x)
            if stage < len(self.merge):
                four = torch.cat([x[:, a::2, b::2] for a, b in ((0, 0), (1, 0), (0, 1), (1, 1))], -1)
                x = self.merge[stage](four)
        for stage, blocks in enumerate(self.up):
            x = blocks(self.expand[stage - 1](x + skipped[-stage]) if stage else x)
        return self.last(x)[:, :rows, :columns]

    def loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = self(x)
        images = (part.permute(0, 3, 1, 2).flatten(0, 1)[:, None] for part in (out, y))
        return 0.5 * (1 - plain_similarity(*images)) + 0.5 * functional.mse_loss(out, y)
