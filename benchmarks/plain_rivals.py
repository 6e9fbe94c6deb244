"""Published models written plainly: torch's own layers and formulas as they are stated, nothing of this package.

They have the sizes that the config of a model of ours says, and a loss that is the same; names and initial weights do
not matter for the time of a step.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional


def _layers(
    width: int, heads: int, hidden: int, depth: int, activation: Any = "gelu", *, first: bool = True
) -> nn.Module:
    one = nn.TransformerEncoderLayer(width, heads, hidden, 0.1, activation, batch_first=True, norm_first=first)
    return nn.TransformerEncoder(one, depth, enable_nested_tensor=False)


class _PlainLinear(nn.Module):
    """A block with linear attention, as its formula says it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.out, self.first, self.second = nn.Linear(width, width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.drop = nn.Dropout(0.2)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(0.2), nn.Linear(4 * width, width), nn.Dropout(0.2)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n = self.first(x)
        q, k, v = (layer(n).unflatten(-1, (self.heads, -1)) for layer in (self.q, self.k, self.v))
        context = torch.einsum("bthf,bthg->bhfg", k.softmax(1), v)
        mixed = torch.einsum("bthf,bhfg->bthg", q.softmax(-1) * q.shape[-1] ** -0.5, context)
        x = x + self.drop(self.out(mixed.flatten(2)))
        return x + self.mlp(self.second(x))


def plain_similarity(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Structural similarity of images (batch, 1, row, column) with an 11x11 Gaussian window, by convolutions."""
    at = torch.arange(11.0) - 5
    one = torch.exp(-(at**2) / 4.5)
    window = (one[:, None] * one / one.sum() ** 2)[None, None]
    mean = [functional.conv2d(image, window) for image in (a, b, a * a, b * b, a * b)]
    product, power = mean[0] * mean[1], mean[0] ** 2 + mean[1] ** 2
    top = (2 * product + 1e-4) * (2 * (mean[4] - product) + 9e-4)
    return (top / ((power + 1e-4) * (mean[2] + mean[3] - power + 9e-4))).mean()


class PlainSpectra(nn.Module):
    """Spectra of several lengths by `torch.stft`, mixed by linear attention, to one vector."""

    def __init__(self, config: Any, width: int, tokens: int) -> None:
        super().__init__()
        samples, self.scales = config.eeg_shape[2], config.scales
        self.bins = nn.ModuleList(nn.Linear(w // 2 + 1, width) for w in self.scales)
        self.frames = nn.ModuleList(nn.Linear(samples // w, tokens) for w in self.scales)
        self.layers = nn.Sequential(*(_PlainLinear(width, config.spectral_heads) for _ in range(config.spectral_depth)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens: Any = 0
        for w, bins, frames in zip(self.scales, self.bins, self.frames, strict=True):
            size = x.shape[-1] // w * w
            spectra = torch.stft(
                x[..., :size].flatten(0, 1), w, w, window=torch.ones(w), center=False, return_complex=True
            ).abs()
            tokens = tokens + frames(bins(spectra.mT).mT).mT.unflatten(0, x.shape[:2])
        out: torch.Tensor = self.layers(tokens.flatten(1, 2)).mean(1)
        return out


class PlainNeuroBolt(nn.Module):
    """Two branches of torch's own Transformer layers on the same patches and spectra."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        config: Any = model.config
        self.patch, width = config.patch, 8 * ((config.patch - 1) // 8 + 1)
        self.convs = nn.Sequential(
            nn.Conv2d(1, 8, (1, 15), (1, 8), (0, 7)), nn.GroupNorm(4, 8), nn.GELU(),
            nn.Conv2d(8, 8, (1, 3), padding=(0, 1)), nn.GroupNorm(4, 8), nn.GELU(),
            nn.Conv2d(8, 8, (1, 3), padding=(0, 1)), nn.GroupNorm(4, 8), nn.GELU(),
        )  # fmt: skip

        self.temporal = _layers(width, config.heads, 4 * width, config.depth)
        self.spectral = PlainSpectra(config, width, config.eeg_shape[2] // min(config.scales))
        self.head = nn.Linear(width, math.prod(config.volume_shape))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x[:, :, 0]
        patches = x.unflatten(-1, (-1, self.patch)).flatten(1, 2)[:, None]
        a = self.temporal(self.convs(patches).permute(0, 2, 3, 1).flatten(2)).mean(1)
        return self.head(functional.gelu(a + self.spectral(x)))

    def loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return functional.mse_loss(self(x), y.flatten(1))


class PlainE2fNet(nn.Module):
    """The convolutions of E2fNet around two levels with attention of `torch.nn`."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        config: Any = model.config
        a, b, c, d = config.widths
        self.size = config.volume_shape[:2]

        def unit(n_in: int, n_out: int, *how: Any) -> list[nn.Module]:
            return [nn.Conv2d(n_in, n_out, *(how or (3, 1, 1))), nn.BatchNorm2d(n_out), nn.ReLU()]

        def residual(n_in: int) -> nn.Module:
            return nn.Sequential(nn.GroupNorm(32, n_in), nn.SiLU(), nn.Conv2d(n_in, d, 3, 1, 1), nn.GroupNorm(32, d),
                                 nn.SiLU(), nn.Conv2d(d, d, 3, 1, 1))  # fmt: skip

        self.encoder = nn.Sequential(
            *unit(config.eeg_shape[2], a, (1, 5), (1, 2), (0, 3)), *unit(a, b, (1, 5), (1, 2), (0, 3)), *unit(b, c),
            nn.Conv2d(c, d, 3, 1, 1),
        )  # fmt: skip
        self.first, self.smaller, self.larger, self.last = (nn.Conv2d(d, d, 3, stride, 1) for stride in (1, 2, 1, 1))
        self.plain, self.wide = (nn.ModuleList(residual(n) for _ in range(4)) for n in (d, 2 * d))
        self.short = nn.ModuleList(nn.Conv2d(2 * d, d, 1) for _ in range(4))
        self.attention = nn.MultiheadAttention(d, d // 8, batch_first=True)
        self.decoder = nn.Sequential(
            *unit(d, c), *unit(c, b), *unit(b, a), nn.Conv2d(a, config.volume_shape[2], 3, 1, 1), nn.Sigmoid()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        image = functional.interpolate(self.encoder(x.movedim(-1, 1)), size=self.size, mode="bicubic")
        first = self.first(image)
        fine = first + self.plain[0](first)
        reduced = self.smaller(fine)
        coarse = reduced + self.plain[1](reduced)
        middle = coarse + self.plain[2](coarse)
        tokens = middle.flatten(2).mT
        middle = middle + self.attention(tokens, tokens, tokens, need_weights=False)[0].mT.view_as(middle)
        out = middle + self.plain[3](middle)
        for number, skipped in enumerate((coarse, reduced, fine, first)):
            if number == 2:
                out = self.larger(functional.interpolate(out, size=fine.shape[2:]))
            both = torch.cat([out, skipped], 1)
            out = self.short[number](both) + self.wide[number](both)
        return self.decoder(self.last(out)).movedim(1, -1)

    def loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = self(x)
        images = (part.movedim(-1, 1).flatten(0, 1)[:, None] for part in (out, y))
        return 0.5 * (1 - plain_similarity(*images)) + 0.5 * functional.mse_loss(out, y)


class PlainE2fGAN(PlainE2fNet):
    """E2fNet and a critic; both losses in one step."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        config: Any = model.config
        a, b, c, d = config.critic_widths
        x, y, z = config.volume_shape
        self.pad = [0, -y % 16, 0, -x % 16]
        layers: list[nn.Module] = [nn.Conv2d(z, a, 4, 2, 1), nn.LeakyReLU(0.2)]
        for n_in, n_out in ((a, b), (b, c), (c, d)):
            layers += [nn.Conv2d(n_in, n_out, 4, 2, 1), nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2)]
        self.critic = nn.Sequential(*layers, nn.Conv2d(d, 1, (-(-x // 16), -(-y // 16))), nn.Flatten(0))

    def _told(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.critic(functional.pad(torch.cat([first, second]).movedim(-1, 1), self.pad))
        return out

    def loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = self(x)
        images = (part.movedim(-1, 1).flatten(0, 1)[:, None] for part in (out, y))
        loss = 0.5 * (1 - plain_similarity(*images)) + 0.5 * functional.mse_loss(out, y)
        compare, told = functional.binary_cross_entropy_with_logits, self._told(y, out.detach())
        self.critic.requires_grad_(False)
        pleased = self._told(y, out)[len(y) :]
        self.critic.requires_grad_(True)
        wanted = torch.cat([torch.ones(len(y)), torch.zeros(len(y))])
        return loss + compare(told, wanted) + compare(pleased, torch.ones(len(y)))


class PlainNTViT(nn.Module):
    """Mel spectra by `torch.stft`, Transformers of `torch.nn`."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        config: Any = model.config
        width, hidden, (x, y, z) = config.width, config.hidden, config.volume_shape
        self.shape, self.sides = (x, y, z), (-(-x // 6), -(-y // 6))
        tokens, places = 2 * -(-(1 + config.eeg_shape[2] // 16) // 8), math.prod(self.sides)
        low, high = (2595 * math.log10(1 + f / 700) for f in (1, 45))
        edges = 700 * (10 ** (torch.linspace(low, high, 18) / 2595) - 1)
        at = torch.arange(257.0) * config.sfreq / 512
        self.mel = nn.Parameter(torch.stack([_triangle(at, *edges[k : k + 3]) for k in range(16)]), requires_grad=False)

        def wide(a: int, b: int) -> nn.Module:
            return nn.Sequential(nn.Linear(a, hidden), nn.LayerNorm(hidden), nn.SELU(), nn.Linear(hidden, b))

        def transformer() -> nn.Module:
            return _layers(width, config.heads, hidden, config.depth, functional.selu, first=False)

        self.into, self.of_volume, self.out = (
            wide(config.eeg_shape[0] * 64, width),
            wide(z * 36, width),
            wide(width, z * 36),
        )
        self.first, self.second, self.third = transformer(), transformer(), transformer()
        self.cls = nn.Parameter(torch.zeros(2, 1, 1, width))
        self.places = nn.ParameterList(torch.zeros(n, width) for n in (tokens + 1, places + 1, places))
        self.smooth = nn.Conv3d(1, 1, 3, padding=1)

    def forward(self, x: torch.Tensor, y: torch.Tensor | None = None) -> Any:
        x = x[:, :, 0]
        low, high = x.amin(-1, keepdim=True), x.amax(-1, keepdim=True)
        x = 2 * (x - low) / (high - low) - 1
        x = x.sign() * x.abs().log1p()
        spectrum = torch.stft(x.flatten(0, 1), 512, 16, 32, torch.hann_window(32), return_complex=True).abs().square()
        image = (self.mel @ spectrum).log1p().unflatten(0, x.shape[:2])
        image = functional.pad(image, (0, -image.shape[-1] % 8))
        tokens = functional.unfold(image, 8, stride=8).mT
        z = self._encoded(self.into(tokens), 0, self.first)
        volume = self._decoded(z)
        if y is None:
            return volume
        slices = functional.pad(y.movedim(-1, 1), (0, -y.shape[2] % 6, 0, -y.shape[1] % 6))
        z_y = self._encoded(self.of_volume(functional.unfold(slices, 6, stride=6).mT), 1, self.second).detach()
        return volume, z, z_y, self._decoded(z_y)

    def _encoded(self, tokens: torch.Tensor, number: int, layers: nn.Module) -> torch.Tensor:
        first = self.cls[number].expand(len(tokens), -1, -1)
        out: torch.Tensor = layers(torch.cat([first, tokens], 1) + self.places[number])[:, 0]
        return out

    def _decoded(self, z: torch.Tensor) -> torch.Tensor:
        places = self.places[2]
        mask = nn.Transformer.generate_square_subsequent_mask(len(places))
        tokens = self.out(self.third(z[:, None] + places, mask=mask, is_causal=True))
        size = [6 * side for side in self.sides]
        slices = functional.fold(tokens.mT, size, 6, stride=6)[:, :, : self.shape[0], : self.shape[1]]
        return self.smooth(slices.movedim(1, -1)[:, None])[:, 0].sigmoid()

    def loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        volume, z, z_y, again = self(x, y)
        compare = functional.mse_loss
        return compare(volume, y) + compare(z, z_y) + compare(again, y)


def _triangle(at: torch.Tensor, low: torch.Tensor, peak: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    return torch.minimum((at - low) / (peak - low), (high - at) / (high - peak)).clamp_min(0)


class PlainEeg2Bold(nn.Module):
    """Wavelets by convolution through the Fourier transform, a Transformer of `torch.nn`, the read-out as one sum."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        config: Any = model.config
        channels, _, samples = config.eeg_shape
        width, self.token = config.width, round(0.5 * config.sfreq)
        peaks = torch.logspace(0, math.log10(45), 24)[:, None]
        bins = torch.arange(samples) * config.sfreq / samples
        self.wavelets = 2 * torch.exp(-0.5 * ((bins - peaks) * 7 / peaks) ** 2) * (bins < config.sfreq / 2)
        self.embed, self.channel = nn.Linear(24, width), nn.Parameter(torch.zeros(channels, 1, width))
        self.layers = _layers(width, config.heads, 4 * width, config.depth)
        regions, tokens = math.prod(config.volume_shape), samples // self.token
        self.place, self.lag = nn.Parameter(torch.rand(regions, channels)), nn.Parameter(torch.rand(regions, tokens))
        self.norm, self.head, self.shape = nn.LayerNorm(width), nn.Linear(width, 1), config.volume_shape
        self.times = nn.Parameter(torch.zeros(tokens, width), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x[:, :, 0]
        x = (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True)
        found = torch.fft.ifft(torch.fft.fft(x)[:, :, None] * self.wavelets).abs() ** 2
        power = (found.unflatten(-1, (-1, self.token)).mean(-1) + 1e-6).log().mT
        tokens = self.embed(power) + self.channel + self.times
        z = self.layers(tokens.flatten(1, 2)).unflatten(1, tokens.shape[1:3])
        regions = torch.einsum("pc,pn,bcnd->bpd", self.place, self.lag, z)
        return self.head(self.norm(regions))[..., 0].unflatten(1, self.shape)

    def loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        a, b = self(x).flatten(1), y.flatten(1)
        r = torch.cosine_similarity(a - a.mean(0), b - b.mean(0), dim=0).mean()
        connected = (torch.corrcoef(a.T) - torch.corrcoef(b.T)).square().mean()
        return 0.8 * functional.mse_loss(a, b) + 0.2 * (1 - r) + 0.2 * connected
