"""Variables as Keras names them, and the clear names that `eeg2fmri.models.earlier_package.keras_names` speaks of.

Keras calls a variable by its layer and numbers layers of one class through a whole session: ``res_block_94/conv3d_308/
kernel``. A clear name counts within the part of the model instead: ``eeg_encoder/resblock0/left_conv1/kernel``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import CheckpointError

#: Keras' name of a class of layers -> its clear name. Whatever is not here keeps its name.
LAYERS = {
    "topographical__attention": "topographical_attention",
    "res_block": "resblock",
    "variational_i_dct3d": "variational_idct3d",
    "conv3d": "outfilter",
    "style_prior": "style",
    "conditional_attention_style_dense": "style_dense",
}
#: Sub-layers of a residual block in the order in which it makes them.
CONVOLUTIONS = ("left_conv1", "left_conv2", "right_conv1")
NORMALISATIONS = ("left_bn1", "left_bn2", "right_bn1")


@dataclass(frozen=True, eq=False)
class KerasVariable:
    """One variable of a checkpoint.

    Attributes
    ----------
    layer, name : str
        Layer, and the rest of the variable's name behind it: ``res_block_94`` and ``conv3d_308/kernel``.
    array : array
        In Keras' layout.
    stored_as : str
        Where it stands in the file.
    """

    layer: str
    name: str
    array: np.ndarray
    stored_as: str

    @classmethod
    def named(cls, full_name: str, array: np.ndarray, stored_as: str) -> KerasVariable:
        """Make one from its full name, with or without the ``:0`` at its end."""
        layer, _, name = full_name.partition(":")[0].partition("/")
        return cls(layer, name, array, stored_as)


def unnumbered(name: str) -> tuple[str, int]:
    """Split the number off a name that Keras gave: ``dense_12`` -> ``dense``, 12; the first one has none, so 0."""
    match = re.fullmatch(r"(.*?)_(\d+)", name)
    return (match[1], int(match[2])) if match else (name, 0)


def split_encoder(variables: Sequence[KerasVariable]) -> tuple[list[KerasVariable], list[KerasVariable]]:
    """Split the variables of a decoder, whose graph begins with the encoder, behind the encoder's dense layer."""
    dense = next((v.layer for v in variables if unnumbered(v.layer)[0] == "dense"), None)
    blocks = {v.layer for v in variables if unnumbered(v.layer)[0] in ("res_block", "topographical__attention")}
    encoder = [v for v in variables if v.layer in blocks or v.layer == dense]
    if not blocks:
        return [], list(variables)
    return encoder, [v for v in variables if v not in encoder]


def clear_names(part: str, variables: Sequence[KerasVariable], *, dense_projection: bool) -> dict[str, KerasVariable]:
    """Name the variables of one part of a model.

    Parameters
    ----------
    part : str
        ``eeg_encoder``, ``fmri_encoder``, ``encoder`` or ``decoder``: the first piece of every name.
    variables : sequence of KerasVariable
        In the order of the model; of a decoder without those of its encoder.
    dense_projection : bool
        Whether the first dense layer of a decoder is the projection of the latent.

    Raises
    ------
    CheckpointError
        If two variables get one name.
    """
    counts: dict[str, int] = {}
    layers: dict[str, str] = {}
    named: dict[str, KerasVariable] = {}
    for variable in variables:
        if variable.layer not in layers:
            kind = LAYERS.get(unnumbered(variable.layer)[0], unnumbered(variable.layer)[0])
            if kind == "dense" and dense_projection and "latent_projection" not in counts:
                kind = "latent_projection"
            number = counts.get(kind, 0)
            counts[kind] = number + 1
            layers[variable.layer] = f"{kind}{number}"
        inner = _inside(variable, variables)
        name = f"{part}/{layers[variable.layer]}/{inner}"
        if name in named:
            raise CheckpointError(
                "two variables have one place in the model",
                where=name,
                got=f"{named[name].stored_as} and {variable.stored_as}",
                hint="the checkpoint holds more than one model, or is not one of the earlier package",
            )
        named[name] = variable
    return named


def _inside(variable: KerasVariable, variables: Sequence[KerasVariable]) -> str:
    """Name of a variable within its layer."""
    sublayer, _, name = variable.name.partition("/")
    if not name:
        return variable.name
    kind, _ = unnumbered(sublayer)
    if kind == "layer_normalization":
        return f"{kind}/{name}"
    roles = {"conv3d": CONVOLUTIONS, "batch_normalization": NORMALISATIONS}.get(kind)
    if roles is None:
        return variable.name
    siblings = {v.name.partition("/")[0] for v in variables if v.layer == variable.layer and "/" in v.name}
    alike = sorted((s for s in siblings if unnumbered(s)[0] == kind), key=lambda s: unnumbered(s)[1])
    position = alike.index(sublayer)
    return f"{roles[position]}/{name}" if position < len(roles) else variable.name
