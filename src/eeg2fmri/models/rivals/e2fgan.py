"""Build E2fGAN: E2fNet with a critic of its volumes (arXiv:2502.08025)."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.rivals.e2fnet import INPUTS, RECIPE, TARGET, E2fNet, E2fNetConfig
from eeg2fmri.models.rivals.published import Rival, scores_of
from eeg2fmri.nn.norm import BatchNorm

#: Halvings of the sides of a slice in the critic.
HALVINGS = 4


class E2fGANConfig(E2fNetConfig):
    """Settings of an `E2fGAN`.

    Attributes
    ----------
    eeg_shape, volume_shape, widths, output, data_range, seed
        As in `E2fNetConfig`.
    critic_widths : (int, int, int, int)
        Channels behind the four halvings of the critic.
    adversarial : float
        Weight of what the critic says in the loss of the network; the publication states none.
    """

    kind: Literal["e2fgan"] = "e2fgan"  # type: ignore[assignment]
    critic_widths: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(64, 64, 128, 128), min_length=4, max_length=4
    )
    adversarial: Annotated[float, Field(gt=0)] = 1.0


class Critic(nn.Module):
    """Tells volumes that were measured from synthesised ones: a logit a volume.

    Parameters
    ----------
    volume_shape : (x, y, z)
        Slices are channels. Sides that are no multiple of 16 are filled up with zeros.
    widths : (int, int, int, int)
    """

    def __init__(self, volume_shape: tuple[int, int, int], widths: tuple[int, ...]) -> None:
        super().__init__()
        step = 2**HALVINGS
        self.padding = [0, -volume_shape[1] % step, 0, -volume_shape[0] % step]
        sides = [-(-side // step) for side in volume_shape[:2]]
        layers: list[nn.Module] = []
        for number, (n_in, n_out) in enumerate(zip((volume_shape[2], *widths), widths, strict=False)):
            layers.append(nn.Conv2d(n_in, n_out, 4, stride=2, padding=1))
            if number:
                layers.append(BatchNorm(n_out, 0.1, 1e-5))
            layers.append(nn.LeakyReLU(0.2))
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, (sides[0], sides[1])))

    def forward(self, volume: Tensor) -> Tensor:
        """Map volumes (batch, x, y, z) -> logits (batch,), above 0 for measured ones."""
        logits: Tensor = self.layers(functional.pad(volume.movedim(-1, 1), self.padding))
        return logits.flatten()


class E2fGAN(E2fNet):
    """E2fNet, trained to please a critic too.

    Measured and synthesised volumes are one batch of the critic. Network and critic take their steps at the same time:
    the network's loss sees the critic's weights as constants, the critic's loss sees the volumes as constants. In
    evaluation the critic has no part.

    Parameters
    ----------
    config : E2fGANConfig
    """

    def make(self, config: E2fNetConfig) -> None:
        """Make the layers."""
        super().make(config)
        assert isinstance(config, E2fGANConfig)
        self.critic = Critic(config.volume_shape, config.critic_widths)

    def forward(self, x: Tensor, y: Tensor | None = None, *, generator: torch.Generator | None = None) -> Synthesis:
        """Synthesise as `E2fNet.forward`; with volumes y, the critic's logits are `for_loss`.

        These are of y, of the synthesised volumes as constants, and of them by constant weights of the critic.
        """
        out = super().forward(x, y, generator=generator)
        if y is None:
            return out
        # one batch of both: normalised by themselves, their differences would be gone
        measured, made = self.critic(torch.cat([y, out.volume.detach()])).unflatten(0, (2, -1)).unbind(0)
        constant = {name: value.detach() for name, value in self.critic.named_parameters()}
        # batch statistics are updated by the critic's own pass alone
        copies = {name: value.clone() for name, value in self.critic.named_buffers()}
        both = functional_call(self.critic, (constant, copies), (torch.cat([y, out.volume]),))
        pleased = both.unflatten(0, (2, -1))[1]
        return out._replace(for_loss=(measured, made, pleased))

    def loss(self, out: Synthesis, y: Tensor) -> dict[str, Tensor]:
        """E2fNet's loss; what the critic makes of the volumes; what the critic gets wrong.

        Validation compares epochs by the first of these alone: that of an adversary says nothing of a model.
        """
        parts = super().loss(out, y)
        if not self.training:
            return parts
        measured, made, pleased = out.for_loss
        ones = torch.ones_like(measured)
        compare = functional.binary_cross_entropy_with_logits
        parts["adversarial"] = self.config.adversarial * compare(pleased, ones)
        parts["critic"] = (compare(measured, ones) + compare(made, torch.zeros_like(made))) / 2
        return parts


RIVAL = Rival(
    kind="e2fgan",
    label="E2fGAN",
    paper="arXiv:2502.08025",
    licence="MIT (kgr20/E2fNet)",
    inputs=INPUTS,
    target=TARGET,
    recipe=RECIPE.model_copy(update={"loss": RECIPE.loss + " + binary cross entropy of a critic"}),
    parameters=19_152_030,
    scores=scores_of(
        ("SSIM", "PSNR (dB)"),
        {"NODDI": (0.576, 18.54), "ds000116": (0.583, 18.71), "ds002158": (0.607, 18.17)},
        protocol="best epoch on the test part",
    ),
    changed=(
        "The weight of the critic in the loss is not stated: it is 1 here. One optimiser steps network and critic "
        "at once, and measured and synthesised volumes are one batch of the critic. The count is that of the "
        "network without the critic."
    ),
    laptop={"widths": (8, 16, 32, 32), "critic_widths": (8, 8, 16, 16)},
)
