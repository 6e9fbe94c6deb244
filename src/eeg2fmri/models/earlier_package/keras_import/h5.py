"""Keras weight files: HDF5 with one group a layer and the names of its weights as attributes.

The only module that imports h5py, which is the extra ``keras``.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from eeg2fmri.core.disk.parse import DAMAGE, refuse_pipe
from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.variables import KerasVariable

#: Bytes of all arrays for each byte of the file that are more than compression gives weights.
MOST_PER_BYTE = 100


def read_h5(path: Path) -> dict[str, list[KerasVariable]]:
    """Read a file that `save_weights` of Keras wrote.

    Returns
    -------
    dict
        Variables of each top layer that has any, in the order of the model. In the file of one graph a top layer is a
        layer; in the file of a model made of graphs it is a graph.

    Raises
    ------
    CheckpointError
        If the file is absent, truncated, damaged or no weight file.
    """
    try:
        refuse_pipe(path)
        with h5py.File(path, "r") as file:
            top = _own(file, "model_weights", path) if "model_weights" in file else file
            if not {"layer_names", "layer_names0"} & set(top.attrs):
                raise CheckpointError(
                    "the HDF5 file holds no Keras weights",
                    where=str(path),
                    got="no attribute 'layer_names'; groups " + ", ".join(list(file)[:8]),
                    hint="give a file that save_weights of Keras wrote",
                )
            found = {name: _weights(top, name, path) for name in _texts(top, "layer_names")}
            held = sum(weight.nbytes for weights in found.values() for _, weight in weights)
            if held > MOST_PER_BYTE * path.stat().st_size:
                raise CheckpointError(
                    "the weights are declared far larger than what the file holds",
                    where=str(path),
                    got=f"{held} bytes in a file of {path.stat().st_size}",
                    hint="the file is damaged or made to fill the memory: get it again from where it was made",
                )
            groups = {
                layer: [KerasVariable.named(name, np.asarray(weight), f"{layer}/{name}") for name, weight in weights]
                for layer, weights in found.items()
            }
    except FileNotFoundError:
        raise CheckpointError("the weight file does not exist", where=str(path), hint="check the path") from None
    except (*DAMAGE, RuntimeError) as error:
        raise CheckpointError(
            "the weight file cannot be read",
            where=str(path),
            got=str(error),
            hint="the file is truncated, damaged or no HDF5 file",
        ) from None
    return {name: variables for name, variables in groups.items() if variables}


def _texts(group: h5py.Group, attribute: str) -> list[str]:
    """Names in an attribute, which Keras cuts into numbered pieces where it is longer than 64 kB."""
    if attribute in group.attrs:
        values = list(group.attrs[attribute])
    else:
        values, piece = [], 0
        while f"{attribute}{piece}" in group.attrs:
            values.extend(group.attrs[f"{attribute}{piece}"])
            piece += 1
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def _own(group: h5py.Group, name: str, path: Path) -> h5py.Group | h5py.Dataset:
    """Get what a name stands for, which has to lie in this file."""
    found = group
    for step in name.split("/"):
        link = found.get(step, getlink=True)
        if link is None:
            raise KeyError(f"{name} is named but not there")
        if not isinstance(link, h5py.HardLink):
            raise CheckpointError(
                "the weight file refers to another file or place", where=f"{path}: {name}", got=type(link).__name__
            )
        found = found[step]
    # a virtual data set takes its values from other files, as an external one does
    if isinstance(found, h5py.Dataset) and (found.external or found.is_virtual):
        raise CheckpointError("the weight file refers to another file or place", where=f"{path}: {name}")
    return found


def _weights(top: h5py.Group, layer: str, path: Path) -> list[tuple[str, h5py.Dataset]]:
    group = _own(top, layer, path)
    if not isinstance(group, h5py.Group):
        raise CheckpointError("a layer of the weight file is no group", where=f"{path}: {layer}")
    found = []
    for name in _texts(group, "weight_names"):
        dataset = _own(group, name, path)
        if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "fiub":
            raise CheckpointError(
                "a weight is no array of numbers",
                where=f"{path}: {layer}/{name}",
                got=str(getattr(dataset, "dtype", type(dataset).__name__)),
            )
        found.append((name, dataset))
    return found
