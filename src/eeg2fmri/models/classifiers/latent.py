"""Linear and polynomial classifiers of any array (an EEG window, a synthesised view)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from eeg2fmri.core.config import Config
from eeg2fmri.models.documented.drawing import Drawing
from eeg2fmri.models.documented.na_spec import Size
from eeg2fmri.models.saving.pretrained import Pretrained
from eeg2fmri.nn.dense import Dense
from eeg2fmri.nn.draws import Draws
from eeg2fmri.nn.init import generator
from eeg2fmri.nn.variational.dense import DenseVariational


class Classification(NamedTuple):
    """Output of a classifier.

    Attributes
    ----------
    logit : Tensor, shape (batch, class)
        One class: log odds. Several: before the softmax.
    scale : Tensor, shape (batch, class), or None
        Aleatoric uncertainty of each logit, above 0.
    """

    logit: Tensor
    scale: Tensor | None


class LinearClassifierConfig(Config):
    """Settings of a linear classifier.

    Attributes
    ----------
    input_shape : tuple of int
        Shape of one sample.
    n_classes : int
    layer : {"dense", "dense_variational"}
    penalty : {"none", "l1", "l2"}
        Penalty on the kernel: sum of |w| or of w^2.
    penalty_factor : float
    scale : {"none", "exponential", "softplus"}
        Aleatoric scale from a dense layer of the logits, through exp (as checkpoints have it) or softplus.
    seed : int
        Every initial weight follows from it.
    """

    kind: Literal["linear_classifier"] = "linear_classifier"
    input_shape: Annotated[tuple[Size, ...], Field(min_length=1)]
    n_classes: Size = 1
    layer: Literal["dense", "dense_variational"] = "dense"
    penalty: Literal["none", "l1", "l2"] = "none"
    penalty_factor: Annotated[float, Field(ge=0)] = 0.01
    scale: Literal["none", "exponential", "softplus"] = "none"
    seed: int = 0


class PolynomialClassifierConfig(LinearClassifierConfig):
    """Settings of a polynomial classifier: those of the linear one, and the degree.

    Attributes
    ----------
    degree : int
        Powers 0 to degree of every feature are weighed.
    """

    kind: Literal["polynomial_classifier"] = "polynomial_classifier"  # type: ignore[assignment]
    degree: Size = 2


class Classifier(Pretrained, Drawing):
    """Flatten, weigh, [scale].

    The polynomial one weighs the powers x^0 ... x^degree of every feature, without bias; the powers of one feature
    stand together.

    Parameters
    ----------
    config : LinearClassifierConfig or PolynomialClassifierConfig
    """

    def __init__(self, config: LinearClassifierConfig) -> None:
        super().__init__(config.seed)
        self.config = config
        self.degree = config.degree if isinstance(config, PolynomialClassifierConfig) else None
        powers = 1 if self.degree is None else self.degree + 1
        layer = DenseVariational if config.layer == "dense_variational" else Dense
        n_in = math.prod(config.input_shape) * powers
        self.layer = layer(n_in, config.n_classes, generator(config.seed, "layer"), bias=self.degree is None)
        self.scale = None
        if config.scale != "none":
            self.scale = Dense(config.n_classes, config.n_classes, generator(config.seed, "scale"))

    def forward(
        self,
        x: Tensor,
        *,
        generator: torch.Generator | None = None,
        samples: Iterable[Any] | None = None,
    ) -> Classification:
        """Map x (batch, *input_shape) -> logit and scale (batch, class); the rest as in `Drawing`."""
        return self.classify(x, self.draws(generator, samples))

    def classify(self, x: Tensor, draws: Draws) -> Classification:
        """Do what `forward` does, with a given source of random numbers."""
        flat = x.flatten(1)
        if self.degree is not None:
            flat = torch.stack([flat**power for power in range(self.degree + 1)], dim=-1).flatten(1)
        logit = self.layer(flat, draws) if isinstance(self.layer, DenseVariational) else self.layer(flat)
        if self.scale is None:
            return Classification(logit, None)
        raw = self.scale(logit)
        return Classification(
            logit, torch.exp(raw) if self.config.scale == "exponential" else nn.functional.softplus(raw)
        )

    def _kernel(self) -> Tensor:
        return self.layer.weight_loc if isinstance(self.layer, DenseVariational) else self.layer.weight

    def regularization(self) -> Tensor:
        """Penalty on the kernel times its factor, a scalar."""
        kernel = self._kernel()
        if self.config.penalty == "none":
            return kernel.new_zeros(())
        size = kernel.abs().sum() if self.config.penalty == "l1" else kernel.square().sum()
        return self.config.penalty_factor * size

    def kl(self) -> Tensor:
        """Divergence of variational weights from N(0, 1), a scalar; 0 without any."""
        return self.layer.kl() if isinstance(self.layer, DenseVariational) else self._kernel().new_zeros(())
