"""Weights of the earlier (Keras) package by clear names, and the parameters here that they are.

A clear name says where a weight stands in a model, e.g. ``eeg_encoder/resblock0/left_conv1/kernel``:

=============================================  ==============================================================
``eeg_encoder/topographical_attention0/A``     attention weights (channel, freq * time)
``eeg_encoder/resblock<i>/...``                block i: ``left_conv1``, ``left_bn1``, ``left_conv2``, ``left_bn2`` on
                                               the main path, ``right_conv1``, ``right_bn1`` on the skip path; a
                                               convolution has ``kernel``, ``bias``, a normalisation ``gamma``,
                                               ``beta``, ``moving_mean``, ``moving_variance``
``eeg_encoder/dense0/...``                     to the latent: ``kernel`` (in, out), ``bias``
``decoder/latent_projection0/...``             dense projection
``decoder/fourier_features0/kernel``           Fourier features
``decoder/random_fourier_features0/...``       ``unscaled_kernel``, ``bias``, ``kernel_scale``,
                                               ``layer_normalization/gamma``, ``layer_normalization/beta``
``decoder/style_dense0/kernel``                attention style
``decoder/style0/style_prior``                 learned style
``decoder/dense<i>/...``                       dense layers of the head in their order, then the one of the scale
``decoder/dense_variational0/...``             ``kernel_mu``, ``kernel_sigma``, ``bias_mu``, ``bias_sigma``
``decoder/dense_flipout0/...``                 ``kernel_posterior_loc``, ``kernel_posterior_untransformed_scale``,
                                               ``bias_posterior_loc``
``decoder/variational_idct3d0/...``            ``loc_posterior``, ``scale_posterior``, ``W1``, ``W2``, ``W3``,
                                               ``biases``, ``normal_posterior_loc``,
                                               ``normal_posterior_untransformed_scale``
``decoder/outfilter0/...``                     output filter
``fmri_encoder/...``                           as ``eeg_encoder``
=============================================  ==============================================================

An autoencoder has ``encoder/...`` and ``decoder/...`` of these; a classifier has ``layer2_Dense`` or
``layer2_DenseVariational`` and ``layer3_Dense`` (its scale), a polynomial one ``linear``; a view classifier has
``eeg_encoder/...`` with the projection, ``decoder/...`` and ``clf/...``. Arrays have Keras' layout: convolution kernels
(kd, kh, kw, in, out), dense kernels (in, out). `keras_to_torch` brings them to the layout of torch; the order of the
features behind a flattening needs no change (see `eeg2fmri.nn.dense.flatten_channels_last`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from eeg2fmri.core.errors import CheckpointError, ConfigError, Problem
from eeg2fmri.models.classifiers.latent import Classifier
from eeg2fmri.models.classifiers.view import ViewClassifier
from eeg2fmri.models.documented.autoencoder import Autoencoder
from eeg2fmri.models.documented.encoder import Blocks, EEGEncoder, VolumeEncoder
from eeg2fmri.models.documented.head import Head
from eeg2fmri.models.documented.projection import Projection
from eeg2fmri.models.documented.style import Style
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork
from eeg2fmri.models.earlier_package.keras_layers import LAYERS, Array, Table
from eeg2fmri.nn.convolution.block import ResidualBlock
from eeg2fmri.nn.dense import Dense
from eeg2fmri.nn.fourier import FourierFeatures
from eeg2fmri.nn.variational.dct import VariationalInverseDCT3d
from eeg2fmri.nn.variational.dense import DenseFlipout, DenseVariational


class Converted(NamedTuple):
    """Weights of a model from arrays with clear names.

    Attributes
    ----------
    state : dict of str to Tensor
        State of the model, for `load_state_dict`.
    unused : tuple of str
        Clear names that the model has no place for.
    """

    state: dict[str, Tensor]
    unused: tuple[str, ...]


def keras_to_torch(model: nn.Module, arrays: Mapping[str, Array], parts: Collection[str] | None = None) -> Converted:
    """Bring weights of the earlier package to the names and layout of a model here.

    Parameters
    ----------
    model : nn.Module
        A synthesiser, autoencoder or classifier, or one of the layers in `eeg2fmri.nn`; it is not changed.
    arrays : mapping of str to array
        Weights by clear name, in Keras' layout.
    parts : collection of str, optional
        First pieces of the names (``eeg_encoder``, ...) that are to be converted; the state then holds these alone.

    Raises
    ------
    CheckpointError
        Naming every weight that is missing or has the wrong shape.
    """
    table = clear_names(model)
    targets = model.state_dict()
    problems, state, used = [], {}, set[str]()
    for name, source in table.items():
        if parts is not None and source.names[0].split("/")[0] not in parts:
            continue
        missing = [clear for clear in source.names if clear not in arrays]
        if missing:
            problems.append(Problem("a weight is missing", ", ".join(missing), expected=f"the source of {name}"))
            continue
        used.update(source.names)
        value = source.value(arrays, targets[name].shape)
        if value.shape != tuple(targets[name].shape):
            got, expected = (" x ".join(map(str, shape)) for shape in (value.shape, targets[name].shape))
            problems.append(
                Problem("a weight has the wrong shape", ", ".join(source.names), got, f"{expected}, as {name} has here")
            )
            continue
        state[name] = torch.from_numpy(np.ascontiguousarray(value)).to(targets[name].dtype)
    problems += [Problem("a parameter has no source", name) for name in targets if name not in table]
    if problems:
        raise CheckpointError.of(problems)
    return Converted(state, tuple(name for name in arrays if name not in used))


def clear_names(model: nn.Module) -> Table:
    """Return the source of every saved parameter and buffer of a model or layer.

    Raises
    ------
    ConfigError
        If the earlier package has no counterpart of it.
    """
    for kind, names in _TABLES:
        if isinstance(model, kind):
            return names(model)
    raise ConfigError("there is no such layer or model in the earlier package", got=type(model).__name__)


def _joined(*parts: tuple[str, str, nn.Module | None]) -> Table:
    """Table of a module from those of its parts: (name here, clear prefix, part)."""
    return {
        f"{here}.{name}" if here else name: source.prefixed(clear) if clear else source
        for here, clear, part in parts
        if part is not None
        for name, source in clear_names(part).items()
    }


def _block(block: nn.Module) -> Table:
    assert isinstance(block, ResidualBlock)
    pairs = {
        "conv1": "left_conv1",
        "norm1": "left_bn1",
        "conv2": "left_conv2",
        "norm2": "left_bn2",
        "skip_conv": "right_conv1",
        "skip_norm": "right_bn1",
    }
    return _joined(*((here, clear, getattr(block, here)) for here, clear in pairs.items()))


def _blocks(blocks: nn.Module) -> Table:
    assert isinstance(blocks, Blocks)
    return _joined(*((f"blocks.{i}", f"resblock{i}", block) for i, block in enumerate(blocks.blocks)))


def _eeg_encoder(encoder: nn.Module) -> Table:
    assert isinstance(encoder, EEGEncoder)
    return _joined(
        ("attention", "topographical_attention0", encoder.attention),
        ("blocks", "", encoder.blocks),
        ("dense", "dense0", encoder.dense),
    )


def _volume_encoder(encoder: nn.Module) -> Table:
    assert isinstance(encoder, VolumeEncoder)
    return _joined(("blocks", "", encoder.blocks), ("dense", "dense0", encoder.dense))


def _projection(projection: nn.Module) -> Table:
    assert isinstance(projection, Projection)
    name = {Dense: "latent_projection0", FourierFeatures: "fourier_features0"}
    return _joined(("layer", name.get(type(projection.layer), "random_fourier_features0"), projection.layer))


def _style(style: nn.Module) -> Table:
    assert isinstance(style, Style)
    return _joined(("attention", "style_dense0", style.attention), ("prior", "style0", style.prior))


def _head_names(head: Head) -> tuple[list[tuple[str, str, nn.Module | None]], int]:
    """Parts of a head, and how many plain dense layers it has."""
    parts: list[tuple[str, str, nn.Module | None]] = []
    n_dense = 0
    kinds = {
        DenseVariational: "dense_variational0",
        DenseFlipout: "dense_flipout0",
        VariationalInverseDCT3d: "variational_idct3d0",
    }
    for here, part in (("low", head.low), ("up", head.up)):
        if isinstance(part, Dense):
            parts.append((here, f"dense{n_dense}", part))
            n_dense += 1
        elif type(part) in kinds:
            parts.append((here, kinds[type(part)], part))
    return parts, n_dense


def _synthesizer(model: nn.Module) -> Table:
    assert isinstance(model, SynthesizerNetwork)
    head, n_dense = _head_names(model.head)
    return _joined(
        ("eeg_encoder", "eeg_encoder", model.eeg_encoder),
        ("projection", "decoder", model.projection),
        ("style", "decoder", model.style),
        *((f"head.{here}", f"decoder/{clear}", part) for here, clear, part in head),
        ("output_filter", "decoder/outfilter0", model.output_filter),
        ("scale", f"decoder/dense{n_dense}", model.scale),
        ("fmri_encoder", "fmri_encoder", model.fmri_encoder),
    )


def _autoencoder(model: nn.Module) -> Table:
    assert isinstance(model, Autoencoder)
    return _joined(
        ("encoder", "encoder", model.encoder),
        ("decoder", "decoder/dense0", model.decoder),
        ("output_filter", "decoder/outfilter0", model.output_filter),
    )


def _view_classifier(model: nn.Module) -> Table:
    assert isinstance(model, ViewClassifier)
    head, _ = _head_names(model.head)
    if model.classifier.degree is not None:
        layer = "linear"
    else:
        layer = "DenseVariational" if isinstance(model.classifier.layer, DenseVariational) else "Dense"
    return _joined(
        ("encoder", "eeg_encoder", model.encoder),
        ("projection", "eeg_encoder", model.projection),
        ("style", "decoder", model.style),
        *((f"head.{here}", f"decoder/{clear}", part) for here, clear, part in head),
        ("output_filter", "decoder/outfilter0", model.output_filter),
        ("classifier.layer", f"clf/{layer}", model.classifier.layer),
        ("classifier.scale", "clf/aleatoric", model.classifier.scale),
    )


def _classifier(model: nn.Module) -> Table:
    assert isinstance(model, Classifier)
    if model.degree is not None:
        return _joined(("layer", "linear", model.layer))
    kind = "DenseVariational" if isinstance(model.layer, DenseVariational) else "Dense"
    return _joined(("layer", f"layer2_{kind}", model.layer), ("scale", "layer3_Dense", model.scale))


_TABLES: list[tuple[type[nn.Module], Callable[[nn.Module], Table]]] = [
    (SynthesizerNetwork, _synthesizer),
    (Autoencoder, _autoencoder),
    (ViewClassifier, _view_classifier),
    (Classifier, _classifier),
    (EEGEncoder, _eeg_encoder),
    (VolumeEncoder, _volume_encoder),
    (Blocks, _blocks),
    (ResidualBlock, _block),
    (Projection, _projection),
    (Style, _style),
    *LAYERS,
    (nn.Identity, lambda _: {}),
]
