"""Flags of the fMRI autoencoder as the seed names them, and the config that they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eeg2fmri.core.errors import ConfigError, Problem
from eeg2fmri.models.documented.autoencoder import AutoencoderConfig
from eeg2fmri.models.documented.na_spec import NASpec

#: Arguments of `fMRI_AE` with their defaults, in the order of positional calls and of the tuple `fmri_args`.
FMRI_DEFAULTS: dict[str, Any] = {
    "latent_shape": (7, 7, 7),
    "input_shape": (64, 64, 30),
    "kernel_size": None,
    "stride_size": None,
    "n_channels": 4,
    "max_pool": True,
    "batch_norm": True,
    "weight_decay": 0.0,
    "skip_connections": True,
    "n_stacks": None,
    "local": True,
    "local_attention": False,
    "outfilter": 1,
    "dropout": True,
    "seed": 0,
    "_build_decoder": True,
    "na_spec": None,
}
OUTPUT_FILTERS = {0: "none", 1: "convolution", 2: "local"}


class Faults:
    """Problems of one call, collected so that all are told at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, what: str, where: str, got: Any = "", expected: str = "", hint: str = "") -> None:
        """Add one problem."""
        self.problems.append(Problem(what, where, str(got), expected, hint))

    def take(self, error: ConfigError) -> None:
        """Add the problems of an error."""
        self.problems.extend(error.problems)

    def stop(self) -> None:
        """Raise what was found.

        Raises
        ------
        ConfigError
            If there is any problem.
        """
        if self.problems:
            raise ConfigError.of(self.problems)


def shape3(value: Any, where: str, faults: Faults) -> tuple[int, int, int]:
    """Read a shape of three axes; a trailing 1 is dropped. A wrong one is noted, and (1, 1, 1) returned."""
    sizes = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else ()
    if len(sizes) == 4 and sizes[3] == 1:
        sizes = sizes[:3]
    if len(sizes) != 3 or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in sizes):
        faults.add("a shape of three axes is needed", where, value, "three integers above 0, or four that end in 1")
        return 1, 1, 1
    return sizes[0], sizes[1], sizes[2]


def na_spec(value: Any, where: str, faults: Faults) -> NASpec | None:
    """Read a specification in any of its forms; a wrong one is noted, and None returned."""
    try:
        return NASpec.of(value)
    except ConfigError as error:
        for problem in error.problems:
            faults.add(problem.what, f"{where}: {problem.where}", problem.got, problem.expected, problem.hint)
        return None


def fmri_values(arguments: Mapping[str, Any], where: str, faults: Faults) -> dict[str, Any]:
    """Translate the arguments of `fMRI_AE` to the values of an `AutoencoderConfig`.

    Parameters
    ----------
    arguments : mapping
        Some or all of `FMRI_DEFAULTS`.
    where : str
        Prefix of the names in messages.
    faults : Faults
        Takes what is wrong.
    """
    for name in arguments:
        if name not in FMRI_DEFAULTS:
            faults.add("unknown argument", f"{where}{name}", expected="one of " + ", ".join(FMRI_DEFAULTS))
    given = {**FMRI_DEFAULTS, **{k: v for k, v in arguments.items() if k in FMRI_DEFAULTS}}
    shape = shape3(given["input_shape"], f"{where}input_shape", faults)
    latent = shape3(given["latent_shape"], f"{where}latent_shape", faults)
    if given["outfilter"] not in OUTPUT_FILTERS:
        faults.add("unknown output filter", f"{where}outfilter", given["outfilter"], "0, 1 or 2")
    spec = _spec(given, shape, where, faults)
    return {
        "kind": "fmri_autoencoder",
        "volume_shape": shape,
        "latent_shape": latent,
        "encoder": {
            "blocks": {
                "na_spec": None if spec is None else spec.model_dump(),
                "channels": given["n_channels"],
                "batch_norm": given["batch_norm"],
                "skip_connections": given["skip_connections"],
                "kernels": "shared" if given["local"] else "local",
                "weight_decay": given["weight_decay"],
            },
            "self_attention": given["local_attention"],
            "dropout": 0.5 if given["dropout"] else 0.0,
        },
        "decoder": "dense" if given["_build_decoder"] else "none",
        "output_filter": OUTPUT_FILTERS.get(given["outfilter"], "none"),
        "seed": given["seed"],
    }


def _spec(given: Mapping[str, Any], shape: tuple[int, int, int], where: str, faults: Faults) -> NASpec | None:
    own = [given[name] for name in ("kernel_size", "stride_size", "n_stacks")]
    if given["na_spec"] is not None:
        spec = na_spec(given["na_spec"], f"{where}na_spec", faults)
    elif all(value is None for value in own):
        spec = NASpec.for_shape(shape, "fmri-2")
    else:
        kernel, stride, stacks = own
        n = 1 if stacks is None else stacks
        spec = na_spec(
            {
                "kernels": [_triple(3 if kernel is None else kernel)] * n,
                "strides": [_triple(1 if stride is None else stride)] * n,
            },
            f"{where}kernel_size, stride_size and n_stacks",
            faults,
        )
    if spec is None:
        return None
    if not given["max_pool"]:
        spec = spec.model_copy(update={"maxpool": False})
    faults.problems += spec.problems(shape, f"{where}na_spec of the fMRI encoder")
    return spec


def _triple(value: Any) -> Any:
    return (value,) * 3 if isinstance(value, int) else value


def fmri_config(arguments: Mapping[str, Any]) -> AutoencoderConfig:
    """Build the config of an autoencoder from the arguments of `fMRI_AE`.

    Raises
    ------
    ConfigError
        Naming all wrong arguments at once.
    """
    faults = Faults()
    values = fmri_values(arguments, "", faults)
    faults.stop()
    return AutoencoderConfig.make(values, where="fMRI_AE")
