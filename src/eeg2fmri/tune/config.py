"""Settings of a search: what varies, how many trials, what decides."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from eeg2fmri.core.config import Config, Seed

#: Settings that a search can vary; `eeg2fmri.tune.space` says over which values.
Axis = Literal[
    "learning_rate",
    "weight_decay",
    "channels",
    "latent",
    "batch_size",
    "dropout",
    "projection",
    "style",
    "head",
    "na_spec",
]
ALL_AXES: tuple[Axis, ...] = get_args(Axis)


class TuneConfig(Config):
    """A search.

    Attributes
    ----------
    base : dict
        Settings of a training (`TrainConfig`) from which every trial starts.
    vary : tuple of str
        Which settings vary.
    trials : int
        Trials in all, those of other workers on the same storage included.
    epochs : int
        Epochs of one trial.
    folds : int
        1: the validation subjects of the split decide. More: inner cross-validation over the training and
        validation subjects; the mean over folds decides.
    pruning : bool
        Whether a trial that is worse than the median of the others at the same epoch ends early.
    generated : int
        Generated architectures that stand beside the published ones that fit.
    seed : int
        Of the search. Several workers on one storage need different seeds.

    Examples
    --------
    >>> TuneConfig(trials=20).trials
    20
    """

    base: dict[str, Any] = Field(default_factory=dict)
    vary: Annotated[tuple[Axis, ...], Field(min_length=1)] = ALL_AXES
    trials: Annotated[int, Field(ge=1)] = 20
    epochs: Annotated[int, Field(ge=1)] = 10
    folds: Annotated[int, Field(ge=1)] = 1
    pruning: bool = True
    generated: Annotated[int, Field(ge=0)] = 8
    seed: Seed = 0
