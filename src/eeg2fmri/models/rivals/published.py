"""Declare what each published model takes in, gives out, how it was trained, and what was reported of it.

A rival is a model like the others: a config with a literal ``kind`` in `eeg2fmri.models.registry`, and a network
called as ``model(x, y=None, *, generator=None)`` that gives a `Synthesis`. Its file in this folder has a `RIVAL`
beside it, a `Rival`: facts of the publication. `rivals` lists them.

Shapes. A spectrogram is x (batch, channel, freq, time); raw EEG is x (batch, channel, 1, sample), V, ending where the
window ends. Volumes are y (batch, x, y, z); R regions are y (batch, R, 1, 1); a block of T times R regions is y
(batch, T R, 1, 1), the oldest first. What a network does to its input beyond that (microvolts, mean of a window, Mel
bands, many windows of the Fourier transform) it does itself, so that a store, a stream and an export hand over the
same.

Presets. ``{"preset": KIND}`` has the published sizes and ``{"preset": KIND_small}`` (`Rival.small`) sizes for a
laptop; settings of a training that go with them are `Rival.training`. A loss of its own is a method ``loss(out, y)``
of the network (`eeg2fmri.models.capabilities.HasLoss`), taken with ``loss: {reconstruction: own}``. An encoder that
the authors trained before is read from a file with `StartsFromWeights.load_encoder`; `Rival.pretrained` names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Literal

from pydantic import Field

from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import ConfigError

#: Kinds of models that are trained by steps; the name of its module here is that of the kind.
TRAINED = ("e2fnet", "e2fgan", "neurobolt", "spec2vol", "nt_vit", "boldflow", "eeg2bold")


class Inputs(Config):
    """What a model is given of the EEG.

    Attributes
    ----------
    kind : {"spectrogram", "raw", "rectangular"}
        ``rectangular``: magnitudes of the Fourier transform of one TR under a rectangular window, a fixed number of
        bins without DC.
    window_s : float or None
        Length of a raw window, s.
    rows : int or None
        Spectra in a window, one a TR; or the TRs of a raw window whose length is not given in seconds.
    bins : int or None
        Bins of a rectangular spectrum.
    lag : int
        Volumes between the end of the window and the target; -1: the target is measured while the window ends.
    sfreq : float or None
        Sampling rate of raw EEG, Hz.
    channels : tuple of str
        Electrodes in their published order; empty: all.
    high_pass, low_pass : float or None
        Filter of the whole recording, Hz.
    reference : {"recorded", "average"}
    scaling : str
        What is done to the numbers, in words; `scaled_by` says who does it.
    scaled_by : {"store", "network"}
    """

    kind: Literal["spectrogram", "raw", "rectangular"]
    window_s: float | None = None
    rows: int | None = None
    bins: int | None = None
    lag: int = 0
    sfreq: float | None = None
    channels: tuple[str, ...] = ()
    high_pass: float | None = None
    low_pass: float | None = None
    reference: Literal["recorded", "average"] = "recorded"
    scaling: str = ""
    scaled_by: Literal["store", "network"] = "network"


class Target(Config):
    """What a model predicts.

    Attributes
    ----------
    kind : {"volume", "regions"}
    block : int
        Consecutive volumes that one window predicts, the last one that of the pair.
    scaling : {"volume range", "region quantile", "recording"}
        ``volume range``: each volume from 0 to 1 by its own least and largest value. ``region quantile``: low-pass over
        the whole scan, minus the mean, divided by the `quantile` of the absolute values.
    low_pass : float or None
        Of the whole scan, forward and backward (5th-order Butterworth), Hz.
    quantile : float or None
    atlas : str
    """

    kind: Literal["volume", "regions"]
    block: int = 1
    scaling: Literal["volume range", "region quantile", "recording"]
    low_pass: float | None = None
    quantile: float | None = None
    atlas: str = ""


class Recipe(Config):
    """How the authors trained.

    Attributes
    ----------
    loss : str
        In words.
    learning_rate, weight_decay, betas
        Of AdamW.
    schedule : {"constant", "cosine", "cosine_restarts"}
    cycles : int
        Of cosine with restarts.
    floor : float
        Lowest learning rate after the warm-up.
    warmup_steps, warmup_epochs : int
    layer_decay : float or None
        Factor of the learning rate from each layer of the encoder to the one before it.
    epochs, batch_size, accumulate : int
    patience : int or None
    clip_norm : float or None
    precision : {"32-true", "16-mixed"}
    seed : int or None
    selection : str
        What the published epoch was chosen by, in words.
    decay_vectors : bool
        Whether biases and norms decay too.
    """

    loss: str
    learning_rate: float
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.999)
    schedule: Literal["constant", "cosine", "cosine_restarts"] = "constant"
    cycles: int = 1
    floor: float = 0.0
    warmup_steps: int = 0
    warmup_epochs: int = 0
    layer_decay: float | None = None
    epochs: int
    batch_size: int
    accumulate: int = 1
    patience: int | None = None
    clip_norm: float | None = None
    precision: Literal["32-true", "16-mixed"] = "32-true"
    seed: int | None = None
    selection: str = ""
    decay_vectors: bool = True


class Score(Config):
    """A published figure.

    Attributes
    ----------
    data, metric, protocol : str
    value : float
    spread : float or None
        As published, beside the value.
    doubt : str
        Why it should be read with care; empty if it is printed in a table.
    """

    data: str
    metric: str
    value: float
    spread: float | None = None
    protocol: str = ""
    doubt: str = ""


def scores_of(
    metrics: Sequence[str], values: Mapping[str, Sequence[float]], protocol: str, doubt: str = ""
) -> tuple[Score, ...]:
    """Make a score of every data set and metric.

    Parameters
    ----------
    metrics : sequence of str
    values : mapping of data set to sequence of float
        In the order of the metrics.
    protocol, doubt : str
        Of all; see `Score`.
    """
    return tuple(
        Score(data=data, metric=metric, value=value, protocol=protocol, doubt=doubt)
        for data, each in values.items()
        for metric, value in zip(metrics, each, strict=True)
    )


class Rival(Config):
    """Facts of a published model.

    Attributes
    ----------
    kind : str
        Of the registry, or the name of the baseline.
    label, paper : str
    licence : str
        Of the authors' repository; what is here was written from facts alone, under the licence of this package.
    inputs : Inputs
    target : Target
    recipe : Recipe or None
        None where there are no gradient steps.
    parameters : int or None
        As stated by the authors or added up from their layers; None if nothing is stated.
    scores : tuple of Score
    pretrained : str
        Encoder that the authors started from; empty if none.
    changed : str
        What is different here or was left in doubt.
    laptop : dict
        Settings of the network that a laptop can train.
    baseline : bool
        Whether it is a baseline (`eeg2fmri.models.baselines`), fitted in closed form.
    """

    kind: str
    label: str
    paper: str
    licence: str
    inputs: Inputs
    target: Target
    recipe: Recipe | None = None
    parameters: int | None = None
    scores: tuple[Score, ...] = ()
    pretrained: str = ""
    changed: str = ""
    laptop: dict[str, Any] = Field(default_factory=dict)
    baseline: bool = False

    @property
    def small(self) -> str:
        """Name of the preset with sizes for a laptop."""
        return f"{self.kind}_small"

    def pairs(self) -> dict[str, Any]:
        """Give settings of windows (`eeg2fmri.data.pairs.windows.PairConfig`) that follow the publication."""
        given = self.inputs
        block = {} if self.target.block == 1 else {"block": self.target.block}
        if given.kind == "raw":
            length = {"window": given.rows} if given.window_s is None else {"window_s": given.window_s}
            return {"eeg": "raw", "lag": given.lag, **length, **block}
        rows = {} if given.rows is None else {"window": given.rows}
        bins = {} if given.bins is None else {"bins": given.bins}
        return {"eeg": "spectrogram", "lag": given.lag, **rows, **bins, **block}

    def training(self) -> dict[str, Any]:
        """Give settings of a training (`eeg2fmri.train.config.TrainConfig`) that follow the recipe.

        Raises
        ------
        ConfigError
            If there is no recipe.
        """
        if self.recipe is None:
            raise ConfigError("this model is not trained by steps", got=self.kind)
        recipe = self.recipe
        rates = (
            "learning_rate",
            "weight_decay",
            "betas",
            "schedule",
            "cycles",
            "floor",
            "warmup_steps",
            "warmup_epochs",
            "decay_vectors",
        )
        optimiser = {name: getattr(recipe, name) for name in (*rates, "layer_decay", "clip_norm", "accumulate")}
        return {
            "pairs": self.pairs(),
            "epochs": recipe.epochs,
            "batch_size": recipe.batch_size,
            "patience": recipe.patience,
            "loss": {"reconstruction": "own", "latent": 0.0, "kl": 0.0},
            "optimiser": {**optimiser, "epsilon": 1e-8},
        }


def rivals() -> dict[str, Rival]:
    """List the published models by kind, those of the registry first.

    Examples
    --------
    >>> sorted(rivals())[:3]
    ['boldflow', 'e2fgan', 'e2fnet']
    """
    from eeg2fmri.models.rivals.fingerprint import RIVAL

    return {kind: rival(kind) for kind in TRAINED} | {RIVAL.kind: RIVAL}


def rival(kind: str) -> Rival:
    """Give the facts of a model that is trained by steps.

    Raises
    ------
    ConfigError
        If there is no such model.
    """
    if kind not in TRAINED:
        raise ConfigError("there is no such published model", got=repr(kind), expected="one of " + ", ".join(TRAINED))
    found: Rival = import_module(f"eeg2fmri.models.rivals.{kind}").RIVAL
    return found
