"""Linear classifier of the volume that a trained synthesiser makes of an EEG window; the synthesiser stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, cast

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from eeg2fmri.core.config import Config
from eeg2fmri.models.classifiers.latent import Classification, Classifier, LinearClassifierConfig
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork
from eeg2fmri.models.recommended.config import RecommendedConfig
from eeg2fmri.models.recommended.model import Recommended
from eeg2fmri.models.saving.pretrained import Pretrained
from eeg2fmri.nn.dense import Dense


class LinearViewConfig(Config):
    """Settings of a `LinearView`.

    Attributes
    ----------
    synthesizer : SynthesizerConfig or RecommendedConfig
    seed : int
        Of the classifier's weights before they are fitted.
    """

    kind: Literal["linear_view"] = "linear_view"
    synthesizer: Annotated[SynthesizerConfig | RecommendedConfig, Field(discriminator="kind")]
    seed: int = 0


class LinearView(Pretrained, nn.Module):
    """EEG window to synthesised volume, minus its mean over the training windows, to the log odds of a class.

    Attributes
    ----------
    synthesizer : SynthesizerNetwork or Recommended
        Frozen.
    classifier : Classifier
        Linear, of every voxel.
    centre : Tensor, shape (x, y, z)
        Mean view of the training windows.
    whitener : Tensor, shape (band, channel, channel)
        1 / V; with `amplitude_mean` and `amplitude_std`, shape (channel, band), what brings covariances to the windows
        of a recommended synthesiser (`eeg2fmri.classify.methods.frame`). Of no use, and 1 x 1, with other synthesisers.
        One that reads row features has ``KIND_mean`` and ``KIND_std`` beside, shape (channel, column), of every kind.
    """

    centre: Tensor
    whitener: Tensor
    amplitude_mean: Tensor
    amplitude_std: Tensor

    def __init__(self, config: LinearViewConfig) -> None:
        super().__init__()
        self.config = config
        own = config.synthesizer
        self.synthesizer = Recommended(own) if isinstance(own, RecommendedConfig) else SynthesizerNetwork(own)
        self.synthesizer.requires_grad_(False)
        classifier = LinearClassifierConfig(input_shape=own.volume_shape, n_classes=1, seed=config.seed)
        self.classifier = Classifier(classifier)
        channels, bands = (own.eeg_shape[0], own.n_amplitudes) if isinstance(own, RecommendedConfig) else (1, 1)
        self.register_buffer("centre", torch.zeros(own.volume_shape))
        self.register_buffer("whitener", torch.eye(channels).repeat(bands, 1, 1))
        self.register_buffer("amplitude_mean", torch.zeros(channels, bands))
        self.register_buffer("amplitude_std", torch.ones(channels, bands))
        if isinstance(own, RecommendedConfig) and own.columns:
            for kind, count in own.scaled_kinds().items():
                self.register_buffer(f"{kind}_mean", torch.zeros(channels, count))
                self.register_buffer(f"{kind}_std", torch.ones(channels, count))

    @torch.no_grad()
    def set_classifier(self, centre: Tensor, weight: Tensor, bias: float) -> None:
        """Set the mean view (x, y, z), the weight of each voxel (x, y, z), and the log odds at the mean view."""
        self.centre.copy_(centre)
        layer = cast(Dense, self.classifier.layer)
        layer.kernel.copy_(weight.reshape(-1, 1))
        cast(Tensor, layer.bias).fill_(bias)

    @torch.no_grad()
    def set_rows(self, scaling: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Set the mean and deviation (channel, column) by which each kind of row features is scaled."""
        for kind, found in scaling.items():
            for name, value in zip(("mean", "std"), found, strict=True):
                self.get_buffer(f"{kind}_{name}").copy_(torch.from_numpy(value))

    def view(self, x: Tensor) -> Tensor:
        """Synthesise the view (batch, x, y, z) of windows (batch, channel, freq, time), minus the mean view."""
        return self.synthesizer(x).volume - self.centre

    def forward(self, x: Tensor, *, generator: torch.Generator | None = None) -> Classification:
        """Classify windows (batch, channel, freq or band, time); nothing is drawn."""
        return self.classifier(self.view(x))

    def regularization(self) -> Tensor:
        """Penalties of the weights that are trained, a scalar."""
        return self.classifier.regularization()

    def kl(self) -> Tensor:
        """Divergence of the weights from their prior: 0, nothing is drawn."""
        return self.classifier.kl()
