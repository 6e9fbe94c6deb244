"""Define what a synthesiser gives."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Synthesis(NamedTuple):
    """Output of one pass.

    Attributes
    ----------
    volume : Tensor, shape (batch, x, y, z)
        Synthesised BOLD, in the scale of the volumes that the model was trained on. A model of blocks stacks its
        volumes along x (`eeg2fmri.models.capabilities.GivesBlocks`).
    scale : Tensor, shape (batch, x, y, z), or None
        Scale of the Laplace distribution around each voxel (aleatoric uncertainty).
    z_eeg : Tensor, shape (batch, l1, l2, l3)
        Latent of the EEG window.
    z_fmri : Tensor, shape (batch, l1, l2, l3), or None
        Latent of the BOLD volume; None in inference, where there is no volume.
    attention : Tensor, shape (batch, channel, channel), or None
        Scores between electrodes; rows sum to 1.
    for_loss : tuple of Tensor
        What the model's own loss needs beside these (`eeg2fmri.models.capabilities.HasLoss`); the batch comes first.
    """

    volume: Tensor
    scale: Tensor | None
    z_eeg: Tensor
    z_fmri: Tensor | None
    attention: Tensor | None
    for_loss: tuple[Tensor, ...] = ()
