"""Check what all results share when they are read: format and version, damage, and what is not defined."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eeg2fmri.core.disk.parse import DAMAGE, read_json
from eeg2fmri.core.errors import InputError


class ResultError(InputError):
    """A result cannot be read: its files are absent, damaged, foreign or of another version."""

    def brief(self, name: str) -> str:
        """Say it in a line, for a list of problems: the file, what is wrong, and what was found."""
        first = self.problems[0]
        return f"{name}: {first.what}" + (f" ({first.got})" if first.got else "")


class AbsentResultError(ResultError):
    """There is no such result."""


@contextlib.contextmanager
def reading(path: Path, what: str, hint: str, absent: str = "") -> Iterator[None]:
    """Turn whatever reading a file may raise into a `ResultError`.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What it holds, with its article: "the scores of the evaluation".
    hint : str
        How it is made again.
    absent : str
        What to say if there is no such file; what it holds, by default.

    Raises
    ------
    AbsentResultError
        If there is no such file.
    ResultError
        If it cannot be read, or does not hold what it should.
    """
    try:
        yield
    except ResultError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise AbsentResultError(absent or f"there is no file with {what}", where=str(path), hint=hint) from None
    except DAMAGE as error:
        raise ResultError(
            f"{what} cannot be read", where=str(path), got=f"{type(error).__name__}: {error}", hint=hint
        ) from None


def read_content(path: Path, form: str, version: int, key: str = "version") -> dict[str, Any]:
    """Read a JSON object that says its format and version; to be called while `reading`.

    Parameters
    ----------
    path : Path
    form : str
        Format that it must say.
    version : int
    key : str
        Where the version stands; a file without another key than ``version`` is of the version asked for.

    Raises
    ------
    ResultError
        If the file is of another format or version.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise ValueError(f"a mapping was expected, not {type(content).__name__}")
    if content.get("format") != form:
        raise ResultError(
            "the file holds something else",
            where=str(path),
            got=f"format {content.get('format')!r}",
            expected=f"format {form!r}",
            hint="give the folder that the command wrote",
        )
    check_version(path, content.get(key, None if key == "version" else version), version)
    return content


def check_version(path: Path, got: Any, version: int) -> None:
    """Refuse another version.

    Raises
    ------
    ResultError
    """
    if got == version:
        return
    newer = isinstance(got, int) and got > version
    raise ResultError(
        "the file was written by another version of eeg2fmri",
        where=str(path),
        got=f"version {got}",
        expected=f"version {version}",
        hint="use the eeg2fmri that wrote it, or a newer one" if newer else "run the command again that wrote it",
    )


def defined(value: float) -> float | None:
    """Give a number as JSON has it; None where it is not defined, infinite included."""
    return float(value) if math.isfinite(value) else None


def as_float(value: float | str | None) -> float:
    """Give a number as it was written in JSON or CSV; NaN where it was not defined."""
    return math.nan if value is None or value == "" else float(value)


def cell(value: float) -> str:
    """Give a number as a cell of CSV, in full precision; empty where it is not defined."""
    return repr(float(value)) if math.isfinite(value) else ""
