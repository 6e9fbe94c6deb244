"""Classifier of EEG through a synthesised fMRI view.

A trained synthesiser lends its projection, style, head and output filter, frozen; an EEG encoder of the same
architecture, with dropout behind each block, is trained anew together with the classifier of the view. It is trained
on pairs of windows (see `eeg2fmri.models.classifiers.contrastive`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.core.random import child_seed
from eeg2fmri.models.classifiers.latent import (
    Classification,
    Classifier,
    LinearClassifierConfig,
    PolynomialClassifierConfig,
)
from eeg2fmri.models.classifiers.view_config import ViewClassifierConfig
from eeg2fmri.models.documented.drawing import Drawing
from eeg2fmri.models.documented.encoder import EEGEncoder
from eeg2fmri.models.documented.head import Head
from eeg2fmri.models.documented.output_filter import OutputFilter
from eeg2fmri.models.documented.projection import Projection
from eeg2fmri.models.documented.style import Style
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork
from eeg2fmri.models.saving.pretrained import Pretrained
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.init import generator

ACTIVATIONS = {"linear": nn.Identity, "relu": nn.ReLU, "elu": nn.ELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class Pair(NamedTuple):
    """Output for a pair of windows.

    Attributes
    ----------
    first, second : Classification
    distance : Tensor, shape (batch, feature)
        L1 distance of the two projected latents before the cosine (rad), element by element.
    """

    first: Classification
    second: Classification
    distance: Tensor


class ViewClassifier(Pretrained, Drawing):
    """EEG window to synthesised view to class.

    Parameters
    ----------
    config : ViewClassifierConfig
        Build from a trained synthesiser with `from_synthesizer`; the constructor alone leaves the frozen parts at
        their initial weights.

    Attributes
    ----------
    encoder, classifier : nn.Module
        Trained anew.
    projection, style, head, output_filter : nn.Module
        Of the synthesiser, frozen.
    """

    def __init__(self, config: ViewClassifierConfig) -> None:
        super().__init__(config.seed)
        self.config = config
        given = config.synthesizer
        n, latent = math.prod(given.latent_shape), given.latent_shape
        self.encoder = EEGEncoder(config.encoder_shape(), latent, config.encoder(), child_seed(config.seed, "eeg"))
        self.activation = ACTIVATIONS[config.activation]()
        self.projection = Projection(n, given.projection, given.seed)
        self.style = Style(given.style, given.eeg_shape[0], n, given.seed)
        self.head = Head(latent, given.volume_shape, given.head, given.seed)
        self.output_filter = OutputFilter(
            given.output_filter, given.volume_shape, generator(given.seed, "output filter")
        )
        for part in self._frozen():
            part.requires_grad_(False)
        self.classifier = Classifier(_classifier_config(config))
        self._selection = config.electrodes.selection() if config.electrodes is not None else None
        self._common: list[tuple[int, int]] = []
        if given.style == "attention" and not config.selects and config.electrodes is not None:
            self._common = config.electrodes.common()

    @classmethod
    def from_synthesizer(
        cls,
        synthesizer: SynthesizerNetwork,
        eeg_shape: tuple[int, int, int] | None = None,
        *,
        trained_electrodes: Sequence[str] | None = None,
        electrodes: Sequence[str] | None = None,
        **settings: Any,
    ) -> Self:
        """Build a classifier on a trained synthesiser and copy what it lends.

        Parameters
        ----------
        synthesizer : SynthesizerNetwork
        eeg_shape : (channel, freq, time), optional
            Of the windows to classify; that of the synthesiser by default.
        trained_electrodes, electrodes : sequence of str, optional
            Names of the electrodes of the synthesiser and of the windows.
        **settings
            Other fields of `ViewClassifierConfig`.

        Raises
        ------
        ConfigError
            If a setting is wrong or the electrodes do not fit.
        """
        names = None
        if electrodes is not None and trained_electrodes is None:
            raise ConfigError(
                "electrodes can only be matched if those of the synthesiser have names too",
                where="electrodes and trained_electrodes",
                got="electrodes alone",
                hint="give trained_electrodes, or the folder of a model that knows its electrodes",
            )
        if electrodes is not None and trained_electrodes is not None:
            names = {"trained": tuple(trained_electrodes), "recorded": tuple(electrodes)}
        config = ViewClassifierConfig.make(
            {
                "synthesizer": synthesizer.config.model_dump(),
                "eeg_shape": eeg_shape or synthesizer.config.eeg_shape,
                "electrodes": names,
                **settings,
            }
        )
        model = cls(config)
        for mine, theirs in zip(model._frozen(), _lent(synthesizer), strict=True):
            mine.load_state_dict(theirs.state_dict())
        return model

    def _frozen(self) -> list[nn.Module]:
        return [self.projection, self.style, self.head, self.output_filter]

    def forward(
        self,
        x: Tensor,
        *,
        generator: torch.Generator | None = None,
        samples: Iterable[Any] | None = None,
    ) -> Classification:
        """Classify windows.

        Parameters
        ----------
        x : Tensor, shape (batch, channel, freq, time)
        generator, samples
            As in `Drawing`.
        """
        draws = self.draws(generator, samples)
        view, _ = self._view(x, draws)
        return self.classifier.classify(view, draws)

    def view(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Synthesise the view (batch, x, y, z) of windows (batch, channel, freq, time)."""
        return self._view(x, self.draws(generator))[0]

    def angle(self, x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Project windows (batch, channel, freq, time) to the latent before the cosine (batch, feature), rad."""
        return self._view(x, self.draws(generator))[1]

    def pair(self, first: Tensor, second: Tensor, *, generator: torch.Generator | None = None) -> Pair:
        """Classify two windows and measure how far apart their latents are; both (batch, channel, freq, time)."""
        draws = self.draws(generator)
        views = [self._view(x, draws) for x in (first, second)]
        classes = [self.classifier.classify(view, draws) for view, _ in views]
        return Pair(classes[0], classes[1], (views[0][1] - views[1][1]).abs())

    def _view(self, x: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
        if self._selection is not None:
            x = x[:, self._selection]
        z, scores = self.encoder(x, draws)
        angle = self.projection.angle(self.activation(z.flatten(1)))
        projected = torch.cos(angle) if self.projection.sinusoid else angle
        if scores is not None and self._common:
            scores = self._placed(scores)
        return self.output_filter(self.head(self.style(projected, scores), draws)), angle

    def _placed(self, scores: Tensor) -> Tensor:
        """Put the scores of common electrodes where the synthesiser has them, 0 elsewhere."""
        recorded = [r for r, _ in self._common]
        trained = torch.tensor([t for _, t in self._common], device=scores.device)
        n = self.config.synthesizer.eeg_shape[0]
        placed = scores.new_zeros(scores.shape[0], n, n)
        placed[:, trained[:, None], trained] = scores[:, recorded][:, :, recorded]
        return placed

    def regularization(self) -> Tensor:
        """Weight decay and channel organisation of the encoder, penalty on the classifier; a scalar."""
        return self.encoder.regularization() + self.classifier.regularization()

    def kl(self) -> Tensor:
        """Divergence of the classifier's weights from their prior, a scalar."""
        return self.classifier.kl()


def _lent(synthesizer: SynthesizerNetwork) -> list[nn.Module]:
    return [synthesizer.projection, synthesizer.style, synthesizer.head, synthesizer.output_filter]


def _classifier_config(config: ViewClassifierConfig) -> LinearClassifierConfig:
    values: dict[str, Any] = {
        "input_shape": config.synthesizer.volume_shape,
        "n_classes": config.n_classes,
        "layer": config.layer,
        "penalty": config.penalty,
        "penalty_factor": config.penalty_factor,
        "scale": config.scale,
        "seed": child_seed(config.seed, "classifier"),
    }
    if config.degree == 1:
        return LinearClassifierConfig(**values)
    return PolynomialClassifierConfig(**values, degree=config.degree)
