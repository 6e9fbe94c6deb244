"""Losses of a synthesiser: how far the volume is off, and how far the two latents are apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from eeg2fmri.models.output import Synthesis
from eeg2fmri.train.config import LossConfig

#: Keeps the Laplace likelihood finite where the predicted scale vanishes.
EPSILON = 1e-9


class Voxels(NamedTuple):
    """How much each voxel counts in a loss.

    Attributes
    ----------
    chosen : Tensor of int, shape (voxel,), or None
        Flat indices of the voxels that count; None: all of them.
    weight : Tensor, shape (voxel,), or None
        Weight of each of these; None: all alike.
    """

    chosen: Tensor | None = None
    weight: Tensor | None = None

    @classmethod
    def of_mask(cls, mask: np.ndarray, outside: float = 0.0) -> Voxels:
        """Weigh voxels by a mask.

        Parameters
        ----------
        mask : bool array, shape (x, y, z)
            Its voxels have weight 1.
        outside : float
            Weight of the other voxels; 0 leaves them out.
        """
        flat = torch.from_numpy(np.asarray(mask, bool).ravel())
        if outside:
            return cls(weight=torch.where(flat, 1.0, outside))
        return cls(chosen=torch.nonzero(flat)[:, 0])

    def to(self, device: torch.device | str) -> Voxels:
        """Move both tensors to a device."""
        return Voxels(*(None if part is None else part.to(device) for part in self))


def _mean(values: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return values.mean(dim=1)
    return values @ weight.to(values.dtype) / weight.sum()


def absolute(volume: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean |y - yhat| of each sample.

    Parameters
    ----------
    volume, target : Tensor, shape (batch, voxel)
    weight : Tensor, shape (voxel,), optional
        Weight of each voxel in the mean.

    Returns
    -------
    Tensor, shape (batch,)
    """
    return _mean((target - volume).abs(), weight)


def squared(volume: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Half the mean (y - yhat)^2 of each sample; parameters as `absolute`."""
    return _mean((target - volume).square(), weight) / 2


def laplace(volume: Tensor, scale: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Negative log likelihood of a Laplace distribution, mean over the voxels of each sample.

    |y - yhat| / s + log(2 s), with 1e-9 added to s.

    Parameters
    ----------
    volume, scale, target : Tensor, shape (batch, voxel)
    weight : Tensor, shape (voxel,), optional
        Weight of each voxel in the mean.

    Returns
    -------
    Tensor, shape (batch,)
    """
    scale = scale + EPSILON
    return _mean((target - volume).abs() / scale + torch.log(2 * scale), weight)


def latent_distance(z_eeg: Tensor, z_fmri: Tensor) -> Tensor:
    """1 - cos(z_x, z_y) of each sample, over all axes of the latent in order.

    Parameters
    ----------
    z_eeg, z_fmri : Tensor, shape (batch, l1, l2, l3)

    Returns
    -------
    Tensor, shape (batch,), between 0 and 2.
    """
    return 1 - torch.nn.functional.cosine_similarity(z_eeg.flatten(1), z_fmri.flatten(1), dim=1, eps=EPSILON)


def synthesis_loss(
    out: Synthesis, target: Tensor, config: LossConfig, voxels: Voxels | None = None
) -> dict[str, Tensor]:
    """Parts of the loss of one batch, each the mean over its samples.

    Parameters
    ----------
    out : Synthesis
        Output of the model for the batch.
    target : Tensor, shape (batch, x, y, z)
    config : LossConfig
    voxels : Voxels, optional
        How much each voxel counts; all alike by default.

    Returns
    -------
    dict
        ``reconstruction`` and, if the model gave both latents, ``latent``; scalars, before any weight.
    """
    flat = [part if part is None else part.flatten(1) for part in (out.volume, out.scale, target)]
    chosen, weight = voxels or Voxels()
    if chosen is not None:
        flat = [part if part is None else part.index_select(1, chosen) for part in flat]
    volume, scale, y = flat
    assert volume is not None
    assert y is not None
    if scale is not None:
        reconstruction = laplace(volume, scale, y, weight)
    elif config.reconstruction == "squared":
        reconstruction = squared(volume, y, weight)
    else:
        reconstruction = absolute(volume, y, weight)
    parts = {"reconstruction": reconstruction.mean()}
    if out.z_eeg is not None and out.z_fmri is not None:
        parts["latent"] = latent_distance(out.z_eeg, out.z_fmri).mean()
    return parts
