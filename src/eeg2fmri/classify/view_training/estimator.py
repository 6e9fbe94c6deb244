"""The EEG view classifier as a scikit-learn estimator of windows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self, cast

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import nn

from eeg2fmri.classify.methods.frame import GroupFrame
from eeg2fmri.classify.methods.lender import lender
from eeg2fmri.classify.methods.linear_view_fit import fit_linear_views, views_of
from eeg2fmri.classify.methods.one_vs_rest import fit_one_vs_rest, probabilities
from eeg2fmri.classify.view_training.train import ViewTraining
from eeg2fmri.core.errors import InputError
from eeg2fmri.models.capabilities import LendsView
from eeg2fmri.models.classifiers.linear_view import LinearView
from eeg2fmri.models.classifiers.view import ViewClassifier
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork
from eeg2fmri.predict.synthesizer import Synthesizer

#: Of the untrained synthesiser that stands in where none is given.
UNTRAINED_LATENT, UNTRAINED_VOLUME = (3, 3, 3), (8, 9, 7)


class EEGViewClassifier(ClassifierMixin, BaseEstimator):
    """Classify EEG windows through the fMRI view that a trained synthesiser gives of them.

    Calhas and Henriques' EEG view classifier: an encoder of the synthesiser's architecture is trained anew, the
    synthesiser's projection, style and decoder are frozen, and a linear classifier looks at the synthesised volume.
    More than two classes: one against the rest, and the probabilities are normalised.

    Parameters
    ----------
    synthesizer : path, Synthesizer, SynthesizerNetwork, another model that lends its view, or None
        A run folder, a loaded synthesiser, or its model. A recommended one stays as it is, and a linear classifier
        looks at its volumes (`eeg2fmri.classify.methods.frozen_view`). None: a small untrained synthesiser, the control
        without any synthesis learnt.
    electrodes : sequence of str, optional
        Names of the channels of X; see `ViewClassifierConfig`.
    window_shape : (channel, freq, time), optional
        Shape of a window where X comes flattened to (window, feature), as transformers of a Pipeline give it. By
        default such features are taken for channels.
    degree : int
        1: linear; above: of the powers of each voxel up to this one.
    activation : {"linear", "relu", "elu", "tanh", "sigmoid"}
        Behind the dense layer of the encoder.
    penalty : {"none", "l1", "l2"}
    penalty_factor : float
    variational : bool
        Weights of the classifier that are distributions.
    aleatoric : bool
        A variance of each logit, by which its cross entropy is divided.
    contrastive, margin, epochs, pairs, batch_size, learning_rate, kl
        See `ViewTraining`.
    strength : float
        Inverse L2 penalty of the linear classifier on a recommended synthesiser; the other settings of the training
        are of no use there.
    passes : int
        Draws over which variational weights are averaged in prediction; 1 takes their means.
    random_state : int, RandomState or None

    Attributes
    ----------
    classes_ : array
    models_ : list of ViewClassifier or LinearView
        One for two classes, else one a class.
    frame_ : GroupFrame or None
        What covariances are made to windows with, learnt from the training windows.
    n_features_in_ : int
        Channels, or features of flattened windows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GroupKFold, cross_val_score
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.standard_normal((12, 5, 6, 4)), np.tile([0, 1], 6)
    >>> subjects = np.repeat(np.arange(6), 2)
    >>> classifier = EEGViewClassifier(epochs=1, pairs=8)
    >>> cross_val_score(classifier, X, y, groups=subjects, cv=GroupKFold(3), params={"groups": subjects}).shape
    (3,)
    """

    def __init__(
        self,
        synthesizer: str | Path | Synthesizer | LendsView | None = None,
        *,
        electrodes: tuple[str, ...] | None = None,
        window_shape: tuple[int, int, int] | None = None,
        degree: int = 1,
        activation: Literal["linear", "relu", "elu", "tanh", "sigmoid"] = "linear",
        penalty: Literal["none", "l1", "l2"] = "l1",
        penalty_factor: float = 1e-3,
        variational: bool = False,
        aleatoric: bool = False,
        contrastive: float = 1.0,
        margin: float = float(np.pi),
        epochs: int = 8,
        pairs: int = 64,
        batch_size: int = 4,
        learning_rate: float = 3e-3,
        kl: float = 1e-3,
        strength: float = 1e-3,
        passes: int = 1,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.synthesizer = synthesizer
        self.electrodes = electrodes
        self.window_shape = window_shape
        self.degree = degree
        self.activation = activation
        self.penalty = penalty
        self.penalty_factor = penalty_factor
        self.variational = variational
        self.aleatoric = aleatoric
        self.contrastive = contrastive
        self.margin = margin
        self.epochs = epochs
        self.pairs = pairs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.kl = kl
        self.strength = strength
        self.passes = passes
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.non_deterministic = False
        # ten short epochs of a stochastic training on a few flat features: not what the estimator is for
        tags.classifier_tags.poor_score = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Train.

        Parameters
        ----------
        X : array, shape (window, channel, freq, time) or (window, feature)
            Scaled as the synthesiser's windows are. For a recommended synthesiser better its covariances, shape
            (window, time, band, channel, channel), V^2: they are recentred by the training subjects together, where
            amplitudes (window, channel, band, time) that each recording was recentred by differ no more between
            subjects.
        y : array, shape (window,)
            Labels of any type.
        groups : array, shape (window,), optional
            Subject of each window. Pairs of one label are then drawn between subjects, and every subject weighs the
            same; without it each window counts as a subject of its own.

        Raises
        ------
        InputError
            If there are not two classes, or windows of another shape than the synthesiser takes.
        CheckpointError
            If the synthesiser cannot be loaded, or is of another kind.
        """
        data, labels = validate_data(self, X, y, allow_nd=True, dtype=np.float32, ensure_min_samples=2)
        check_classification_targets(labels)
        self.classes_, index = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(
                "one class is nothing to tell apart", got=f"class {self.classes_[0]!r} alone", expected="two or more"
            )
        if groups is not None and len(np.asarray(groups)) != len(data):
            raise InputError(
                "there is not one group for each window", got=str(len(np.asarray(groups))), expected=str(len(data))
            )
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        owners = None if groups is None else np.asarray(groups)
        self.frame_: GroupFrame | None = None
        self.models_: Sequence[ViewClassifier | LinearView]
        synthesizer, electrodes = None, self.electrodes
        if self.synthesizer is not None:
            synthesizer, electrodes = lender(self.synthesizer)
        if synthesizer is None or isinstance(synthesizer, SynthesizerNetwork):
            self.models_ = self._fit_anew(synthesizer, electrodes, self._windows(data), index, owners, seed)
        else:
            self.models_ = self._fit_linear(synthesizer, data, index, owners, seed)
        return self

    def _fit_anew(
        self,
        given: SynthesizerNetwork | None,
        trained_electrodes: tuple[str, ...] | None,
        windows: np.ndarray,
        labels: np.ndarray,
        groups: np.ndarray | None,
        seed: int,
    ) -> list[ViewClassifier]:
        """Train encoders whose view is that of a documented synthesiser."""
        synthesizer = given or _untrained(windows.shape[1:])
        expected = synthesizer.config.eeg_shape
        if windows.shape[2:] != tuple(expected[1:]):
            raise InputError(
                "windows do not have the frequencies and times of the synthesiser",
                got=f"(channel, {windows.shape[2]}, {windows.shape[3]})",
                expected=f"(channel, {expected[1]}, {expected[2]})",
                hint="cut windows as the synthesiser's were; see eeg2fmri.data.eeg_only.spectrogram",
            )

        def build(own: int) -> ViewClassifier:
            return ViewClassifier.from_synthesizer(
                synthesizer,
                windows.shape[1:],
                trained_electrodes=trained_electrodes,
                electrodes=self.electrodes,
                degree=self.degree,
                activation=self.activation,
                layer="dense_variational" if self.variational else "dense",
                penalty=self.penalty,
                penalty_factor=self.penalty_factor,
                scale="exponential" if self.aleatoric else "none",
                seed=own,
            )

        models, _ = fit_one_vs_rest(build, windows, labels, len(self.classes_), self._training(), seed, groups)
        return models

    def _fit_linear(
        self, model: LendsView, data: np.ndarray, labels: np.ndarray, groups: np.ndarray | None, seed: int
    ) -> list[LinearView]:
        """Fit a linear classifier of the volumes of a recommended synthesiser, which stays as it is."""
        if data.ndim == 5:
            self.frame_ = GroupFrame.of(data, np.arange(len(data)) if groups is None else groups)
        windows, network = self._windows(data), cast(nn.Module, model)
        if windows.shape[1:] != tuple(model.config.eeg_shape):
            raise InputError(
                "windows do not have the electrodes, bands and times of the synthesiser",
                got=str(windows.shape[1:]),
                expected=f"(channel, band, time): {tuple(model.config.eeg_shape)}",
            )
        (fit,) = fit_linear_views(views_of(network, windows), labels, len(self.classes_), [self.strength], seed)
        return fit.models(network, self.frame_)

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probabilities of the classes, shape (window, class), in the order of `classes_`."""
        windows = self._checked(X)
        return probabilities(self.models_, windows, self.passes)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Most probable class of each window, shape (window,)."""
        probable = self.predict_proba(X)
        chosen: np.ndarray = self.classes_[probable.argmax(axis=1)]
        return chosen

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Log odds of the second class, shape (window,); where there are more, of each, shape (window, class)."""
        probable = self.predict_proba(X).clip(1e-12, 1 - 1e-12)
        odds: np.ndarray = np.log(probable / (1 - probable))
        return odds[:, 1] if len(self.classes_) == 2 else odds

    def view(self, X: ArrayLike) -> np.ndarray:
        """Synthesise the views (class model, window, x, y, z) that the decisions rest on."""
        import torch

        windows = torch.from_numpy(self._checked(X))
        with torch.inference_mode():
            return np.stack([model.view(windows).numpy() for model in self.models_])

    def _training(self) -> ViewTraining:
        names = ("epochs", "pairs", "batch_size", "learning_rate", "contrastive", "margin", "kl")
        return ViewTraining.make({name: getattr(self, name) for name in names}, where="EEGViewClassifier")

    def _checked(self, X: ArrayLike) -> np.ndarray:
        check_is_fitted(self)
        return self._windows(validate_data(self, X, allow_nd=True, dtype=np.float32, reset=False))

    def _windows(self, data: np.ndarray) -> np.ndarray:
        if data.ndim == 5 and self.frame_ is not None:
            return self.frame_.windows(data).astype(np.float32)
        if data.ndim == 4 and self.frame_ is None:
            return np.ascontiguousarray(data)
        if data.ndim != 2 or self.frame_ is not None:
            raise InputError(
                "windows have four axes, or two where they are flattened",
                got=f"{data.ndim} axes",
                expected="(window, channel, freq, time) or (window, feature); for a recommended synthesiser also "
                "(window, time, band, channel, channel), in fit and in predict",
            )
        shape = (data.shape[1], 1, 1) if self.window_shape is None else tuple(self.window_shape)
        if int(np.prod(shape)) != data.shape[1]:
            raise InputError(
                "flattened windows do not have this shape", got=f"{data.shape[1]} features", expected=str(shape)
            )
        return np.ascontiguousarray(data.reshape(-1, *shape))


def _untrained(eeg_shape: tuple[int, int, int]) -> SynthesizerNetwork:
    config = SynthesizerConfig.documented(eeg_shape, UNTRAINED_VOLUME, latent_shape=UNTRAINED_LATENT)
    return SynthesizerNetwork(config).eval()
