"""Sidecar files of a BIDS recording, by the inheritance principle: a file nearer to the recording wins."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from eeg2fmri.core.disk.parse import read_json, read_text
from eeg2fmri.core.errors import InputError


def entities(path: Path) -> dict[str, str]:
    """Labels in a BIDS file name by their key, for example ``{"sub": "01", "task": "rest"}``.

    Two things that BIDS does not know are read as they are meant: a key in capitals, and an underscore in the label of
    a subject, session or task (``sub-a_b_task-rest_eeg`` is of ``a_b``).
    """
    *parts, suffix = path.name.split(".", 1)[0].split("_")
    labels: dict[str, str] = {}
    key = ""
    for part in [*parts, suffix] if "-" in suffix else parts:
        if "-" in part:
            key, label = part.split("-", 1)
            key = key.lower()
            labels[key] = label
        elif key in ("sub", "ses", "task"):
            labels[key] += f"_{part}"
    return labels


def same_but(key: str, path: Path) -> list[Path]:
    """Files beside a file that have its name but for one label, for example its parts (``split``), sorted."""
    own = {name: value for name, value in entities(path).items() if name != key}
    ending = path.name.split("_")[-1]
    return sorted(
        other
        for other in path.parent.glob(f"*_{key}-*_{ending}")
        if {name: value for name, value in entities(other).items() if name != key} == own
    )


def bids_root(path: Path) -> Path | None:
    """Nearest folder above a file that holds a ``dataset_description.json``."""
    return next((folder for folder in _absolute(path).parents if (folder / "dataset_description.json").is_file()), None)


def _absolute(path: Path) -> Path:
    # links are not followed: the files of a DataLad data set point into a store without sidecars
    return Path(os.path.abspath(path))  # noqa: PTH100


def sidecars(path: Path, suffix: str, extension: str) -> list[Path]:
    """Sidecar files that apply to a file, the nearest last.

    Parameters
    ----------
    path : Path
        Data file.
    suffix, extension : str
        For example ``bold`` and ``.json``, or ``channels`` and ``.tsv``.

    Raises
    ------
    InputError
        If one is a folder, a link that leads nowhere, or a device.
    """
    root = bids_root(path)
    folder = _absolute(path).parent
    folders = [folder]
    while root is not None and folders[0] != root:
        folders.insert(0, folders[0].parent)
    own = entities(path).items()
    found: list[Path] = []
    for level in folders:
        candidates = [*level.glob(f"*_{suffix}{extension}"), *level.glob(f"{suffix}{extension}")]
        fitting = [file for file in candidates if entities(file).items() <= own]
        found += sorted(fitting, key=lambda file: len(entities(file)))
    for file in found:
        refuse_other_than_file(file)
    return found


def refuse_other_than_file(file: Path) -> None:
    """Refuse what is there under the name of a sidecar and is no file: a pipe would be waited for without end.

    Raises
    ------
    InputError
        If it is a folder, a link that leads nowhere, a pipe or a device.
    """
    if not file.is_file():
        raise InputError(
            "the sidecar cannot be read",
            where=str(file),
            got="a folder" if file.is_dir() else "a link that leads nowhere, or no ordinary file",
            expected="a file",
        )


def read_json_sidecar(path: Path, suffix: str) -> dict[str, Any]:
    """Merge the JSON sidecars of a file; empty where there is none.

    Raises
    ------
    InputError
        If one is not JSON or not an object.
    """
    merged: dict[str, Any] = {}
    for file in sidecars(path, suffix, ".json"):
        try:
            values = read_json(file)
        except (OSError, ValueError) as error:
            raise InputError("the sidecar cannot be read", where=str(file), got=str(error), expected="JSON") from None
        if not isinstance(values, dict):
            raise InputError(
                "the sidecar does not hold a JSON object", where=str(file), got=type(values).__name__, expected="{...}"
            )
        merged.update(values)
    return merged


#: Characters that some data sets put around names.
_QUOTES = "'\"\u2018\u2019\u201c\u201d"


def _unquoted(name: str) -> str:
    """Take quotes away that stand on both sides; a prime at the end belongs to the name."""
    quoted = len(name) > 2 and name[0] in _QUOTES and name[-1] in _QUOTES
    return name[1:-1] if quoted else name


def read_channels_tsv(path: Path) -> tuple[Path, dict[str, dict[str, str]]] | None:
    """Read the nearest ``channels.tsv`` of an EEG file.

    Returns
    -------
    tuple of Path and dict, or None
        The file, and its columns (in lower case) for each channel by name, in order.

    Raises
    ------
    InputError
        If it cannot be read, has no column ``name``, or names a channel twice.
    """
    files = sidecars(path, "channels", ".tsv")
    if not files:
        return None
    try:
        lines = read_text(files[-1]).splitlines()
        # some data sets have spaces in place of tabs
        tabs = bool(lines) and "\t" in lines[0]
        rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)) if tabs else [x.split() for x in lines]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError("channels.tsv cannot be read", where=str(files[-1]), got=str(error)) from None
    columns = [name.strip().lower() for name in rows[0]] if rows else []
    if "name" not in columns:
        raise InputError(
            "channels.tsv has no column 'name'",
            where=str(files[-1]),
            got=", ".join(columns)[:200],
            expected="a first line with name, type, units, separated by tabs",
        )
    channels: dict[str, dict[str, str]] = {}
    for row in rows[1:]:
        values = dict(zip(columns, (value.strip() for value in row), strict=False))
        if not values.get("name"):
            continue
        values["name"] = _unquoted(values["name"])
        if values["name"] in channels:
            raise InputError("channels.tsv names a channel twice", where=str(files[-1]), got=values["name"])
        channels[values["name"]] = values
    return files[-1], channels
