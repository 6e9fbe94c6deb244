"""One file from an address to its place: what was begun goes on, what comes damaged is fetched again once."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import IO

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.public.listing import TIMEOUT_S, RemoteFile

#: Bytes that are written at once.
CHUNK = 2**16
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
    import pooch
    import requests

    have = partial.stat().st_size if partial.is_file() else 0
    if have and (have >= file.size or not file.md5):
        if file.md5 and is_sound(file, partial):
            return
        partial.unlink()  # without a sum nobody would know that two halves are of one file
        have = 0
    # no encoding: bytes are counted, and compared with the archive's sum
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_S, progressbar=False, chunk_size=CHUNK, headers=headers)
    try:
        with partial.open("ab") as target:
            downloader(file.url, _Bounded(target, file, have), _Quiet())
    except requests.HTTPError:
        if not have:
            partial.unlink(missing_ok=True)
            raise
        # the server cannot go on from here: the whole file, then
        partial.unlink()
        _stream(file, partial)


class _Bounded:
    """A file that takes no more than was announced, and not more slowly than a line that works."""

    def __init__(self, target: IO[bytes], file: RemoteFile, have: int) -> None:
        self._target, self._file, self._have, self._new = target, file, have, 0
        self._began = time.monotonic()

    def write(self, data: bytes) -> int:
        """Write a piece.

        Raises
        ------
        _TooMuchError
            If the server sends more than it announced.
        requests.ConnectionError
            If it sends next to nothing for minutes: what has come is kept.
        """
        import requests

        self._new += len(data)
        size = self._file.size
        if self._have + self._new > (size if size >= 0 else LARGEST_UNANNOUNCED):
            raise _TooMuchError
        passed = time.monotonic() - self._began
        if passed > SLOW_S and self._new < SLOWEST * passed:
            raise requests.ConnectionError(f"{self._new} bytes in {passed:.0f} s")
        return self._target.write(data)

    def flush(self) -> None:
        """Write what waits in memory."""
        self._target.flush()


class _TooMuchError(Exception):
    """A server sends more than it announced."""


class _Quiet:
    """Stands for the registry that pooch's downloader would report to."""
