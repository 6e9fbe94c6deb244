"""Losses of a synthesiser: how far the volume is off, and how far the two latents are apart."""

from __future__ import annotations

import torch
from torch import Tensor

from eeg2fmri.models.output import Synthesis
from eeg2fmri.train.config import LossConfig

#: Keeps the Laplace likelihood finite where the predicted scale vanishes.
EPSILON = 1e-9


def absolute(volume: Tensor, target: Tensor) -> Tensor:
    """Mean |y - yhat| of each sample.

    Parameters
    ----------
    volume, target : Tensor, shape (batch, voxel)

    Returns
    -------
    Tensor, shape (batch,)
    """
    return (target - volume).abs().mean(dim=1)


def squared(volume: Tensor, target: Tensor) -> Tensor:
    """Half the mean (y - yhat)^2 of each sample; shapes as `absolute`."""
    return (target - volume).square().mean(dim=1) / 2


def laplace(volume: Tensor, scale: Tensor, target: Tensor) -> Tensor:
    """Negative log likelihood of a Laplace distribution, mean over the voxels of each sample.

    |y - yhat| / s + log(2 s), with 1e-9 added to s.

    Parameters
    ----------
    volume, scale, target : Tensor, shape (batch, voxel)

    Returns
    -------
    Tensor, shape (batch,)
    """
    scale = scale + EPSILON
    return ((target - volume).abs() / scale + torch.log(2 * scale)).mean(dim=1)


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
    out: Synthesis, target: Tensor, config: LossConfig, voxels: Tensor | None = None
) -> dict[str, Tensor]:
    """Parts of the loss of one batch, each the mean over its samples.

    Parameters
    ----------
    out : Synthesis
        Output of the model for the batch.
    target : Tensor, shape (batch, x, y, z)
    config : LossConfig
    voxels : Tensor of int, shape (voxel,), optional
        Flat indices of the voxels that count; all of them by default.

    Returns
    -------
    dict
        ``reconstruction`` and, if the model gave both latents, ``latent``; scalars, before any weight.
    """
    flat = [part if part is None else part.flatten(1) for part in (out.volume, out.scale, target)]
    if voxels is not None:
        flat = [part if part is None else part.index_select(1, voxels) for part in flat]
    volume, scale, y = flat
    assert volume is not None
    assert y is not None
    if scale is not None:
        reconstruction = laplace(volume, scale, y)
    elif config.reconstruction == "squared":
        reconstruction = squared(volume, y)
    else:
        reconstruction = absolute(volume, y)
    parts = {"reconstruction": reconstruction.mean()}
    if out.z_eeg is not None and out.z_fmri is not None:
        parts["latent"] = latent_distance(out.z_eeg, out.z_fmri).mean()
    return parts
