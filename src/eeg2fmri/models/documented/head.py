"""Head of a synthesiser: from the styled latent to the volume."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import Problem
from eeg2fmri.models.documented.na_spec import Shape3, Size
from eeg2fmri.nn.dct import DCT3d, InverseDCT3d
from eeg2fmri.nn.dense import Dense
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.init import generator
from eeg2fmri.nn.variational.dct import VariationalInverseDCT3d, random_positions
from eeg2fmri.nn.variational.dense import DenseFlipout, DenseVariational


class LowResolutionConfig(Config):
    """A dense layer to a coarse grid, in front of the step to full resolution.

    Attributes
    ----------
    grid : (x, y, z)
    layer : {"dense", "dense_variational"}
    """

    grid: Shape3
    layer: Literal["dense", "dense_variational"] = "dense"


class DenseUpConfig(Config):
    """One dense layer to full resolution.

    Attributes
    ----------
    layer : {"dense", "dense_flipout"}
        ``dense_flipout`` is variational, with the flipout estimator.
    """

    kind: Literal["dense"] = "dense"
    layer: Literal["dense", "dense_flipout"] = "dense"


class PaddedDCTUpConfig(Config):
    """Inverse cosine transform of the spectrum padded with zeros."""

    kind: Literal["padded_dct"] = "padded_dct"


class VariationalDCTUpConfig(Config):
    """Inverse cosine transform of the spectrum extended by random coefficients (`VariationalInverseDCT3d`).

    Attributes
    ----------
    coefficients : (int, int, int)
        Random coefficients added on each axis.
    distribution : {"normal", "von_mises"}
    heads : int or None
        Random vectors that the spectrum mixes; None makes the coefficients independent of it.
    perturbed : bool
        Whether the known coefficients are multiplied by draws.
    positions : {"low", "random"} or three tuples of int
        Where the known coefficients stand: at the low end, drawn once from the seed, or as listed.
    """

    kind: Literal["variational_dct"] = "variational_dct"
    coefficients: Shape3
    distribution: Literal["normal", "von_mises"] = "von_mises"
    heads: Size | None = None
    perturbed: bool = True
    positions: Literal["low", "random"] | tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] = "low"


UpConfig = Annotated[DenseUpConfig | PaddedDCTUpConfig | VariationalDCTUpConfig, Field(discriminator="kind")]


class HeadConfig(Config):
    """Steps from the latent to the volume.

    Attributes
    ----------
    low_resolution : LowResolutionConfig or None
        A coarse grid in between; without it the grid of the latent is taken.
    transform : {"none", "dct"}
        Whether the cosine transform of that grid is taken; without it the grid is read as a spectrum by the heads
        that need one.
    up : DenseUpConfig, PaddedDCTUpConfig or VariationalDCTUpConfig
        The step to full resolution.
    """

    low_resolution: LowResolutionConfig | None = None
    transform: Literal["none", "dct"] = "none"
    up: UpConfig = DenseUpConfig()

    def grid(self, latent_shape: Shape3) -> Shape3:
        """Grid in front of the step to full resolution."""
        return self.low_resolution.grid if self.low_resolution is not None else latent_shape

    def problems(self, latent_shape: Shape3, volume_shape: Shape3, where: str = "head") -> list[Problem]:
        """Find what does not fit the shapes."""
        grid = self.grid(latent_shape)
        name = "low_resolution.grid" if self.low_resolution is not None else "latent_shape"
        found = []
        if not isinstance(self.up, DenseUpConfig) and any(n > m for n, m in zip(grid, volume_shape, strict=True)):
            found.append(
                Problem(
                    "the spectrum is larger than the volume",
                    f"{where}.up and {name}",
                    f"spectrum {grid}, volume {volume_shape}",
                    "at most the size of the volume on every axis",
                )
            )
        elif isinstance(self.up, VariationalDCTUpConfig):
            found += self._coefficient_problems(self.up, grid, volume_shape, where)
        return found

    @staticmethod
    def _coefficient_problems(up: VariationalDCTUpConfig, grid: Shape3, volume: Shape3, where: str) -> list[Problem]:
        found = []
        if any(not r < m - n for r, m, n in zip(up.coefficients, volume, grid, strict=True)):
            found.append(
                Problem(
                    "there are too many random coefficients",
                    f"{where}.up.coefficients",
                    f"R = {up.coefficients}, low resolution N = {grid}, volume M = {volume}",
                    "0 < R < M - N on every axis",
                )
            )
        if isinstance(up.positions, tuple):
            for axis, (kept, n, r) in enumerate(zip(up.positions, grid, up.coefficients, strict=True)):
                if len(kept) != n or list(kept) != sorted(set(kept)) or kept[0] < 0 or kept[-1] >= n + r:
                    found.append(
                        Problem(
                            "the positions of the known coefficients are wrong",
                            f"{where}.up.positions, axis {axis}",
                            str(kept),
                            f"{n} increasing numbers from 0 to {n + r - 1}",
                        )
                    )
        return found


class Head(nn.Module):
    """Latent to volume.

    Parameters
    ----------
    latent_shape : (l1, l2, l3)
    volume_shape : (x, y, z)
    config : HeadConfig
    seed : int
    """

    def __init__(self, latent_shape: Shape3, volume_shape: Shape3, config: HeadConfig, seed: int) -> None:
        super().__init__()
        self.grid, self.volume_shape = config.grid(latent_shape), volume_shape
        self.low: nn.Module | None = None
        if config.low_resolution is not None:
            layer = DenseVariational if config.low_resolution.layer == "dense_variational" else Dense
            self.low = layer(math.prod(latent_shape), math.prod(self.grid), generator(seed, "low resolution"))
        self.transform = DCT3d(self.grid) if config.transform == "dct" else None
        self.up = self._up(config.up, seed)

    def _up(self, config: DenseUpConfig | PaddedDCTUpConfig | VariationalDCTUpConfig, seed: int) -> nn.Module:
        source = generator(seed, "up")
        if isinstance(config, DenseUpConfig):
            layer = DenseFlipout if config.layer == "dense_flipout" else Dense
            return layer(math.prod(self.grid), math.prod(self.volume_shape), source)
        if isinstance(config, PaddedDCTUpConfig):
            return InverseDCT3d(self.volume_shape, self.grid)
        positions: list[list[int]] | None = None
        if config.positions == "random":
            positions = random_positions(self.grid, config.coefficients, seed)
        elif isinstance(config.positions, tuple):
            positions = [list(kept) for kept in config.positions]
        return VariationalInverseDCT3d(
            self.grid,
            self.volume_shape,
            config.coefficients,
            config.distribution,
            source,
            heads=config.heads,
            perturbed=config.perturbed,
            positions=positions,
        )

    def forward(self, z: Tensor, draws: Draws) -> Tensor:
        """Map z (batch, feature) -> volume (batch, x, y, z)."""
        if isinstance(self.low, DenseVariational):
            z = self.low(z, draws)
        elif self.low is not None:
            z = self.low(z)
        grid = z.unflatten(1, self.grid)
        if self.transform is not None:
            grid = self.transform(grid)
        if isinstance(self.up, DenseFlipout):
            grid = self.up(grid.flatten(1), draws)
        elif isinstance(self.up, Dense):
            grid = self.up(grid.flatten(1))
        elif isinstance(self.up, VariationalInverseDCT3d):
            return self.up(grid, draws)
        else:
            return self.up(grid)
        return grid.unflatten(1, self.volume_shape)

    def variational_parts(self) -> list[DenseVariational | DenseFlipout | VariationalInverseDCT3d]:
        """Layers whose weights or coefficients are distributions."""
        kinds = (DenseVariational, DenseFlipout, VariationalInverseDCT3d)
        return [part for part in (self.low, self.up) if isinstance(part, kinds)]

    def kl(self, like: Tensor) -> Tensor:
        """Divergence of all variational parts from their priors, a scalar of the type of `like`; 0 if there is none."""
        parts = [part.kl() for part in self.variational_parts()]
        return torch.stack(parts).sum() if parts else like.new_zeros(())
