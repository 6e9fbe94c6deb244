"""Flags of the EEG-to-fMRI synthesiser as the seed names them, and the config that they stand for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from eeg2fmri.models.documented.na_spec import NASpec
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig
from eeg2fmri.models.earlier_package.flag_fmri import FMRI_DEFAULTS, Faults, fmri_values, na_spec, shape3

#: Factor of the centring of angles in the earlier package: 1 / sqrt(2 pi).
PUBLISHED_CENTRING = 1 / math.sqrt(2 * math.pi)
DISTRIBUTIONS = {"Normal": "normal", "VonMises": "von_mises"}

#: (flag, flag that it needs, why)
NEEDS = (
    ("random_fourier", "fourier_features", "random Fourier features are a kind of Fourier features"),
    ("conditional_attention_style_prior", "conditional_attention_style", "the prior is a kind of style"),
    ("organize_channels", "topographical_attention", "it organises the attention scores"),
    ("variational_iDFT", "inverse_DFT", "the variational inverse transform is a kind of inverse transform"),
    ("variational_coefs", "variational_iDFT", "the coefficients extend the variational spectrum"),
    ("variational_iDFT", "variational_coefs", "without them nothing is random"),
    ("variational_iDFT_dependent", "variational_iDFT", "it makes the random coefficients depend on the spectrum"),
    ("variational_iDFT_dependent_dim", "variational_iDFT_dependent", "it counts the heads of the dependence"),
    ("variational_random_padding", "variational_iDFT", "it places the coefficients of the variational spectrum"),
    ("random_padding_positions", "variational_random_padding", "they are the places"),
    ("fourier_normalization", "random_fourier", "it normalises the angles of random Fourier features"),
    ("batch_norm_reg", "random_fourier", "it centres the angles of random Fourier features"),
    ("attention_scores", "topographical_attention", "they are the scores of the attention"),
    ("low_resolution_decoder", "resolution_decoder", "the low resolution has to be given"),
    ("resolution_decoder", "low_resolution_decoder", "there is no low resolution without it"),
)


def synthesizer_config(flags: Mapping[str, Any]) -> SynthesizerConfig:
    """Build the config of a synthesiser from the arguments of `EEG_to_fMRI`.

    Parameters
    ----------
    flags : mapping
        Every argument by its name.

    Raises
    ------
    ConfigError
        Naming all contradictory and wrong arguments at once.
    """
    faults = Faults()
    _contradictions(flags, faults)
    latent = shape3(flags["latent_shape"], "latent_shape", faults)
    eeg = shape3(flags["input_shape"], "input_shape", faults)
    fmri = _fmri_values(flags["fmri_args"], latent, faults)
    volume = fmri["volume_shape"]
    spec = NASpec.for_shape(eeg, "eeg-2") if flags["na_spec"] is None else na_spec(flags["na_spec"], "na_spec", faults)
    if spec is not None:
        faults.problems += spec.problems(eeg, "na_spec of the EEG encoder")
    grid = _grid(flags, volume, faults)
    _coefficients(flags, grid or latent, volume, faults)
    faults.stop()
    return SynthesizerConfig.make(
        {
            "eeg_shape": eeg,
            "volume_shape": volume,
            "latent_shape": latent,
            "encoder": {
                "blocks": {
                    "na_spec": spec.model_dump() if spec is not None else None,
                    "channels": flags["n_channels"],
                    "batch_norm": flags["batch_norm"],
                    "skip_connections": flags["skip_connections"],
                    "kernels": "shared" if flags["local"] else "local",
                    "weight_decay": flags["weight_decay"],
                },
                "attention": _attention(flags),
            },
            "volume_encoder": fmri["encoder"],
            "volume_encoder_seed": fmri["seed"],
            "projection": _projection(flags),
            "style": _style(flags),
            "dropout": 0.5 if flags["dropout"] else 0.0,
            "head": _head(flags, grid),
            "output_filter": fmri["output_filter"],
            "scale": "exponential" if flags["aleatoric_uncertainty"] else "none",
            "seed": flags["seed"],
        },
        where="EEG_to_fMRI",
    )


def _given(value: Any) -> bool:
    return value is not None and value is not False


def _contradictions(flags: Mapping[str, Any], faults: Faults) -> None:
    for flag, needed, why in NEEDS:
        if _given(flags[flag]) and not _given(flags[needed]):
            faults.add(
                f"{flag} needs {needed}",
                f"{flag} and {needed}",
                f"{flag}={flags[flag]!r}, {needed}={flags[needed]!r}",
                hint=f"{why}: give both or neither",
            )
    style, prior = flags["conditional_attention_style"], flags["conditional_attention_style_prior"]
    if style and not prior and not flags["topographical_attention"]:
        faults.add(
            "conditional_attention_style needs topographical_attention",
            "conditional_attention_style and topographical_attention",
            "conditional_attention_style=True, topographical_attention=False",
            hint="the style is made of the attention scores: add the attention, or conditional_attention_style_prior",
        )
    if flags["variational_dist"] not in DISTRIBUTIONS:
        faults.add(
            "unknown distribution", "variational_dist", repr(flags["variational_dist"]), " or ".join(DISTRIBUTIONS)
        )


def _fmri_values(value: Any, latent: tuple[int, int, int], faults: Faults) -> dict[str, Any]:
    """Values of an `AutoencoderConfig` from a dict or the 17-tuple; its seed is None where none is given."""
    if value is None:
        given: dict[str, Any] = {}
    elif isinstance(value, Mapping):
        given = dict(value)
    elif isinstance(value, Sequence) and not isinstance(value, str) and len(value) == len(FMRI_DEFAULTS):
        given = dict(zip(FMRI_DEFAULTS, value, strict=True))
    else:
        got = f"{len(value)} values" if isinstance(value, Sequence) else type(value).__name__
        expected = f"a dict, or the {len(FMRI_DEFAULTS)} values ({', '.join(FMRI_DEFAULTS)})"
        faults.add("fmri_args has the wrong form", "fmri_args", got, expected)
        given = {}
    given.setdefault("latent_shape", latent)
    values = fmri_values(given, "fmri_args: ", faults)
    if tuple(values["latent_shape"]) != latent:
        faults.add(
            "the two latents have different shapes",
            "latent_shape and fmri_args: latent_shape",
            f"{latent} and {values['latent_shape']}",
            "the same shape: training compares them",
        )
    return {**values, "seed": given.get("seed")}


def _grid(flags: Mapping[str, Any], volume: tuple[int, int, int], faults: Faults) -> tuple[int, int, int] | None:
    """Grid of the low-resolution decoder: given, or every axis of the volume divided by a number and floored."""
    value = flags["resolution_decoder"]
    if value is None or not flags["low_resolution_decoder"]:
        return None
    if not isinstance(value, (int, float)):
        return shape3(value, "resolution_decoder", faults)
    if isinstance(value, bool) or value <= 1:
        faults.add(
            "resolution_decoder has to be above 1", "resolution_decoder", value, "a number above 1, or the grid itself"
        )
        return None
    grid = (int(volume[0] // value), int(volume[1] // value), int(volume[2] // value))
    if min(grid) < 1:
        faults.add(
            "resolution_decoder leaves no voxel on an axis",
            "resolution_decoder and fmri_args: input_shape",
            f"{volume} divided by {value} gives {grid}",
            "at least 1 on every axis",
        )
        return None
    return grid


def _coefficients(
    flags: Mapping[str, Any], grid: tuple[int, int, int], volume: tuple[int, int, int], faults: Faults
) -> None:
    if flags["inverse_DFT"] and any(n > m for n, m in zip(grid, volume, strict=True)):
        faults.add(
            "the spectrum is larger than the volume",
            "inverse_DFT and " + ("resolution_decoder" if flags["low_resolution_decoder"] else "latent_shape"),
            f"spectrum {grid}, volume {volume}",
            "at most the size of the volume on every axis",
        )
    value = flags["variational_coefs"]
    if value is None:
        return
    extra = tuple(value) if isinstance(value, Sequence) else ()
    if len(extra) != 3 or any(not 0 < r < m - n for r, m, n in zip(extra, volume, grid, strict=True)):
        faults.add(
            "variational_coefs is outside 0 < R < M - N",
            "variational_coefs and " + ("resolution_decoder" if flags["low_resolution_decoder"] else "latent_shape"),
            f"R = {value}, low resolution N = {grid}, volume M = {volume}",
            "0 < R < M - N on every axis",
        )


def _attention(flags: Mapping[str, Any]) -> dict[str, Any] | None:
    if not flags["topographical_attention"]:
        return None
    return {
        "scores": flags["attention_scores"] or "softmax",
        "organisation": 1.0 if flags["organize_channels"] else 0.0,
    }


def _projection(flags: Mapping[str, Any]) -> dict[str, Any]:
    if flags["random_fourier"]:
        return {
            "kind": "random_fourier",
            "normalization": flags["fourier_normalization"] or "layer",
            "centring": PUBLISHED_CENTRING if flags["batch_norm_reg"] else 0.0,
        }
    return {"kind": "fourier" if flags["fourier_features"] else "dense"}


def _style(flags: Mapping[str, Any]) -> str:
    if not flags["conditional_attention_style"]:
        return "none"
    return "prior" if flags["conditional_attention_style_prior"] else "attention"


def _head(flags: Mapping[str, Any], grid: tuple[int, int, int] | None) -> dict[str, Any]:
    aleatoric, variational = flags["aleatoric_uncertainty"], flags["variational_iDFT"]
    low = None
    if grid is not None:
        low = {"grid": grid, "layer": "dense_variational" if aleatoric and not variational else "dense"}
    up: dict[str, Any]
    if variational:
        positions: Any = "random" if flags["variational_random_padding"] else "low"
        up = {
            "kind": "variational_dct",
            "coefficients": flags["variational_coefs"],
            "distribution": DISTRIBUTIONS[flags["variational_dist"]],
            "heads": (flags["variational_iDFT_dependent_dim"] or 1) if flags["variational_iDFT_dependent"] else None,
            "positions": flags["random_padding_positions"] or positions,
        }
    elif flags["inverse_DFT"]:
        up = {"kind": "padded_dct"}
    else:
        up = {"kind": "dense", "layer": "dense_flipout" if aleatoric else "dense"}
    # with random places the dense layer gives the spectrum itself
    transform = "dct" if flags["DFT"] and not flags["variational_random_padding"] else "none"
    return {"low_resolution": low, "transform": transform, "up": up}
