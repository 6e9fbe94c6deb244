"""Every setting of a training, with its unit and default."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from eeg2fmri.core.config import Config, Seed
from eeg2fmri.data.join.axes import Electrodes
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.splits.make import SplitConfig

#: Learning rate found by the Bayesian search of Calhas and Henriques (arXiv:2203.03481).
PUBLISHED_LEARNING_RATE = 0.002980911194116198


#: Share of the old in a running mean.
Decay = Annotated[float, Field(ge=0, lt=1)]


class OptimiserConfig(Config):
    """Adam, or AdamW where weights decay, and what surrounds its step.

    Attributes
    ----------
    learning_rate : float
        Step size at the end of the warm-up.
    weight_decay : float
        Share of each weight that a step takes away, as a factor of the learning rate (AdamW).
    decay_vectors : bool
        Whether biases, gains and offsets decay too.
    layer_decay : float or None
        Factor of the learning rate from each layer to the one before it, of a model whose layers have a depth
        (`eeg2fmri.models.capabilities.HasDepth`).
    schedule : {"constant", "cosine", "cosine_restarts"}
        Course of the learning rate after the warm-up; a cosine ends at `floor`.
    cycles : int
        Cosines of ``cosine_restarts``, each of which begins at `learning_rate`.
    floor : float
        Lowest learning rate of a cosine.
    warmup_steps, warmup_epochs : int
        Optimiser steps, or epochs, over which the learning rate rises linearly from 0.
    clip_norm : float or None
        Largest L2 norm of the whole gradient; None leaves it as it is.
    accumulate : int
        Batches whose gradients are averaged before one optimiser step.
    """

    learning_rate: Annotated[float, Field(gt=0)] = PUBLISHED_LEARNING_RATE
    betas: tuple[Decay, Decay] = (0.9, 0.999)
    epsilon: Annotated[float, Field(gt=0)] = 1e-7
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    decay_vectors: bool = True
    layer_decay: Annotated[float, Field(gt=0, le=1)] | None = None
    schedule: Literal["constant", "cosine", "cosine_restarts"] = "constant"
    cycles: Annotated[int, Field(ge=1)] = 1
    floor: Annotated[float, Field(ge=0)] = 0.0
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    warmup_epochs: Annotated[int, Field(ge=0)] = 0
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    accumulate: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _rates_fit(self) -> OptimiserConfig:
        if self.warmup_steps and self.warmup_epochs:
            raise ValueError("give 'warmup_steps' or 'warmup_epochs': a warm-up has one length")
        if self.floor > self.learning_rate:
            raise ValueError("'floor' is the lowest learning rate: it cannot be above 'learning_rate'")
        return self


class PenaltyConfig(Config):
    """A penalty on the weights of one part of the model, added to the loss.

    Attributes
    ----------
    part : str
        Beginning of the names of the parameters, for example ``head`` or ``eeg_encoder.dense``.
    norm : {"l1", "l2"}
        Sum of absolute values, or of squares.
    weight : float
        Factor.
    """

    part: Annotated[str, Field(min_length=1)]
    norm: Literal["l1", "l2"] = "l2"
    weight: Annotated[float, Field(gt=0)]


class LossConfig(Config):
    """Weights of the parts of the loss (see `eeg2fmri.train.steps.losses`).

    Attributes
    ----------
    reconstruction : {"absolute", "squared", "own"}
        Mean absolute difference, or half the mean squared difference. A model with a scale output is then
        trained with the Laplace likelihood. ``own``: the loss that the model brings with it, over all voxels.
    voxels : {"all", "brain"}
        Voxels that count: the whole box as published, or those of the training brain mask.
    outside : float
        Weight of a voxel outside the training brain mask, where one inside counts 1 and `voxels` is ``brain``.
    latent : float
        Weight of 1 - cos(z_x, z_y).
    kl : float
        Weight of the Kullback-Leibler divergence of the variational weights, divided by the number of
        training pairs.
    kl_warmup_epochs : int
        Epochs over which the weight of the divergence rises linearly to `kl`: k / (w + 1) of it in the k-th of w.
    penalties : tuple of PenaltyConfig
        Beside the weight decay and channel organisation that the model's own settings name.
    """

    reconstruction: Literal["absolute", "squared", "own"] = "absolute"
    voxels: Literal["all", "brain"] = "all"
    outside: Annotated[float, Field(ge=0)] = 0.0
    latent: Annotated[float, Field(ge=0)] = 1.0
    kl: Annotated[float, Field(ge=0)] = 1.0
    kl_warmup_epochs: Annotated[int, Field(ge=0)] = 0
    penalties: tuple[PenaltyConfig, ...] = ()

    @model_validator(mode="after")
    def _outside_needs_a_mask(self) -> LossConfig:
        if self.outside and self.voxels != "brain":
            raise ValueError("'outside' is the weight of voxels outside the brain: set 'voxels' to 'brain' with it")
        if self.reconstruction == "own" and self.voxels != "all":
            raise ValueError("a model's own loss weighs its voxels itself: leave 'voxels' at 'all'")
        return self


class TrainConfig(Config):
    """A training from store to run.

    Attributes
    ----------
    model : dict
        ``{"preset": NAME, ...}`` with settings of that preset to change, or a whole model config with
        its ``kind``; ``recommended`` by default, with the other settings that go with it.
    pairs : PairConfig
        Windows, lag, scaling and target.
    split : SplitConfig
        Which subjects train, validate and test.
    electrodes : {"common", "first"}
        Where several stores are given: the electrodes that all of them have, or those of the first store, to which the
        others are interpolated.
    epochs : int
        Passes over the training pairs; 0 keeps a model that was fitted in closed form as it is.
    batch_size : int
        Pairs in a batch on each device.
    patience : int or None
        Stop after so many epochs without a better validation loss; None trains all epochs.
    minutes : float or None
        Stop after so many minutes of training, resumptions included: the epoch that is running ends there and is
        validated, and the best one is kept. None trains all epochs.
    average_decay : float or None
        Decay of an exponential moving average of the weights that is validated and saved in their
        place; None saves the weights themselves.
    seed : int
        Seed of weights, order of pairs, dropout and draws.
    workers : int
        Threads that make batches ahead of the step; the result does not depend on their number.
    accelerator : {"auto", "cpu", "cuda"}
        Where to train.
    devices, nodes : int
        Devices on each machine, and machines.
    precision : {"32-true", "bf16-mixed"}
        Arithmetic of the step.
    synchronise_batch_norm : bool
        With several processes: batch normalisation over the global batch, as one process has it, or over each
        process's own part of it.
    logs : tuple of {"csv", "tensorboard"}
        Where each epoch is written while the training runs: ``history.csv``, ``tensorboard/``.
    encoder_weights : str or None
        File with the weights that the encoder of the model starts from, ``.safetensors`` or ``.pth``, of a model that
        has such an encoder; None starts at random.
    checkpoint_minutes : float
        Time between two saved states within an epoch; there is always one after each epoch.

    Examples
    --------
    >>> TrainConfig.make({"model": {"preset": "recommended"}, "epoch": 3})
    Traceback (most recent call last):
        ...
    eeg2fmri.core.errors.ConfigError: unknown setting
      where:    epoch
      ...
      do:       did you mean 'epochs'?
    """

    model: dict[str, Any] = Field(default_factory=lambda: {"preset": "recommended"})
    pairs: PairConfig = PairConfig()
    split: SplitConfig = SplitConfig()
    loss: LossConfig = LossConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    electrodes: Electrodes = "common"
    epochs: Annotated[int, Field(ge=0)] = 10
    batch_size: Annotated[int, Field(ge=1)] = 4
    patience: Annotated[int, Field(ge=1)] | None = None
    minutes: Annotated[float, Field(gt=0)] | None = None
    average_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    seed: Seed = 0
    workers: Annotated[int, Field(ge=0, le=1024)] = 0
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    devices: Annotated[int, Field(ge=1)] = 1
    nodes: Annotated[int, Field(ge=1)] = 1
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    synchronise_batch_norm: bool = True
    logs: tuple[Literal["csv", "tensorboard"], ...] = ("csv",)
    encoder_weights: str | None = None
    checkpoint_minutes: Annotated[float, Field(gt=0)] = 10.0

    @model_validator(mode="after")
    def _model_is_named(self) -> TrainConfig:
        if ("preset" in self.model) == ("kind" in self.model):
            raise ValueError("model needs either 'preset' (a named preset) or 'kind' (a whole model config)")
        return self
