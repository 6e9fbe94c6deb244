"""A checkpoint of the earlier package as it lies on disk: SavedModel folder, checkpoint prefix, or weight file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from eeg2fmri.core.disk.files import contents
from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.models.earlier_package.keras_import.bundle import TensorBundle
from eeg2fmri.models.earlier_package.keras_import.metadata import NAME, Recorded, read_metadata
from eeg2fmri.models.earlier_package.keras_import.object_graph import GRAPH, ObjectGraph
from eeg2fmri.models.earlier_package.keras_import.variables import KerasVariable

#: What the models of the earlier package call their graphs.
GRAPHS = ("eeg_encoder", "fmri_encoder", "encoder", "decoder")


class Source(NamedTuple):
    """Content of a checkpoint.

    Attributes
    ----------
    groups : dict of str to list of KerasVariable
        Variables of each graph of the model by the name of the graph, of each layer where the file is of one graph, or
        all of them under an empty name.
    named : bool
        Whether the names of the groups are attributes of the model, which say what they are.
    recorded : Recorded or None
        Settings that the checkpoint records.
    others : tuple of str
        Tensors that are no variables of the model.
    """

    groups: dict[str, list[KerasVariable]]
    named: bool
    recorded: Recorded | None
    others: tuple[str, ...]


def read_source(path: str | Path, progress: Progress = silent) -> Source:
    """Read a checkpoint.

    Parameters
    ----------
    path : str or Path
        SavedModel folder, ``.index`` file of a checkpoint, or ``.h5`` weight file.
    progress : Progress

    Raises
    ------
    CheckpointError
        If it is absent, damaged or of another kind.
    InputError
        If h5py is needed and not installed.
    """
    path = Path(path)
    if path.is_dir():
        return _saved_model(path, progress)
    if path.suffix == ".index":
        return _bundle(path.with_suffix(""), None, progress)
    if path.suffix in (".h5", ".hdf5") or path.is_file():
        try:
            from eeg2fmri.models.earlier_package.keras_import.h5 import read_h5
        except ImportError:
            raise InputError(
                "Keras .h5 files need h5py", where=str(path), hint="pip install 'eeg2fmri[keras]'"
            ) from None
        return Source(read_h5(path), False, None, ())
    raise CheckpointError(
        "the checkpoint does not exist",
        where=str(path),
        expected="a SavedModel folder, a checkpoint's .index file or a Keras .h5 weight file",
        hint="check the path",
    )


def _saved_model(folder: Path, progress: Progress) -> Source:
    prefix = folder / "variables" / "variables"
    if not Path(f"{prefix}.index").is_file():
        raise CheckpointError(
            "the folder is not a SavedModel",
            where=str(folder),
            got=contents(folder),
            expected="saved_model.pb, keras_metadata.pb and variables/",
        )
    recorded = read_metadata(folder) if (folder / NAME).is_file() else None
    return _bundle(prefix, recorded, progress)


def _bundle(prefix: Path, recorded: Recorded | None, progress: Progress) -> Source:
    bundle = TensorBundle(prefix)
    if GRAPH not in bundle:
        raise CheckpointError(
            "the checkpoint has no object graph",
            where=str(bundle.index),
            hint="it was not written by Keras of TensorFlow 2",
        )
    graph = ObjectGraph(bundle.read_text(GRAPH), str(bundle.index))
    roots = {name: number for name in GRAPHS if (number := graph.child(name)) is not None}
    groups: dict[str, list[KerasVariable]] = {}
    used = {GRAPH}
    for name, root in (roots or {"": 0}).items():
        groups[name] = []
        for node in graph.variables(root):
            if node.key in bundle:
                groups[name].append(KerasVariable.named(node.variable, bundle.read(node.key), node.key))
                used.add(node.key)
                progress("Reading variables", len(used) - 1, len(bundle.entries) - 1)
    return Source(groups, bool(roots), recorded, tuple(name for name in bundle if name not in used))
