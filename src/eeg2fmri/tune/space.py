"""The values that a search varies over, and the settings of a training that they make."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.core.random import generator
from eeg2fmri.models.documented.na_spec import NASpec, preset_names
from eeg2fmri.tune.architectures import random_na_spec
from eeg2fmri.tune.config import Axis, TuneConfig

if TYPE_CHECKING:
    from optuna import Trial

Shape = tuple[int, int, int]

#: Seed of the generated architectures.
ARCHITECTURE_SEED = 0

#: Settings that every model has; the others are of the documented synthesiser.
OF_ANY_MODEL: tuple[Axis, ...] = ("learning_rate", "batch_size")

#: Part of the full resolution that the coarse grid of a low-resolution head has on each axis.
COARSE = 4


def architectures(shape: Shape, family: str, generated: int, seed: int) -> dict[str, dict[str, Any]]:
    """Name the architectures of an encoder: the published ones that fit, and generated ones.

    Parameters
    ----------
    shape : (int, int, int)
        Input of the encoder.
    family : {"eeg", "fmri"}
    generated : int
        How many are generated.
    seed : int
        The same seed generates the same ones, on every worker.
    """
    fitting = {name: NASpec.of(name) for name in preset_names() if name.startswith(f"{family}-")}
    found = {name: spec.model_dump(mode="json") for name, spec in fitting.items() if not spec.problems(shape, "")}
    if not found:
        found[f"{family}-2 scaled"] = NASpec.for_shape(shape, f"{family}-2").model_dump(mode="json")
    for k in range(generated):
        spec = random_na_spec(shape, generator(seed, "architecture", family, k))
        found[f"generated-{k}"] = spec.model_dump(mode="json")
    return found


def check_axes(config: TuneConfig) -> None:
    """Check that the model of a search has every setting that is to vary.

    Raises
    ------
    ConfigError
        Naming those that it lacks.
    """
    model = config.base.get("model") or {"preset": "documented"}
    name = str(model.get("preset", model.get("kind")))
    lacking = [axis for axis in config.vary if axis not in OF_ANY_MODEL]
    if name not in ("documented", "synthesizer") and lacking:
        raise ConfigError(
            f"the model {name!r} has no such settings to vary",
            where="vary",
            got=", ".join(lacking),
            expected=", ".join(OF_ANY_MODEL),
            hint="set 'vary' to these, or search over the documented synthesiser",
        )


def suggest(trial: Trial, config: TuneConfig, eeg_shape: Shape, volume_shape: Shape) -> dict[str, Any]:
    """Draw the settings of one trial.

    Parameters
    ----------
    trial : optuna.Trial
    config : TuneConfig
    eeg_shape : (channel, freq, time)
    volume_shape : (x, y, z)

    Returns
    -------
    dict
        Settings of a training: values of `eeg2fmri.train.config.TrainConfig`.
    """
    values = deepcopy(config.base)
    values["epochs"] = config.epochs
    model: dict[str, Any] = values.setdefault("model", {"preset": "documented"})
    vary = set(config.vary)
    eeg: dict[str, Any] = {}
    bold: dict[str, Any] = {}
    if vary & {"weight_decay", "channels", "na_spec"}:
        eeg = model.setdefault("encoder", {}).setdefault("blocks", {})
        bold = model.setdefault("volume_encoder", {}).setdefault("blocks", {})
    if "learning_rate" in vary:
        rate = trial.suggest_float("learning_rate", 1e-5, 1e-2, log=True)
        values.setdefault("optimiser", {})["learning_rate"] = rate
    if "weight_decay" in vary:
        eeg["weight_decay"] = bold["weight_decay"] = trial.suggest_float("weight_decay", 1e-10, 1e-1, log=True)
    if "channels" in vary:
        eeg["channels"] = bold["channels"] = trial.suggest_int("channels", 1, 16, log=True)
    if "latent" in vary:
        side = trial.suggest_int("latent", 2, min(15, *volume_shape))
        model["latent_shape"] = [side, side, side]
    if "batch_size" in vary:
        values["batch_size"] = trial.suggest_categorical("batch_size", [2, 4, 8, 16])
    if "dropout" in vary:
        model["dropout"] = trial.suggest_float("dropout", 0.0, 0.6)
    if "projection" in vary:
        model["projection"] = {"kind": trial.suggest_categorical("projection", ["dense", "fourier", "random_fourier"])}
    if "style" in vary:
        model["style"] = trial.suggest_categorical("style", ["none", "attention", "prior"])
    if "head" in vary:
        head = trial.suggest_categorical("head", ["dense", "low_resolution"])
        if head == "low_resolution":
            grid = [max(1, n // COARSE) for n in volume_shape]
            model["head"] = {"low_resolution": {"grid": grid}, "transform": "dct", "up": {"kind": "padded_dct"}}
    if "na_spec" in vary:
        for name, part, shape in (("eeg", eeg, eeg_shape), ("fmri", bold, volume_shape)):
            # the same architectures for every worker, whatever its seed: they are choices of one study
            known = architectures(shape, name, config.generated, ARCHITECTURE_SEED)
            part["na_spec"] = known[trial.suggest_categorical(f"{name}_na_spec", list(known))]
    return values
