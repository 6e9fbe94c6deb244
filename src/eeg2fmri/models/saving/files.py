"""The two files of a saved model: ``weights.safetensors`` and ``config.json``. Nothing in them is executed when read.

``config.json`` is the model's card and beside it the format and its version, size and SHA-256 of the weights, the names
of the statistics, and a digest of all of that, so that a change of either file is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from eeg2fmri.core.config import fingerprint
from eeg2fmri.core.disk.digest import file_digest
from eeg2fmri.core.disk.files import contents, told_of, whole_files
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import CheckpointError

WEIGHTS, CONFIG = "weights.safetensors", "config.json"
FORMAT = "eeg2fmri model"
#: Version of the layout of both files.
VERSION = 1
#: Prefix of the statistics among the tensors.
STATISTICS = "statistics."
#: The next step for every damage.
AGAIN = "get the folder again from where it was made"
_FOREIGN = "give a folder that train or import-checkpoint wrote"


class Stored(NamedTuple):
    """Content of a folder.

    Attributes
    ----------
    card : dict
        Values of the `ModelCard`.
    tensors : dict of str to Tensor
        Weights and buffers of the model; statistics without their prefix are apart.
    statistics : dict of str to Tensor
    digest : str
        SHA-256 of the weights file, hexadecimal.
    """

    card: dict[str, Any]
    tensors: dict[str, Tensor]
    statistics: dict[str, Tensor]
    digest: str


def write_files(
    folder: Path, card: Mapping[str, Any], tensors: Mapping[str, Tensor], statistics: Mapping[str, Tensor]
) -> None:
    """Write both files, each complete or not at all.

    The weights come first: if the work is cut off between the two, the digest in an older ``config.json`` does not fit
    and the folder is refused.

    Raises
    ------
    CheckpointError
        If the disk is full or cannot be written.
    """
    stored = {**tensors, **{STATISTICS + name: tensor for name, tensor in statistics.items()}}
    try:
        with told_of(folder, raises=CheckpointError):
            folder.mkdir(parents=True, exist_ok=True)
        with whole_files(folder / WEIGHTS, folder / CONFIG, raises=CheckpointError) as parts:
            save_file({name: tensor.detach().cpu().contiguous() for name, tensor in stored.items()}, parts[0])
            values: dict[str, Any] = {
                "format": FORMAT,
                "version": VERSION,
                **card,
                "statistics": sorted(statistics),
                "weights": {"file": WEIGHTS, "bytes": parts[0].stat().st_size, "sha256": file_digest(parts[0])},
            }
            values["digest"] = fingerprint(values)
            parts[1].write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
            # safetensors makes files that only their owner reads; the weights are as readable as the config
            parts[0].chmod(parts[1].stat().st_mode)
    except SafetensorError as error:
        raise CheckpointError("the model cannot be written", where=str(folder), got=str(error)) from error


def read_files(folder: Path) -> Stored:
    """Read both files and check them against each other.

    Raises
    ------
    CheckpointError
        If one is absent, truncated, changed, foreign, or of another version.
    """
    for path in (folder / CONFIG, folder / WEIGHTS):
        if path.exists() and not path.is_file():  # a pipe would be waited for without end
            raise CheckpointError("a file of the model is no file", where=str(path), hint=AGAIN)
    values = _read_config(folder)
    path = folder / WEIGHTS
    expected = values.pop("weights")
    names = values.pop("statistics")
    try:
        size = path.stat().st_size
        # the size first: a file of any length would be read to its end
        if size != expected["bytes"]:
            raise CheckpointError(
                "the weights are truncated" if size < expected["bytes"] else "something was added to the weights",
                where=str(path),
                got=f"{size} bytes",
                expected=f"{expected['bytes']} bytes",
                hint=AGAIN,
            )
        digest = file_digest(path)
    except OSError as error:
        raise CheckpointError(
            "the weights are missing" if isinstance(error, FileNotFoundError) else "the weights cannot be read",
            where=str(path),
            got=error.strerror or "",
            hint=AGAIN,
        ) from None
    if digest != expected["sha256"]:
        raise CheckpointError(
            "the weights are not those that were written",
            where=str(path),
            got=f"SHA-256 {digest}",
            expected=expected["sha256"],
            hint=AGAIN,
        )
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            "the weights are no safetensors file", where=str(path), got=str(error), hint=_FOREIGN
        ) from None
    statistics = {name: tensors.pop(STATISTICS + name) for name in names if STATISTICS + name in tensors}
    missing = [name for name in names if name not in statistics]
    if missing:
        raise CheckpointError("statistics are missing", where=str(path), got=", ".join(missing), hint=AGAIN)
    return Stored(values, tensors, statistics, digest)


def _read_config(folder: Path) -> dict[str, Any]:
    """Values of ``config.json``, checked, without format, version and digest."""
    path = folder / CONFIG
    try:
        values = read_json(path)
    except FileNotFoundError:
        raise CheckpointError(
            "the folder holds no model" if folder.is_dir() else "the folder does not exist",
            where=str(folder),
            got=contents(folder) if folder.is_dir() else "",
            expected=f"{CONFIG} and {WEIGHTS}",
            hint=_FOREIGN,
        ) from None
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{CONFIG} is damaged", where=str(path), got=str(error), expected="JSON", hint=AGAIN
        ) from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        got = values.get("format", "no format") if isinstance(values, dict) else type(values).__name__
        raise CheckpointError(
            f"{CONFIG} is not of a model of this package",
            where=str(path),
            got=repr(got),
            expected=repr(FORMAT),
            hint=f"{_FOREIGN}; checkpoints of the earlier package need import-checkpoint",
        )
    if values.get("version") != VERSION:
        raise CheckpointError(
            "the model was saved in another version of the format",
            where=str(path),
            got=repr(values.get("version")),
            expected=str(VERSION),
            hint="use the version of eeg2fmri that wrote it: "
            + str((values.get("versions") or {}).get("eeg2fmri", "see versions in the file")),
        )
    digest = values.pop("digest", None)
    if digest != fingerprint(values):
        raise CheckpointError(
            f"{CONFIG} was changed after it was written",
            where=str(path),
            got=f"digest {digest}",
            expected=fingerprint(values),
            hint=AGAIN,
        )
    return {key: value for key, value in values.items() if key not in ("format", "version")}
