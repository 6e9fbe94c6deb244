"""The EEG-to-fMRI synthesiser (Calhas and Henriques, arXiv:2203.03481), composed of small parts.

EEG window (batch, channel, freq, time) -> encoder -> z_x -> projection -> style -> head -> output filter -> volume
(batch, x, y, z), and from the volume its scale. In training a second encoder takes the BOLD volume to z_y.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, model_validator
from torch import Tensor

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import ConfigError, Problem, ShapeError
from eeg2fmri.core.random import child_seed
from eeg2fmri.models.documented.drawing import Drawing
from eeg2fmri.models.documented.encoder import (
    AttentionConfig,
    EEGEncoder,
    EEGEncoderConfig,
    VolumeEncoder,
    VolumeEncoderConfig,
)
from eeg2fmri.models.documented.head import Head, HeadConfig
from eeg2fmri.models.documented.na_spec import NASpec, Shape3
from eeg2fmri.models.documented.output_filter import FilterName, OutputFilter, ScaleHead
from eeg2fmri.models.documented.projection import DenseProjectionConfig, Projection, ProjectionConfig
from eeg2fmri.models.documented.style import Style, StyleName
from eeg2fmri.models.output import Synthesis
from eeg2fmri.models.saving.pretrained import Pretrained
from eeg2fmri.nn.dense import Dropout
from eeg2fmri.nn.init import generator


class SynthesizerConfig(Config):
    """Settings of a `SynthesizerNetwork`.

    Attributes
    ----------
    eeg_shape : (channel, freq, time)
    volume_shape : (x, y, z)
    latent_shape : (l1, l2, l3)
    encoder : EEGEncoderConfig
        Of the EEG window.
    volume_encoder : VolumeEncoderConfig
        Of the BOLD volume, used in training alone.
    projection : DenseProjectionConfig, FourierProjectionConfig or RandomFourierProjectionConfig
    style : {"none", "attention", "prior"}
        ``attention`` needs ``encoder.attention``.
    dropout : float
        Probability of the dropout on the styled latent.
    head : HeadConfig
    output_filter : {"none", "convolution", "local"}
    scale : {"none", "exponential"}
        ``exponential`` adds the aleatoric scale exp(w volume + b).
    seed : int
        Every initial weight follows from it.
    volume_encoder_seed : int or None
        Seed of the fMRI encoder, where it is to have its own.
    """

    kind: Literal["synthesizer"] = "synthesizer"
    eeg_shape: Shape3
    volume_shape: Shape3
    latent_shape: Shape3 = (7, 7, 7)
    encoder: EEGEncoderConfig
    volume_encoder: VolumeEncoderConfig
    projection: ProjectionConfig = DenseProjectionConfig()
    style: StyleName = "none"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    head: HeadConfig = HeadConfig()
    output_filter: FilterName = "convolution"
    scale: Literal["none", "exponential"] = "none"
    seed: int = 0
    volume_encoder_seed: int | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> SynthesizerConfig:
        shapes = self.encoder.blocks.na_spec.problems(self.eeg_shape, "EEG encoder")
        shapes += self.volume_encoder.blocks.na_spec.problems(self.volume_shape, "fMRI encoder")
        shapes += self.head.problems(self.latent_shape, self.volume_shape)
        contradictions = []
        if self.style == "attention" and self.encoder.attention is None:
            contradictions.append(
                Problem(
                    "the attention style needs topographical attention",
                    "style and encoder.attention",
                    "style 'attention', encoder.attention None",
                    hint="give encoder.attention, or set style to 'prior' or 'none'",
                )
            )
        if contradictions:
            raise ConfigError.of(contradictions + shapes)
        if shapes:
            raise ShapeError.of(shapes)
        return self

    @classmethod
    def documented(
        cls, eeg_shape: tuple[int, int, int], volume_shape: tuple[int, int, int], **overrides: Any
    ) -> SynthesizerConfig:
        """Return the documented model: topographical attention, random Fourier features, attention style, dense head.

        Parameters
        ----------
        eeg_shape : (channel, freq, time)
        volume_shape : (x, y, z)
        **overrides
            Any setting; a mapping changes the settings it names within a part and leaves the others.

        Raises
        ------
        ConfigError
            If an override is unknown or wrong.
        """
        documented: dict[str, Any] = {
            "eeg_shape": eeg_shape,
            "volume_shape": volume_shape,
            "encoder": {
                "blocks": {"na_spec": NASpec.for_shape(eeg_shape, "eeg-2").model_dump()},
                "attention": AttentionConfig().model_dump(),
            },
            "volume_encoder": {"blocks": {"na_spec": NASpec.for_shape(volume_shape, "fmri-2").model_dump()}},
            "projection": {"kind": "random_fourier"},
            "style": "attention",
        }
        return cls.make(_merged(documented, overrides))


class SynthesizerNetwork(Pretrained, Drawing):
    """EEG window to BOLD volume.

    Parameters
    ----------
    config : SynthesizerConfig

    Attributes
    ----------
    eeg_encoder, fmri_encoder, projection, style, dropout, head, output_filter, scale : nn.Module
        The parts; `scale` may be None.
    """

    def __init__(self, config: SynthesizerConfig) -> None:
        super().__init__(config.seed)
        self.config = config
        n = math.prod(config.latent_shape)
        seed = config.seed
        fmri_seed = seed if config.volume_encoder_seed is None else config.volume_encoder_seed
        self.eeg_encoder = EEGEncoder(config.eeg_shape, config.latent_shape, config.encoder, child_seed(seed, "eeg"))
        self.projection = Projection(n, config.projection, seed)
        self.style = Style(config.style, config.eeg_shape[0], n, seed)
        self.dropout = Dropout(config.dropout)
        self.head = Head(config.latent_shape, config.volume_shape, config.head, seed)
        self.output_filter = OutputFilter(config.output_filter, config.volume_shape, generator(seed, "output filter"))
        self.scale = ScaleHead(generator(seed, "scale")) if config.scale == "exponential" else None
        self.fmri_encoder = VolumeEncoder(
            config.volume_shape, config.latent_shape, config.volume_encoder, child_seed(fmri_seed, "fmri")
        )

    def forward(
        self,
        x: Tensor,
        y: Tensor | None = None,
        *,
        generator: torch.Generator | None = None,
        samples: Iterable[Any] | None = None,
    ) -> Synthesis:
        """Synthesise volumes.

        Parameters
        ----------
        x : Tensor, shape (batch, channel, freq, time)
            EEG windows, scaled as in training.
        y : Tensor, shape (batch, x, y, z), optional
            BOLD volumes; their latent is only needed in training.
        generator : torch.Generator, optional
            Source of dropout and variational draws; see `Drawing` for what happens without it.
        samples : iterable of array or Tensor, optional
            Draws to repeat, in order.
        """
        draws = self.draws(generator, samples)
        z_eeg, attention = self.eeg_encoder(x, draws)
        styled = self.dropout(self.style(self.projection(z_eeg.flatten(1)), attention), draws)
        volume = self.output_filter(self.head(styled, draws))
        scale = None if self.scale is None else self.scale(volume)
        z_fmri = None if y is None else self.fmri_encoder(y, draws)
        return Synthesis(volume, scale, z_eeg, z_fmri, attention)

    @property
    def has_encoder(self) -> bool:
        """Yes: its EEG encoder can be trained; see `eeg2fmri.models.capabilities.LendsView`."""
        return True

    @property
    def row_kinds(self) -> None:
        """None: its windows are spectrograms."""
        return None

    def untrained(self, seed: int) -> SynthesizerNetwork:
        """Make a model of the same architecture with fresh weights."""
        return SynthesizerNetwork(self.config.model_copy(update={"seed": seed})).eval()

    def regularization(self) -> Tensor:
        """Weight decay, and the penalties (organisation, centring) on the last training pass; a scalar."""
        parts = (self.eeg_encoder, self.projection, self.fmri_encoder)
        return torch.stack([part.regularization() for part in parts]).sum()

    def kl(self) -> Tensor:
        """Kullback-Leibler divergence of the variational parts from their priors (nats), a scalar; 0 without any."""
        return self.head.kl(self.eeg_encoder.dense.kernel)


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Merge nested mappings; a mapping that names another `kind` replaces the one before."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if isinstance(value, Config):
            value = value.model_dump()
            merged[key] = value
        elif (
            isinstance(value, dict) and isinstance(old, dict) and value.get("kind", old.get("kind")) == old.get("kind")
        ):
            merged[key] = _merged(old, value)
        else:
            merged[key] = value
    return merged
