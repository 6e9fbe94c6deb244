"""Checks of a BrainVision file set that its reader does not make: files present, complete, of one length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.bids.links import is_empty_link, link_problem

#: Bytes of a value by the name that the header gives its format.
BYTES = {"INT_16": 2, "UINT_16": 2, "INT_32": 4, "IEEE_FLOAT_32": 4}
#: Bytes of a header or marker file that are looked at: far more than any real one has.
LARGEST_TEXT = 64_000_000
#: Bytes of a Greek mu and of the micro sign in UTF-8: the unit of EEG is written with either.
_GREEK_MU, _MICRO = "\u03bc".encode(), "\u00b5".encode()
_COPY = "copy all three files (.vhdr, .eeg, .vmrk) again"


def brainvision_files(header: Path) -> list[Path]:
    """Header, data and marker file, as far as they are named (or have the header's own name) and exist."""
    text = _text(header)
    named = [_linked(header, text, key, relink=True) for key in ("DataFile", "MarkerFile")]
    return [header, *(path for path in named if path is not None and path.is_file())]


def linked_files(header: Path) -> list[Path]:
    """Name data and marker file as the header does, whether they are there or not."""
    text = _text(header)
    named = [_linked(header, text, key, relink=False) for key in ("DataFile", "MarkerFile")]
    return [path for path in named if path is not None]


def corrected_header(header: Path, *, relink: bool = False) -> bytes | None:
    """Write a header as its reader can read it; None where it can be read as it is.

    Names with ``$b`` (the header's own name) or in another case are written out, a Greek mu becomes the micro sign,
    and on demand (`relink`) names of files that do not exist become the header's own name.
    """
    text = _text(header)
    content = header.read_bytes().replace(_GREEK_MU, _MICRO)
    changed = _GREEK_MU.decode("latin-1") in text or header.suffix != ".vhdr"
    for key in ("DataFile", "MarkerFile"):
        found = _linked(header, text, key, relink=relink)
        if found is not None and found.is_file():
            changed |= found != _written(header, text, key)
            # the corrected header is read from elsewhere: whole paths
            line = f"{key}={found.absolute()}".encode()
            content = line.join(re.split(rb"(?mi)^%s\s*=[^\r\n]*" % key.encode(), content))
    return content if changed else None


def brainvision_problems(header: Path, *, relink: bool = False) -> Iterator[Problem]:
    """Find what is wrong with the three files of a recording.

    Parameters
    ----------
    header : Path
        The ``.vhdr`` file.
    relink : bool
        Take files with the name of the header in place of those it names, where these do not exist.
    """
    text = _text(header)
    if "Brain" not in text[:64]:
        yield Problem(
            "the file is not a BrainVision header",
            str(header),
            f"{text[:40]!r}",
            "a first line 'Brain Vision Data Exchange Header File'",
            _COPY,
        )
        return
    data, markers = (_linked(header, text, key, relink=relink) for key in ("DataFile", "MarkerFile"))
    for key, path in (("DataFile", data), ("MarkerFile", markers)):
        if path is not None and is_empty_link(path):
            yield link_problem([path])
        elif path is not None and not path.is_file():
            yield Problem(
                "a file that the BrainVision header names does not exist",
                f"{header}: {key}",
                path.name,
                hint="after renaming BrainVision files, correct DataFile and MarkerFile in the .vhdr (and .vmrk) too, "
                "or set eeg: {links: same name}",
            )
    if data is None or not data.is_file():
        return
    channels, width = _integer(text, "NumberOfChannels"), BYTES.get(_value(text, "BinaryFormat") or "")
    if not channels or width is None or (_value(text, "DataFormat") or "BINARY").upper() != "BINARY":
        return
    size = data.stat().st_size
    points = _integer(text, "DataPoints")
    if size == 0:
        yield Problem("the EEG data file is empty", str(data), hint=_COPY)
    elif size % (channels * width) or (points and size != points * channels * width):
        yield Problem(
            "the EEG data file is truncated, or its header belongs to another file",
            str(data),
            f"{size} bytes, {size / (channels * width):.2f} samples of {channels} channels",
            f"{points} samples" if points else "whole samples of every channel",
            _COPY,
        )
    elif markers is not None and markers.is_file():
        n_samples = size // (channels * width)
        last = max((int(position) for position in _POSITION.findall(_text(markers))), default=0)
        if last > n_samples:
            yield Problem(
                "the EEG data file is truncated: there are markers after its end",
                str(data),
                f"{n_samples} samples",
                f"at least {last} samples",
                _COPY,
            )


_POSITION = re.compile(r"^Mk\d+=[^,\n]*,[^,\n]*,\s*(\d+)", re.MULTILINE)


def _text(path: Path) -> str:
    # only ASCII parts are used, so the code page of the file does not matter
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_TEXT)
    except OSError as error:
        raise InputError("the file cannot be read", where=str(path), got=str(error.strerror)) from None
    return content.decode("latin-1").replace("\r", "\n")


def _value(text: str, key: str) -> str | None:
    found = re.search(rf"^{key}\s*=\s*(.*?)\s*$", text, re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else None


def _integer(text: str, key: str) -> int | None:
    value = _value(text, key)
    return int(value) if value is not None and value.isdigit() else None


def _written(header: Path, text: str, key: str) -> Path | None:
    """Give the path that a header names, as it is written."""
    value = _value(text, key)
    # file names may hold other characters than ASCII, in UTF-8
    name = (value or "").encode("latin-1").decode("utf-8", errors="replace").replace("\\", "/")
    return header.parent / name if name else None


def _named_file(header: Path, text: str, key: str) -> Path | None:
    """Find the file that a header names: ``$b`` is its own name, and the case of letters may be another."""
    written = _written(header, text, key)
    if written is None:
        return None
    named = written.with_name(written.name.replace("$b", header.stem))
    if named.is_file() or not named.parent.is_dir():
        return named
    same = [path for path in named.parent.iterdir() if path.name.casefold() == named.name.casefold()]
    return same[0] if len(same) == 1 else named


#: Extensions of the files that a header names.
_EXTENSIONS = {"DataFile": (".eeg", ".dat"), "MarkerFile": (".vmrk",)}


def _linked(header: Path, text: str, key: str, *, relink: bool) -> Path | None:
    """Find the file that a header names, or on demand the one that has the header's own name."""
    named = _named_file(header, text, key)
    if named is None or not relink or named.is_file():
        return named
    own = (header.with_suffix(extension) for extension in _EXTENSIONS[key])
    return next((path for path in own if path.is_file()), named)
