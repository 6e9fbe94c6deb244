"""Assign the variables of a checkpoint to the parts of a model.

The graph of a decoder begins with its encoder, so a whole model holds the encoder's variables twice; a file of one
graph does not say which part it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.source import Source
from eeg2fmri.models.earlier_package.keras_import.variables import KerasVariable, split_encoder, unnumbered

Variables = list[KerasVariable]
#: Subclassed models, which repeat the variables of their graphs in a weight file.
SUBCLASSED = ("f_mri_ae", "eeg_to_f_mri")


class Parts(NamedTuple):
    """Variables by part.

    Attributes
    ----------
    variables : dict of str to list of KerasVariable
        By ``eeg_encoder``, ``fmri_encoder``, ``encoder`` or ``decoder``; each variable once. A single graph that may be
        one encoder or the other has the key ``""``.
    repeated : tuple of str
        Variables that are stored a second time, equal to the first.
    others : tuple of str
        Variables of no part.
    """

    variables: dict[str, Variables]
    repeated: tuple[str, ...]
    others: tuple[str, ...]


def split_parts(source: Source, encoder: str, part: str | None, where: str) -> Parts:
    """Split the variables of a checkpoint.

    Parameters
    ----------
    source : Source
    encoder : str
        Part that the graph of the decoder begins with: ``eeg_encoder`` of a synthesiser, ``encoder`` of an autoencoder.
    part : str or None
        Part that a file of one graph holds, where the user says so.
    where : str
        The checkpoint, for errors.

    Raises
    ------
    CheckpointError
        If the graphs cannot be told apart, or variables that are stored twice differ.
    """
    groups = source.groups
    if not any(groups.values()):
        raise CheckpointError("the checkpoint holds no variables of a model", where=where)
    if source.named:
        variables = groups
    elif _one_graph(groups):
        variables = _graph([v for group in groups.values() for v in group], encoder, part)
    else:
        variables = _graphs(groups, encoder, where)
    return _each_once(variables, encoder, source.others, where)


def _one_graph(groups: dict[str, Variables]) -> bool:
    return set(groups) == {""} or all(v.layer == name for name, group in groups.items() for v in group)


def _graph(variables: Variables, encoder: str, part: str | None) -> dict[str, Variables]:
    """Parts of one graph: a decoder, or an encoder that is not known yet."""
    first, rest = split_encoder(variables)
    if part not in (None, "decoder"):
        return {part: variables}
    if first and not rest:
        return {"": first}
    return {encoder: first, "decoder": rest} if first else {"decoder": rest}


def _graphs(groups: dict[str, Variables], encoder: str, where: str) -> dict[str, Variables]:
    """Parts of a weight file of a whole model, whose graphs have arbitrary names."""
    layers = {name: {v.layer for v in group} for name, group in groups.items()}
    graphs = [name for name in groups if unnumbered(name)[0] not in SUBCLASSED]
    found: dict[str, Variables] = {}
    for name in graphs:
        inside = [other for other in graphs if layers[other] < layers[name]]
        if len(inside) == 1:
            found = {encoder: groups[inside[0]], "decoder": groups[name]}
    rest = [name for name in graphs if not any(groups[name] is taken for taken in found.values())]
    encoders = [name for name in rest if any(unnumbered(layer)[0] == "res_block" for layer in layers[name])]
    for name in rest:
        kind = ("fmri_encoder" if "decoder" in found else "encoder") if name in encoders else "decoder"
        if kind in found:
            raise CheckpointError(
                "the graphs of the weight file cannot be told apart",
                where=where,
                got=", ".join(f"{graph} ({len(groups[graph])} variables)" for graph in graphs),
                expected="an EEG encoder, an fMRI encoder and a decoder that contains the first",
                hint="save each graph to its own file, and say which by 'part' in the settings",
            )
        found[kind] = groups[name]
    return {**found, **{name: group for name, group in groups.items() if name not in graphs}}


def _each_once(groups: dict[str, Variables], encoder: str, others: Sequence[str], where: str) -> Parts:
    """Take every variable at its first place and note the further ones."""
    order = sorted(groups, key=lambda name: (name not in (encoder, "encoder", "fmri_encoder"), name != "decoder"))
    first: dict[tuple[str, str, str], KerasVariable] = {}
    parts: dict[str, Variables] = {}
    repeated: list[str] = []
    left = list(others)
    for name in order:
        own = _own_space(name, encoder)
        for variable in groups[name]:
            twin = next((first[key] for space in own if (key := (space, variable.layer, variable.name)) in first), None)
            if twin is None and name in ("", "eeg_encoder", "fmri_encoder", "encoder", "decoder"):
                first[own[0], variable.layer, variable.name] = variable
                parts.setdefault(name, []).append(variable)
            elif twin is None:
                left.append(variable.stored_as)
            elif not np.array_equal(twin.array, variable.array):
                raise CheckpointError(
                    "a variable is stored twice with different values",
                    where=where,
                    got=f"{twin.stored_as} and {variable.stored_as}",
                    hint="the file is damaged or was put together from two models",
                )
            elif twin.stored_as != variable.stored_as:
                repeated.append(variable.stored_as)
    return Parts(parts, tuple(repeated), tuple(left))


def _own_space(name: str, encoder: str) -> tuple[str, ...]:
    """Return the groups that a group shares layer names with: they are unique within a graph, not between graphs."""
    if name == "decoder":
        return ("decoder", encoder)
    if name in ("", "eeg_encoder", "fmri_encoder", "encoder"):
        return (name,)
    return ("fmri_encoder", "encoder", encoder, "decoder")
