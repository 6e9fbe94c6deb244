"""Projection of the EEG latent before it is decoded."""

from __future__ import annotations

from typing import Annotated, Literal, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from eeg2fmri.core.config import Config
from eeg2fmri.nn.dense import Dense
from eeg2fmri.nn.fourier import FourierFeatures, RandomFourierFeatures
from eeg2fmri.nn.init import generator


class DenseProjectionConfig(Config):
    """One dense layer."""

    kind: Literal["dense"] = "dense"


class FourierProjectionConfig(Config):
    """Fourier features of one fixed kernel row; sees the sum of the latent alone (see `FourierFeatures`)."""

    kind: Literal["fourier"] = "fourier"


class RandomFourierProjectionConfig(Config):
    """Random Fourier features.

    Attributes
    ----------
    normalization : {"layer", "tanh"}
        How the angles are brought to the range of half a period.
    centring : float
        Factor of the penalty on the distance of the angles from pi / 2.
    """

    kind: Literal["random_fourier"] = "random_fourier"
    normalization: Literal["layer", "tanh"] = "layer"
    centring: Annotated[float, Field(ge=0)] = 0.0


ProjectionConfig = Annotated[
    DenseProjectionConfig | FourierProjectionConfig | RandomFourierProjectionConfig, Field(discriminator="kind")
]


class Projection(nn.Module):
    """Project the latent, and take the cosine if the projection gives angles.

    Parameters
    ----------
    n_features : int
        Elements of the latent, before and after.
    config : ProjectionConfig
    seed : int
    """

    def __init__(
        self,
        n_features: int,
        config: DenseProjectionConfig | FourierProjectionConfig | RandomFourierProjectionConfig,
        seed: int,
    ) -> None:
        super().__init__()
        self.sinusoid = config.kind != "dense"
        source = generator(seed, "projection")
        self.layer: nn.Module
        if isinstance(config, DenseProjectionConfig):
            self.layer = Dense(n_features, n_features, source)
        elif isinstance(config, FourierProjectionConfig):
            self.layer = FourierFeatures(n_features, n_features)
        else:
            self.layer = RandomFourierFeatures(n_features, n_features, source, config.normalization, config.centring)

    def angle(self, z: Tensor) -> Tensor:
        """Map z (batch, feature) -> what the cosine is taken of (rad), or the dense projection; same shape."""
        projected: Tensor = self.layer(z)
        return projected

    def forward(self, z: Tensor) -> Tensor:
        """Map z (batch, feature) -> the same shape."""
        projected = self.angle(z)
        return torch.cos(projected) if self.sinusoid else projected

    def regularization(self) -> Tensor:
        """Penalty on the angles of the last training pass, a scalar; 0 without any."""
        if isinstance(self.layer, RandomFourierFeatures):
            return self.layer.regularization()
        tensor = self.layer.weight if isinstance(self.layer, Dense) else cast(Tensor, self.layer.kernel)
        return tensor.new_zeros(())
