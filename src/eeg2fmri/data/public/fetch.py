"""One file from an address to its place: what was begun goes on, what comes damaged is fetched again once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.public.answer import ask, pieces
from eeg2fmri.data.public.listing import RemoteFile

#: Bytes of a file whose size an archive does not tell that are too many.
LARGEST_UNANNOUNCED = 500 * 10**9
#: A line slower than this (bytes/s) over so many seconds is broken.
SLOWEST, SLOW_S = 200, 120


def fetch(file: RemoteFile, path: Path) -> None:
    """Fetch a file that is not there yet, or not sound.

    Raises
    ------
    InputError
        If it comes damaged twice.
    requests.RequestException
        If the connection fails; what has come is kept, and the next attempt goes on from there.
    OSError
        If it cannot be written.
    """
    if is_sound(file, path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    for _ in range(2):
        with contextlib.suppress(_TooMuchError):
            _stream(file, partial)
        if is_sound(file, partial):
            partial.replace(path)
            return
        partial.unlink(missing_ok=True)
    raise InputError(
        "a file comes damaged from the archive",
        where=file.url,
        expected=f"{file.size} bytes" + (f", MD5 {file.md5}" if file.md5 else ""),
    )


def is_sound(file: RemoteFile, path: Path) -> bool:
    """Tell whether a file is there, with the right size and sum."""
    import pooch  # type: ignore[import-untyped]

    if not path.is_file() or (file.size >= 0 and path.stat().st_size != file.size):
        return False
    return not file.md5 or pooch.file_hash(str(path), alg="md5") == file.md5


def _stream(file: RemoteFile, partial: Path) -> None:
    import requests

    have = partial.stat().st_size if partial.is_file() else 0
    if have and (have >= file.size or not file.md5):
        if file.md5 and is_sound(file, partial):
            return
        partial.unlink()  # without a sum nobody would know that two halves are of one file
        have = 0
    # no encoding: bytes are counted, and compared with the archive's sum
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    try:
        with ask(requests.get, file.url, headers=headers, stream=True) as answer, partial.open("ab") as target:
            for piece in _bounded(pieces(answer), file, have):
                target.write(piece)
    except requests.HTTPError:
        if not have:
            raise
        # the server cannot go on from here: the whole file, then
        partial.unlink()
        _stream(file, partial)


def _bounded(pieces: Iterable[bytes], file: RemoteFile, have: int) -> Iterator[bytes]:
    """Give no more than was announced, and not more slowly than a line that works.

    Raises
    ------
    _TooMuchError
        If the server sends more than it announced.
    requests.ConnectionError
        If it sends next to nothing for minutes: what has come is kept.
    """
    import requests

    began, new = time.monotonic(), 0
    for piece in pieces:
        new += len(piece)
        if have + new > (file.size if file.size >= 0 else LARGEST_UNANNOUNCED):
            raise _TooMuchError
        passed = time.monotonic() - began
        if passed > SLOW_S and new < SLOWEST * passed:
            raise requests.ConnectionError(f"{new} bytes in {passed:.0f} s")
        yield piece


class _TooMuchError(Exception):
    """A server sends more than it announced."""
