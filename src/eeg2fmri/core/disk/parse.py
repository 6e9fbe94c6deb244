"""Read YAML and JSON files and tables: bounded in size, no key twice, every fault with its line."""

from __future__ import annotations

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any

import yaml

#: Bytes of a text file that are more than any real settings, sidecar or manifest has.
LARGEST_FILE = 50_000_000
#: What a damaged file may raise while it is read and taken apart.
DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    EOFError,
    OverflowError,
    RecursionError,
    zipfile.BadZipFile,
    zlib.error,
    # of the header of an array
    SyntaxError,
    TokenError,
)


def read_json(path: Path) -> Any:
    """Read a JSON file, with or without a byte order mark.

    Raises
    ------
    OSError
        If it cannot be read, or is a pipe or device.
    ValueError
        If it is no JSON, is nested too deeply, is too large, or names a key twice.
    """
    text = read_text(path)
    try:
        return _without_nul(json.loads(text, object_pairs_hook=_once), text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except _TwiceError as error:
        raise ValueError(_twice(text, str(error))) from None


def read_yaml(path: Path, largest: int = LARGEST_FILE) -> Any:
    """Read a YAML (or JSON) file; nothing in it is executed.

    Raises
    ------
    OSError
        If it cannot be read, or is a pipe or device.
    ValueError
        If it is no YAML, is nested too deeply, is too large, or names a key twice: the line is told.
    """
    text = read_text(path, largest)
    try:
        return _without_nul(yaml.load(text, _Loader), text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error) or "nested too deeply") from None


def refuse_pipe(path: Path) -> None:
    """Refuse what is there and is no file: a pipe would be waited for, and some devices never end.

    Raises
    ------
    OSError
    """
    if path.exists() and not path.is_file():
        raise OSError("no regular file")


def read_text(path: Path, largest: int = LARGEST_FILE) -> str:
    """Read a text file in UTF-8, with or without a byte order mark.

    Raises
    ------
    OSError
        If it cannot be read, or is a pipe or device.
    ValueError
        If it is too large, or no UTF-8.
    """
    _refuse_large(path, largest)
    return path.read_text(encoding="utf-8-sig")


def read_bytes(path: Path) -> bytes:
    """Read a small binary file whole.

    Raises
    ------
    OSError
        If it cannot be read, or is a pipe or device.
    ValueError
        If it is too large.
    """
    _refuse_large(path, LARGEST_FILE)
    return path.read_bytes()


def _refuse_large(path: Path, largest: int) -> None:
    refuse_pipe(path)
    size = path.stat().st_size
    if size > largest:
        raise ValueError(f"{size} bytes: more than such a file can have")


def read_table(path: Path, delimiter: str = ",", quotes: bool = True) -> list[dict[str, str]]:
    r"""Read a table with a line of names: a row by column, "" where a line is too short.

    Parameters
    ----------
    path : Path
    delimiter : str
    quotes : bool
        Whether a cell may stand in quotes; else they belong to it.

    Raises
    ------
    OSError
        If it cannot be read, or is a pipe or device.
    ValueError
        If it is too large, or no table in UTF-8.

    Example
    -------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "table.tsv"
    ...     _ = file.write_text("name\tunits\nFz\tuV\nCz\n")
    ...     read_table(file, "\t")
    [{'name': 'Fz', 'units': 'uV'}, {'name': 'Cz', 'units': ''}]
    """
    lines = io.StringIO(read_text(path), newline="")
    try:
        rows = list(csv.DictReader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE))
    except csv.Error as error:  # a cell of many thousand characters
        raise ValueError(str(error)) from None
    # cells beyond the names have the key None
    return [{name: cell or "" for name, cell in row.items() if name is not None} for row in rows]


def texts(values: object) -> list[str]:
    """Take a list of texts; anything else, a text alone too, is of a damaged file.

    Raises
    ------
    TypeError

    Example
    -------
    >>> texts(["Fz", "Cz"])
    ['Fz', 'Cz']
    """
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"a list of texts was expected, not {values!r:.100}")
    return values


def line_of(path: Path, keys: Sequence[Any]) -> int | None:
    r"""Find the line (from 1) of a nested key in a YAML or JSON file; None if it is not there.

    Example
    -------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "settings.yaml"
    ...     _ = file.write_text("epochs: 3\npairs:\n  window: many\n")
    ...     line_of(file, ("pairs", "window"))
    3
    """
    try:
        node = yaml.compose(read_text(path), yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return None
    line = None
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            found = [pair for pair in node.value if getattr(pair[0], "value", None) == str(key)]
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _without_nul(values: Any, text: str) -> Any:
    """Refuse a NUL within a text: no name of a file or label has one, and the system takes none."""
    if not any(written in text for written in ("\\0", "\\x00", "\\u0000", "\\U00000000")):
        return values
    waiting, seen = [values], set[int]()  # references of YAML may lead into themselves
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and "\0" in value:
            raise ValueError("a text with a NUL character")
        if isinstance(value, dict | list) and id(value) not in seen:
            seen.add(id(value))
            waiting += [*value, *value.values()] if isinstance(value, dict) else value
    return values


class _TwiceError(ValueError):
    """A key that an object has twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return values


def _twice(text: str, key: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if json.dumps(key) in line and any(json.dumps(key) in before for before in text.splitlines()[: number - 1]):
            return f"line {number}: the key {key!r} stands there twice"
    return f"the key {key!r} stands there twice"


class _Loader(yaml.SafeLoader):
    """Loads plain values only, and refuses a key that is given twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping whose keys are all different."""
        lines: dict[str, int] = {}
        for key in _scalars(node):
            line = key.start_mark.line + 1
            if key.value in lines:
                raise yaml.YAMLError(
                    f"line {line}: the key {key.value!r} stands there twice, first in line {lines[key.value]}"
                )
            lines[key.value] = line
        return super().construct_mapping(node, deep=deep)


def _scalars(node: yaml.MappingNode) -> Iterable[yaml.ScalarNode]:
    return (key for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<")
