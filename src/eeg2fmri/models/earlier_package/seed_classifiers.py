"""The classifiers under the seed's names: thin constructors over their configs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models.classifiers.latent import Classifier, LinearClassifierConfig, PolynomialClassifierConfig
from eeg2fmri.models.classifiers.view import ViewClassifier
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork


def LinearClassifier(
    input_shape: Sequence[int],
    n_classes: int = 1,
    *,
    variational: bool = False,
    aleatoric: bool = False,
    regularizer: Literal["L1", "L2"] | None = None,
    regularizer_const: float = 0.01,
    seed: int = 0,
) -> Classifier:
    """Build a linear classifier of samples of `input_shape`.

    Parameters
    ----------
    input_shape : sequence of int
    n_classes : int
    variational : bool
        Weights that are distributions.
    aleatoric : bool
        Add a scale of each logit.
    regularizer : {"L1", "L2"}, optional
        Penalty on the kernel.
    regularizer_const : float
        Its factor.
    seed : int
    """
    values = _classifier_values(input_shape, n_classes, variational, regularizer, regularizer_const, seed)
    values["scale"] = "exponential" if aleatoric else "none"
    return Classifier(LinearClassifierConfig.make(values, where="LinearClassifier"))


def PolynomialClassifier(
    input_shape: Sequence[int],
    n_classes: int = 1,
    degree: int = 2,
    *,
    variational: bool = False,
    regularizer: Literal["L1", "L2"] | None = None,
    regularizer_const: float = 0.01,
    seed: int = 0,
) -> Classifier:
    """Build a linear classifier, without bias, of the powers 0 to `degree` of every feature.

    The other parameters are those of `LinearClassifier`.
    """
    values = _classifier_values(input_shape, n_classes, variational, regularizer, regularizer_const, seed)
    values["degree"] = degree
    return Classifier(PolynomialClassifierConfig.make(values, where="PolynomialClassifier"))


def _classifier_values(
    input_shape: Sequence[int],
    n_classes: int,
    variational: bool,
    regularizer: str | None,
    regularizer_const: float,
    seed: int,
) -> dict[str, Any]:
    return {
        "input_shape": tuple(input_shape),
        "n_classes": n_classes,
        "layer": "dense_variational" if variational else "dense",
        "penalty": "none" if regularizer is None else regularizer.lower(),
        "penalty_factor": regularizer_const,
        "seed": seed,
    }


def view_EEG_classifier(
    model: SynthesizerNetwork | str | Path,
    input_shape: Sequence[int] | None = None,
    degree: int = 1,
    activation: Literal["linear", "relu", "elu", "tanh", "sigmoid"] = "linear",
    regularizer: Literal["L1", "L2"] | None = "L1",
    regularizer_const: float = 0.01,
    *,
    n_classes: int = 1,
    variational: bool = False,
    aleatoric: bool = False,
    electrodes: Sequence[str] | None = None,
    trained_electrodes: Sequence[str] | None = None,
    seed: int = 0,
    feature_selection: Any = None,
    segmentation_mask: Any = None,
    siamese_projection: Any = None,
    siamese_projection_dimension: Any = None,
) -> ViewClassifier:
    """Build a classifier of EEG through the view that a trained synthesiser gives of it.

    Parameters
    ----------
    model : SynthesizerNetwork, str or Path
        The trained synthesiser, or its folder; a folder also gives the names of its electrodes.
    input_shape : (channel, freq, time), optional
        Of the windows to classify, a trailing 1 is accepted; that of the synthesiser by default.
    degree : int
        1: linear classifier of the view; above: of its powers up to this one.
    activation : str
        Behind the dense layer of the encoder.
    regularizer, regularizer_const
        Penalty on the classifier's kernel and its factor.
    n_classes : int
    variational, aleatoric : bool
        Weights that are distributions; a scale of each logit.
    electrodes : sequence of str, optional
        Names of the electrodes of the windows.
    trained_electrodes : sequence of str, optional
        Names of the electrodes of the synthesiser, where its folder does not give them.
    seed : int
        Every weight that is trained anew follows from it.
    feature_selection, segmentation_mask, siamese_projection, siamese_projection_dimension
        Without effect; a value gives a DeprecationWarning.

    Raises
    ------
    ConfigError
        If an argument is wrong or the electrodes do not fit.
    """
    old = {
        "feature_selection": feature_selection,
        "segmentation_mask": segmentation_mask,
        "siamese_projection": siamese_projection,
        "siamese_projection_dimension": siamese_projection_dimension,
    }
    for name, value in old.items():
        if value is not None and value is not False:
            warnings.warn(f"{name} has no effect and will be removed", DeprecationWarning, stacklevel=2)
    if not isinstance(model, SynthesizerNetwork):
        from eeg2fmri.models.saving.hub import load

        loaded = load(model)
        trained_electrodes = trained_electrodes or loaded.card.electrodes or None
        if not isinstance(loaded.model, SynthesizerNetwork):
            got = type(loaded.model).__name__
            raise ConfigError(
                "the model is not a synthesiser", where=str(model), got=got, expected="SynthesizerNetwork"
            )
        model = loaded.model
    shape = None if input_shape is None else tuple(input_shape[:3] if len(input_shape) == 4 else input_shape)
    return ViewClassifier.from_synthesizer(
        model,
        shape,  # type: ignore[arg-type]
        trained_electrodes=trained_electrodes,
        electrodes=electrodes,
        degree=degree,
        activation=activation,
        n_classes=n_classes,
        layer="dense_variational" if variational else "dense",
        penalty="none" if regularizer is None else regularizer.lower(),
        penalty_factor=regularizer_const,
        scale="exponential" if aleatoric else "none",
        seed=seed,
    )


#: The newer name of the page.
ViewLatentContrastiveClassifier = view_EEG_classifier
