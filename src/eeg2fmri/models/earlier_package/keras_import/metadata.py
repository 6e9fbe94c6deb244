"""`keras_metadata.pb` of a SavedModel: what the constructor of the model was called with.

The file is a list of nodes (tensorflow/python/keras/protobuf/saved_metadata.proto); each has a JSON text with the class
and its config. Tuples appear there as ``{"class_name": "__tuple__", "items": [...]}``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from eeg2fmri.core.disk.parse import read_bytes
from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.wire import Message

NAME = "keras_metadata.pb"


class Recorded(NamedTuple):
    """Class of the saved model and the arguments of its constructor."""

    class_name: str
    arguments: dict[str, Any]


def read_metadata(folder: Path) -> Recorded:
    """Read the class and constructor arguments of a saved model.

    Parameters
    ----------
    folder : Path
        The SavedModel.

    Raises
    ------
    CheckpointError
        If the file is absent, damaged, or says nothing of a model.
    """
    path = folder / NAME
    try:
        data = read_bytes(path)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            "the file with the settings of the model cannot be read",
            where=str(path),
            got=str(error),
            hint="copy the whole SavedModel, or give the settings with --config",
        ) from None
    for node in Message(data, str(path)).messages(1):
        # the root has number 0, which is not written
        if node.number(2) == 0 and node.text(3) == "root":
            return _recorded(node.text(5), str(path))
    raise CheckpointError(
        "the SavedModel does not say how its model was made",
        where=str(path),
        expected="a Keras model at its root",
        hint="give the settings with --config",
    )


def _recorded(text: str, where: str) -> Recorded:
    try:
        facts = json.loads(text)
        class_name, arguments = facts["class_name"], plain(facts["config"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError("the settings of the model are damaged", where=where, got=repr(error)) from None
    if not isinstance(class_name, str) or not isinstance(arguments, dict):
        raise CheckpointError("the settings of the model are damaged", where=where, got=f"class {class_name!r}")
    return Recorded(class_name, arguments)


def plain(value: Any) -> Any:
    """Replace Keras' spelling of tuples by tuples, at every depth."""
    if isinstance(value, dict):
        if value.get("class_name") == "__tuple__" and isinstance(value.get("items"), list):
            return tuple(plain(item) for item in value["items"])
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
