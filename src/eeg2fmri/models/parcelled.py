"""Let a model of regions be trained and judged as a model of voxels: parts of the brain take the place of an atlas."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Literal, cast

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from eeg2fmri.core.config import Config
from eeg2fmri.models.capabilities import HasDepth, StartsFromWeights, block_of
from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.registry import build
from eeg2fmri.models.saving.pretrained import Pretrained


class ParcelledConfig(Config):
    """A model of regions inside a model of voxels.

    Attributes
    ----------
    eeg_shape : (channel, freq, time)
    volume_shape : (x, y, z)
    regions : int
        Parts of the brain.
    inner : dict
        Config of the model of regions, with its ``kind``.
    seed : int
        Of the parts, and of the weights of the inner model.
    """

    kind: Literal["parcelled"] = "parcelled"
    eeg_shape: tuple[int, int, int]
    volume_shape: tuple[int, int, int]
    regions: int = Field(ge=1)
    inner: dict[str, Any]
    seed: int = 0

    @field_validator("inner")
    @classmethod
    def _as_written(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take the values as they come back from a file: tuples are lists there."""
        plain: dict[str, Any] = json.loads(json.dumps(values))
        return plain


class Parcelled(Pretrained, nn.Module):
    """Predicts the mean of each part of the brain by another model, and gives it to all voxels of the part.

    The parts are made of the brain mask of the training group before the first step: about equally large, by place
    (k-means of the voxels' positions). Targets are deviations of voxels in units of their standard deviation; the
    inner model sees the mean of each part over its voxels, divided by the deviation of that mean over the training
    pairs.
    """

    why_not_explained: ClassVar[str] = "what gives voxels the value of their part has no relevance rule"

    def __init__(self, config: ParcelledConfig) -> None:
        super().__init__()
        self.config = config
        self.inner = build({**config.inner, "seed": config.seed})
        # what the inner model can do beside synthesising, this one can
        if isinstance(self.inner, HasDepth):
            self.layers_above = self._layers_above
        if isinstance(self.inner, StartsFromWeights):
            self.load_encoder = self.inner.load_encoder
        self.block_length = block_of(self.inner)
        voxels = int(np.prod(config.volume_shape))
        # in turn, until the brain is known
        self.register_buffer("part", torch.arange(voxels) % config.regions)
        self.register_buffer("size", torch.ones(config.regions))
        self.register_buffer("spread", torch.ones(config.regions))

    def look(self, pairs: Any, mask: np.ndarray) -> None:
        """Make the parts, and measure how far the mean of each varies over the training pairs.

        Parameters
        ----------
        pairs : Dataset of Pair
            Of the training part alone.
        mask : bool array, shape (x, y, z)
            Brain of the training group.
        """
        labels = parts_of_brain(mask, self.config.regions, self.config.seed)
        buffers = cast(Any, self)
        buffers.part = torch.from_numpy(labels).to(buffers.part.device)
        buffers.size = torch.bincount(buffers.part + 1, minlength=self.config.regions + 1)[1:].clamp(min=1).float()
        buffers.spread = torch.ones(self.config.regions)
        square, count = torch.zeros(self.config.regions, dtype=torch.float64), 0
        for k in range(len(pairs)):
            # each volume once: of a block the last one, which is that of the pair
            means = self.means(pairs[k].y[None, -self.config.volume_shape[0] :])[0, :, 0, 0]
            square, count = square + means.double().square(), count + 1
        spread = (square / max(count, 1)).sqrt().float()
        buffers.spread = torch.where(spread > 0, spread, 1)

    def means(self, y: Tensor) -> Tensor:
        """Give the mean of each part (batch, region, 1, 1) of volumes (batch, x, y, z), in units of its spread.

        Of blocks of volumes, stacked along x, it gives the regions of one volume after those of the one before.
        """
        buffers = cast(Any, self)
        voxels = y.reshape(-1, len(buffers.part))
        # part 0 here is what lies outside the brain; `shape` and not `len`, which an export would fix to one batch
        sums = y.new_zeros(voxels.shape[0], self.config.regions + 1).index_add(1, buffers.part + 1, voxels)
        found: Tensor = sums[:, 1:] / (buffers.size * buffers.spread)
        return found.reshape(y.shape[0], -1, 1, 1)

    def forward(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> Synthesis:
        """Synthesise volumes; see `eeg2fmri.models.output`.

        Parameters
        ----------
        x : Tensor, shape (batch, channel, freq, time)
        y : Tensor, shape (batch, x, y, z), optional
        generator : torch.Generator, optional
        """
        out = self.inner(x, None if y is None else self.means(y), generator=generator)
        scale = None if out.scale is None else self._voxels(out.scale, outside=1.0)
        return Synthesis(self._voxels(out.volume), scale, out.z_eeg, out.z_fmri, out.attention, out.for_loss)

    def loss(self, out: Synthesis, y: Tensor) -> dict[str, Tensor]:
        """Give the loss of the inner model on the means of the parts."""
        # voxels of a part have one value: their mean is that of the inner model
        scale = None if out.scale is None else self.means(out.scale)
        of_parts = out._replace(volume=self.means(out.volume), scale=scale)
        found: dict[str, Tensor] = cast(Any, self.inner).loss(of_parts, self.means(y))
        return found

    def regularization(self) -> Tensor:
        """Give that of the inner model."""
        return cast(Tensor, cast(Any, self.inner).regularization())

    def kl(self) -> Tensor:
        """Give that of the inner model."""
        return cast(Tensor, cast(Any, self.inner).kl())

    def _layers_above(self, parameter: str) -> int:
        return int(cast(HasDepth, self.inner).layers_above(parameter.removeprefix("inner.")))

    def _voxels(self, regions: Tensor, outside: float = 0.0) -> Tensor:
        """Give each voxel the value of its part; `outside` of the brain."""
        buffers = cast(Any, self)
        values = regions.reshape(-1, self.config.regions) * buffers.spread
        padded = torch.cat([values, values.new_full((values.shape[0], 1), outside)], dim=1)
        return padded[:, buffers.part].reshape(regions.shape[0], -1, *self.config.volume_shape[1:])


def parts_of_brain(mask: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Divide a brain into parts of about one size, by the places of its voxels (k-means).

    Parameters
    ----------
    mask : bool array, shape (x, y, z)
    count : int
        Parts, at most as many as there are voxels.
    seed : int

    Returns
    -------
    int array, shape (voxel,)
        Part of each voxel of the box; -1 outside the mask.
    """
    from scipy.cluster.vq import kmeans2

    places = np.argwhere(mask).astype(float)
    _, found = kmeans2(places, min(count, len(places)), minit="++", rng=np.random.default_rng(seed))
    labels = np.full(mask.size, -1)
    labels[np.flatnonzero(mask.ravel())] = found
    return labels
