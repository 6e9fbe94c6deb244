"""Encoders: residual blocks, then a dense layer to the latent; of EEG windows and of BOLD volumes."""

from __future__ import annotations

import math
from typing import Annotated, Literal, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from eeg2fmri.core.config import Config
from eeg2fmri.models.documented.drawing import Drawing
from eeg2fmri.models.documented.na_spec import NASpec, Shape3
from eeg2fmri.nn.attention import SelfAttention, TopographicalAttention
from eeg2fmri.nn.convolution.block import ResidualBlock
from eeg2fmri.nn.dense import Dense, Dropout, flatten_channels_last
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.init import generator


class BlocksConfig(Config):
    """Residual blocks of an encoder.

    Attributes
    ----------
    na_spec : NASpec
        Kernels, strides and pooling; see there for the forms that it takes.
    channels : int
        Channels of every block.
    batch_norm, skip_connections : bool
        With batch normalisation; with the skip path.
    kernels : {"shared", "local"}
        Convolutions, or locally connected kernels that are not shared between positions.
    weight_decay : float
        Factor of the squared kernels and biases of the convolutions in the loss.
    dropout : float
        Probability of the dropout behind each block.
    """

    na_spec: NASpec
    channels: Annotated[int, Field(ge=1)] = 4
    batch_norm: bool = True
    skip_connections: bool = True
    kernels: Literal["shared", "local"] = "shared"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0


class AttentionConfig(Config):
    """Topographical attention.

    Attributes
    ----------
    scores : {"softmax", "sparsemax"}
    organisation : float
        Factor of the channel organisation penalty in the loss.
    """

    scores: Literal["softmax", "sparsemax"] = "softmax"
    organisation: Annotated[float, Field(ge=0)] = 0.0


class EEGEncoderConfig(Config):
    """Encoder of EEG windows.

    Attributes
    ----------
    blocks : BlocksConfig
    attention : AttentionConfig or None
        Topographical attention in front of the blocks.
    """

    blocks: BlocksConfig
    attention: AttentionConfig | None = None


class VolumeEncoderConfig(Config):
    """Encoder of BOLD volumes.

    Attributes
    ----------
    blocks : BlocksConfig
    self_attention : bool
        Self attention on the latent.
    dropout : float
        Probability of the dropout on the latent.
    """

    blocks: BlocksConfig
    self_attention: bool = False
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5


class Blocks(nn.Module):
    """Residual blocks in a row, then flattened.

    Parameters
    ----------
    size : (int, int, int)
        Size of the input, which has one channel.
    config : BlocksConfig
    seed : int

    Attributes
    ----------
    n_features : int
        Length of the flattened output, in the order (d, h, w, channel).
    """

    def __init__(self, size: Shape3, config: BlocksConfig, seed: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        self.dropout = Dropout(config.dropout)
        n_in = 1
        for number, (kernel, stride) in enumerate(zip(config.na_spec.kernels, config.na_spec.strides, strict=True)):
            block = ResidualBlock(
                size,
                n_in,
                config.channels,
                kernel,
                stride,
                config.na_spec.pool,
                source=generator(seed, "block", number),
                batch_norm=config.batch_norm,
                skip=config.skip_connections,
                local=config.kernels == "local",
                weight_decay=config.weight_decay,
            )
            self.blocks.append(block)
            size, n_in = block.out_size, config.channels
        self.n_features = math.prod(size) * config.channels

    def forward(self, x: Tensor, draws: Draws) -> Tensor:
        """Map x (batch, d, h, w) -> (batch, feature)."""
        x = x.unsqueeze(1)
        for block in self.blocks:
            x = self.dropout(block(x), draws)
        return flatten_channels_last(x)

    def regularization(self) -> Tensor:
        """Weight decay of all blocks, a scalar."""
        return torch.stack([cast(ResidualBlock, block).regularization() for block in self.blocks]).sum()


class EEGEncoder(nn.Module):
    """EEG window to latent: [topographical attention], residual blocks, dense.

    Parameters
    ----------
    shape : (channel, freq, time)
    latent_shape : (l1, l2, l3)
    config : EEGEncoderConfig
    seed : int
    """

    def __init__(self, shape: Shape3, latent_shape: Shape3, config: EEGEncoderConfig, seed: int) -> None:
        super().__init__()
        self.latent_shape = latent_shape
        self.attention = None
        if config.attention is not None:
            self.attention = TopographicalAttention(
                shape[0],
                shape[1] * shape[2],
                generator(seed, "attention"),
                scores=config.attention.scores,
                organisation=config.attention.organisation,
            )
        self.blocks = Blocks(shape, config.blocks, seed)
        self.dense = Dense(self.blocks.n_features, math.prod(latent_shape), generator(seed, "dense"))

    def forward(self, x: Tensor, draws: Draws) -> tuple[Tensor, Tensor | None]:
        """Map x (batch, channel, freq, time) -> latent (batch, l1, l2, l3), scores (batch, channel, channel)."""
        scores = None
        if self.attention is not None:
            x, scores = self.attention(x)
        return self.dense(self.blocks(x, draws)).unflatten(1, self.latent_shape), scores

    def regularization(self) -> Tensor:
        """Weight decay and channel organisation, a scalar."""
        penalty = self.blocks.regularization()
        return penalty if self.attention is None else penalty + self.attention.regularization()


class VolumeEncoder(Drawing):
    """BOLD volume to latent: residual blocks, dense, [self attention], [dropout].

    Parameters
    ----------
    shape : (x, y, z)
    latent_shape : (l1, l2, l3)
    config : VolumeEncoderConfig
    seed : int
    """

    def __init__(self, shape: Shape3, latent_shape: Shape3, config: VolumeEncoderConfig, seed: int) -> None:
        super().__init__(seed)
        self.latent_shape = latent_shape
        self.blocks = Blocks(shape, config.blocks, seed)
        self.dense = Dense(self.blocks.n_features, math.prod(latent_shape), generator(seed, "dense"))
        self.self_attention = None
        if config.self_attention:
            self.self_attention = SelfAttention(math.prod(latent_shape[1:]), generator(seed, "self attention"))
        self.dropout = Dropout(config.dropout)

    def forward(self, y: Tensor, draws: Draws | None = None) -> Tensor:
        """Map y (batch, x, y, z) -> latent (batch, l1, l2, l3)."""
        draws = self.draws() if draws is None else draws
        z = self.dense(self.blocks(y, draws)).unflatten(1, self.latent_shape)
        if self.self_attention is not None:
            z = self.self_attention(z)
        return self.dropout(z, draws)

    def regularization(self) -> Tensor:
        """Weight decay, a scalar."""
        return self.blocks.regularization()
