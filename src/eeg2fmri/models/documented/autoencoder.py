"""Autoencoder of BOLD volumes: residual encoder, dense decoder, output filter."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal

import torch
from pydantic import model_validator
from torch import Tensor

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import ConfigError
from eeg2fmri.core.random import child_seed
from eeg2fmri.models.documented.drawing import Drawing
from eeg2fmri.models.documented.encoder import VolumeEncoder, VolumeEncoderConfig
from eeg2fmri.models.documented.na_spec import Shape3
from eeg2fmri.models.documented.output_filter import FilterName, OutputFilter
from eeg2fmri.models.saving.pretrained import Pretrained
from eeg2fmri.nn.dense import Dense
from eeg2fmri.nn.init import generator


class AutoencoderConfig(Config):
    """Settings of an `Autoencoder`.

    Attributes
    ----------
    volume_shape : (x, y, z)
    latent_shape : (l1, l2, l3)
    encoder : VolumeEncoderConfig
    decoder : {"dense", "none"}
        Without a decoder the model is the encoder alone.
    output_filter : {"none", "convolution", "local"}
    seed : int
        Every initial weight follows from it.
    """

    kind: Literal["fmri_autoencoder"] = "fmri_autoencoder"
    volume_shape: Shape3
    latent_shape: Shape3 = (7, 7, 7)
    encoder: VolumeEncoderConfig
    decoder: Literal["dense", "none"] = "dense"
    output_filter: FilterName = "convolution"
    seed: int = 0

    @model_validator(mode="after")
    def _encoder_fits(self) -> AutoencoderConfig:
        self.encoder.blocks.na_spec.check(self.volume_shape, "fMRI encoder")
        return self


class Autoencoder(Pretrained, Drawing):
    """BOLD volume to latent and back.

    Attributes
    ----------
    encoder, decoder, output_filter : nn.Module
        The parts; the last two are None without a decoder.
    """

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__(config.seed)
        self.config = config
        self.encoder = VolumeEncoder(
            config.volume_shape, config.latent_shape, config.encoder, child_seed(config.seed, "fmri")
        )
        self.decoder = self.output_filter = None
        if config.decoder == "dense":
            n_in, n_out = math.prod(config.latent_shape), math.prod(config.volume_shape)
            self.decoder = Dense(n_in, n_out, generator(config.seed, "decoder"))
            self.output_filter = OutputFilter(
                config.output_filter, config.volume_shape, generator(config.seed, "output filter")
            )

    def forward(
        self, y: Tensor, *, generator: torch.Generator | None = None, samples: Iterable[Any] | None = None
    ) -> Tensor:
        """Map volumes (batch, x, y, z) -> reconstruction of the same shape.

        `generator` and `samples` as in `Drawing`.

        Raises
        ------
        ConfigError
            If the model has no decoder.
        """
        if self.decoder is None or self.output_filter is None:
            raise ConfigError(
                "the model has no decoder",
                where="decoder",
                got="none",
                hint="call its encoder, or set decoder to 'dense'",
            )
        z = self.encoder(y, self.draws(generator, samples))
        return self.output_filter(self.decoder(z.flatten(1)).unflatten(1, self.config.volume_shape))

    def regularization(self) -> Tensor:
        """Weight decay, a scalar."""
        return self.encoder.regularization()

    def kl(self) -> Tensor:
        """0: nothing is variational."""
        return self.encoder.dense.kernel.new_zeros(())
