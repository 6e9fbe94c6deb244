"""The EEG view classifier as a scikit-learn estimator of windows."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from eeg2fmri.classify.methods.one_vs_rest import fit_one_vs_rest, probabilities
from eeg2fmri.classify.view_training.train import ViewTraining
from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.models.classifiers.view import ViewClassifier
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork

#: Of the untrained synthesiser that stands in where none is given.
UNTRAINED_LATENT, UNTRAINED_VOLUME = (3, 3, 3), (8, 9, 7)


class WindowsError(InputError, ValueError):
    """Windows or labels that cannot be used; also a ValueError, which scikit-learn expects."""


class EEGViewClassifier(ClassifierMixin, BaseEstimator):
    """Classify EEG windows through the fMRI view that a trained synthesiser gives of them.

    Calhas and Henriques' EEG view classifier: an encoder of the synthesiser's architecture is trained anew, the
    synthesiser's projection, style and decoder are frozen, and a linear classifier looks at the synthesised volume.
    More than two classes: one against the rest, and the probabilities are normalised.

    Parameters
    ----------
    synthesizer : path, SynthesizerNetwork or None
        A run folder, or a model. None: a small untrained synthesiser, the control without any synthesis learnt.
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
    passes : int
        Draws over which variational weights are averaged in prediction; 1 takes their means.
    random_state : int, RandomState or None

    Attributes
    ----------
    classes_ : array
    models_ : list of ViewClassifier
        One for two classes, else one a class.
    n_features_in_ : int
        Channels, or features of flattened windows.

    Examples
    --------
    >>> from sklearn.model_selection import GroupKFold, cross_validate
    >>> cross_validate(EEGViewClassifier("run"), X, y, groups=subjects, cv=GroupKFold(5),
    ...                params={"groups": subjects})                                       # doctest: +SKIP
    """

    def __init__(
        self,
        synthesizer: str | Path | SynthesizerNetwork | None = None,
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
            Scaled as the synthesiser's windows are.
        y : array, shape (window,)
            Labels of any type.
        groups : array, shape (window,), optional
            Subject of each window. Pairs of one label are then drawn between subjects, and every subject weighs the
            same; without it each window counts as a subject of its own.

        Raises
        ------
        WindowsError
            If there are not two classes, or windows of another shape than the synthesiser takes.
        CheckpointError
            If the synthesiser cannot be loaded, or is of another kind.
        """
        data, labels = validate_data(self, X, y, allow_nd=True, dtype=np.float32, ensure_min_samples=2)
        check_classification_targets(labels)
        windows = self._windows(data)
        self.classes_, index = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise WindowsError(
                "one class is nothing to tell apart", got=f"class {self.classes_[0]!r} alone", expected="two or more"
            )
        if groups is not None and len(np.asarray(groups)) != len(windows):
            raise WindowsError(
                "there is not one group for each window", got=str(len(np.asarray(groups))), expected=str(len(windows))
            )
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        synthesizer, trained_electrodes = self._synthesizer(windows.shape[1:])
        expected = synthesizer.config.eeg_shape
        if windows.shape[2:] != tuple(expected[1:]):
            raise WindowsError(
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

        self.models_, _ = fit_one_vs_rest(
            build,
            windows,
            index,
            len(self.classes_),
            self._training(),
            seed,
            None if groups is None else np.asarray(groups),
        )
        return self

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
        if data.ndim == 4:
            return np.ascontiguousarray(data)
        if data.ndim != 2:
            raise WindowsError(
                "windows have four axes, or two where they are flattened",
                got=f"{data.ndim} axes",
                expected="(window, channel, freq, time) or (window, feature)",
            )
        shape = (data.shape[1], 1, 1) if self.window_shape is None else tuple(self.window_shape)
        if int(np.prod(shape)) != data.shape[1]:
            raise WindowsError(
                "flattened windows do not have this shape", got=f"{data.shape[1]} features", expected=str(shape)
            )
        return np.ascontiguousarray(data.reshape(-1, *shape))

    def _synthesizer(self, eeg_shape: tuple[int, int, int]) -> tuple[SynthesizerNetwork, tuple[str, ...] | None]:
        if self.synthesizer is None:
            config = SynthesizerConfig.documented(eeg_shape, UNTRAINED_VOLUME, latent_shape=UNTRAINED_LATENT)
            return SynthesizerNetwork(config).eval(), self.electrodes
        if isinstance(self.synthesizer, SynthesizerNetwork):
            card = self.synthesizer.card
            return self.synthesizer, (card.electrodes or None) if card is not None else None
        return load_synthesizer(self.synthesizer)


def load_synthesizer(folder: str | Path) -> tuple[SynthesizerNetwork, tuple[str, ...] | None]:
    """Load a synthesiser and the names of its electrodes (None if not known).

    Raises
    ------
    CheckpointError
        If it cannot be loaded or is of a kind that lends no view.
    """
    from eeg2fmri.models.saving.hub import load

    loaded = load(folder)
    if not isinstance(loaded.model, SynthesizerNetwork):
        raise CheckpointError(
            "this kind of model lends no view",
            where=str(folder),
            got=type(loaded.model).__name__,
            expected="a synthesiser with an encoder that can be trained anew (model preset 'documented')",
            hint="train one:  eeg2fmri train STORE RUN --preset documented;  the view of a recommended one is "
            "classified by classify_run and 'eeg2fmri classify'",
        )
    return loaded.model, loaded.card.electrodes or None
