"""Find the parameters of single layers in weights of the earlier (Keras) package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from eeg2fmri.models.documented.output_filter import OutputFilter, ScaleHead
from eeg2fmri.nn.attention import LatentAttention, TopographicalAttention
from eeg2fmri.nn.convolution.conv import Conv3d
from eeg2fmri.nn.dense import Dense
from eeg2fmri.nn.fourier import FourierFeatures, RandomFourierFeatures
from eeg2fmri.nn.norm import BatchNorm
from eeg2fmri.nn.style import PriorStyle
from eeg2fmri.nn.variational.dct import VariationalInverseDCT3d
from eeg2fmri.nn.variational.dense import DenseFlipout, DenseVariational

Array = np.ndarray[Any, Any]


def _same(array: Array) -> Array:
    return array


def _dense_kernel(array: Array) -> Array:
    return array.T


def _conv_kernel(array: Array) -> Array:
    # an array of another rank goes on as it is, to be refused for its shape
    return array.transpose(4, 3, 0, 1, 2) if array.ndim == 5 else array


@dataclass(frozen=True)
class Source:
    """Where a parameter comes from: one clear name, or several whose arrays are stacked.

    Attributes
    ----------
    names : tuple of str
        Clear names.
    convert : function
        Brings each array to the layout of torch.
    """

    names: tuple[str, ...]
    convert: Callable[[Array], Array] = _same

    def prefixed(self, prefix: str) -> Source:
        """Put `prefix` and a slash in front of every name."""
        return Source(tuple(f"{prefix}/{name}" for name in self.names), self.convert)

    def value(self, arrays: Mapping[str, Array], shape: torch.Size) -> Array:
        """Convert and stack the arrays; one that only lacks axes of length 1 is brought to `shape`."""
        parts = [self.convert(np.asarray(arrays[name])) for name in self.names]
        joined = parts[0] if len(parts) == 1 else np.stack(parts)
        squeezed = tuple(n for n in shape if n != 1)
        if tuple(n for n in joined.shape if n != 1) == squeezed:
            joined = joined.reshape(tuple(shape))
        return joined


#: Name of a parameter here -> where it comes from.
Table = dict[str, Source]


def own(*rows: tuple[str, str] | tuple[str, str, Callable[[Array], Array]]) -> Callable[[nn.Module], Table]:
    """Table of a layer whose own parameters have fixed names; those that it lacks are left out."""

    def table(layer: nn.Module) -> Table:
        return {row[0]: Source((row[1],), *row[2:]) for row in rows if getattr(layer, row[0], None) is not None}

    return table


def _variational_dct(layer: nn.Module) -> Table:
    rows = own(
        ("loc", "loc_posterior"),
        ("scale", "scale_posterior"),
        ("gain", "biases"),
        ("known_loc", "normal_posterior_loc"),
        ("known_rho", "normal_posterior_untransformed_scale"),
    )(layer)
    if layer.mixing is not None:
        rows["mixing"] = Source(("W1", "W2", "W3"))
    return rows


#: Layer, and what gives its table. The first entry that fits counts.
LAYERS: list[tuple[type[nn.Module], Callable[[nn.Module], Table]]] = [
    (OutputFilter, own(("gain", "kernel"), ("offset", "bias"))),
    (ScaleHead, own(("weight", "kernel"), ("bias", "bias"))),
    (Dense, own(("kernel", "kernel"), ("bias", "bias"))),
    (Conv3d, own(("weight", "kernel", _conv_kernel), ("bias", "bias"))),
    (
        BatchNorm,
        own(
            ("weight", "gamma"),
            ("bias", "beta"),
            ("running_mean", "moving_mean"),
            ("running_var", "moving_variance"),
        ),
    ),
    (TopographicalAttention, own(("weight", "A"))),
    (LatentAttention, own(("weight", "A"))),
    (PriorStyle, own(("weight", "style_prior"))),
    (FourierFeatures, own(("kernel", "kernel"))),
    (
        RandomFourierFeatures,
        own(
            ("kernel", "unscaled_kernel"),
            ("shift", "bias"),
            ("scale", "kernel_scale"),
            ("gain", "layer_normalization/gamma"),
            ("offset", "layer_normalization/beta"),
        ),
    ),
    (
        DenseVariational,
        own(
            ("weight_loc", "kernel_mu", _dense_kernel),
            ("weight_scale", "kernel_sigma", _dense_kernel),
            ("bias_loc", "bias_mu"),
            ("bias_scale", "bias_sigma"),
        ),
    ),
    (
        DenseFlipout,
        own(
            ("weight_loc", "kernel_posterior_loc", _dense_kernel),
            ("weight_rho", "kernel_posterior_untransformed_scale", _dense_kernel),
            ("bias", "bias_posterior_loc"),
        ),
    ),
    (VariationalInverseDCT3d, _variational_dct),
]
