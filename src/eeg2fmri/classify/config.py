"""Every setting of a classification."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from eeg2fmri.classify.view_training.train import NotNegative, ViewTraining
from eeg2fmri.core.config import Config, Seed
from eeg2fmri.core.deprecation import deprecated

MethodName = Literal["view", "untrained view", "spectrogram", "band power", "covariance", "majority"]
#: What is compared by default; the covariance needs pyriemann and is left out, and said to be, without it.
METHODS: tuple[MethodName, ...] = ("view", "untrained view", "spectrogram", "band power", "covariance", "majority")


class ViewConfig(Config):
    """Settings of the view classifier.

    Attributes
    ----------
    encoder : {"auto", "anew", "synthesizer", "frozen"}
        ``anew``: trained anew on pairs, as published. ``synthesizer``: the same training, from the synthesiser's
        weights. ``frozen``: nothing but a linear classifier of the volumes that the synthesiser makes; its L2 penalty
        is one of `strengths`, and all other settings are of the training on pairs. ``auto``: ``frozen`` of a
        recommended synthesiser, which has no latent to train an encoder to, and ``anew`` of every other.
    strengths : tuple of float
        Inverse L2 penalties of the linear classifier of a frozen view, to choose from in inner folds.
    penalty : {"none", "l1", "l2"}
    penalty_factors : tuple of float
        To choose from in inner folds.
    choose_epochs : bool
        Choose the number of epochs in inner folds too; else all of ``training.epochs``.
    degree, activation, variational, aleatoric
        As in `EEGViewClassifier`.
    passes : int
        Draws over which variational weights are averaged.
    training : ViewTraining
    """

    encoder: Literal["auto", "anew", "synthesizer", "frozen"] = "auto"
    strengths: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1e-3, 1e-2, 1e-4)
    penalty: Literal["none", "l1", "l2"] = "l1"
    penalty_factors: Annotated[tuple[NotNegative, ...], Field(min_length=1)] = (1e-4, 1e-3)
    choose_epochs: bool = False
    degree: Annotated[int, Field(ge=1)] = 1
    activation: Literal["linear", "relu", "elu", "tanh", "sigmoid"] = "linear"
    variational: bool = False
    aleatoric: bool = False
    passes: Annotated[int, Field(ge=1)] = 1
    training: ViewTraining = ViewTraining()

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        if self.encoder == "frozen":
            idle = [
                name
                for name, field in type(self).model_fields.items()
                if name not in {"encoder", "strengths"} and getattr(self, name) != field.default
            ]
            if idle:
                raise ValueError(
                    f"nothing is trained on pairs with the encoder 'frozen': no effect of {', '.join(idle)}"
                )
        return self


class ClassifyConfig(Config):
    """How EEG-only recordings are classified and what of it is reported.

    Attributes
    ----------
    folds : {"leave-one-out", "leave-one-per-class-out"} or int
        Outer folds over subjects; a number makes so many stratified folds.
    inner_folds : int
        Stratified folds over the training subjects in which settings are chosen; 0 takes the first of every list of
        settings and chooses nothing.
    vote : {"mean probability", "majority"}
        How windows make a subject: mean of the probabilities; or share of the windows that a class has.
    stride : int or None
        Rows between the starts of windows; None: windows follow each other without overlap.
    skip_rows : int
        Rows left out at the beginning of a recording.
    methods : tuple of str
        What is compared, on the same folds.
    electrodes : {"interpolate", "recorded"}
        ``interpolate`` brings the EEG to the synthesiser's electrodes, by name or by spherical splines. ``recorded``
        gives the recorded ones to the encoder, which adapts if it is trained anew.
    strengths : tuple of float
        Inverse penalties of the linear baselines, to choose from.
    view : ViewConfig
    refits : int
        Permutations of the classes over subjects for the test against chance. For each of them folds are made and
        classifiers trained again, with the first of every list of settings; 19 is the least that can give p = 0.05.
    refit_folds : int
        Stratified folds of these trainings.
    permutations : int
        Permutations of the classes over predictions as they are. It costs nothing, but predictions of different
        folds depend on each other, so that its p is no more than a hint.
    bootstraps : int
        Draws of subjects for intervals.
    explain_windows : int
        Windows of each test subject that are explained; 0 for none.
    seed : int

    Examples
    --------
    >>> ClassifyConfig(refits=0).folds
    'leave-one-out'
    """

    folds: Literal["leave-one-out", "leave-one-per-class-out"] | Annotated[int, Field(ge=2)] = "leave-one-out"
    inner_folds: Annotated[int, Field(ge=0)] = 2
    vote: Literal["mean probability", "majority"] = "mean probability"
    stride: Annotated[int, Field(ge=1)] | None = None
    skip_rows: Annotated[int, Field(ge=0)] = 0
    methods: Annotated[tuple[MethodName, ...], Field(min_length=1)] = METHODS
    electrodes: Literal["interpolate", "recorded"] = "interpolate"
    strengths: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (0.01, 0.1, 1.0)
    view: ViewConfig = ViewConfig()
    refits: Annotated[int, Field(ge=0)] = 19
    refit_folds: Annotated[int, Field(ge=2)] = 4
    permutations: Annotated[int, Field(ge=0)] = 5000
    bootstraps: Annotated[int, Field(ge=0)] = 2000
    explain_windows: Annotated[int, Field(ge=0)] = 2
    seed: Seed = 0

    @field_validator("folds", mode="before")
    @classmethod
    def _old_spelling(cls, folds: Any) -> Any:
        if folds != "leave-one-subject-out":
            return folds
        deprecated("folds 'leave-one-subject-out'", "'leave-one-out'", since="0.1", removed="0.3")
        return "leave-one-out"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.inner_folds == 1:
            raise ValueError("one inner fold has nothing to choose on: 0, or 2 and more")
        if len(set(self.methods)) != len(self.methods):
            raise ValueError("methods are named twice")
        return self
