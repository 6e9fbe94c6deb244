"""Archives within a data set: unpacked to where its recipe wants them, once."""

from __future__ import annotations

import json
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import InputError
from eeg2fmri.data.public.listing import RemoteFile, check_path

#: What was unpacked, so that an archive need not be kept to know that it is there.
RECORD = ".unpacked.json"
#: Bytes unpacked (and for each byte of an archive) that recordings do not reach, and archives made to fill a disk do.
ALWAYS, MOST_PER_BYTE = 100_000_000, 200

Member = tuple[str, int, Callable[[], "IO[bytes] | None"]]


def is_unpacked(folder: Path, file: RemoteFile) -> bool:
    """Tell whether all that an archive holds is there, with the sizes it had."""
    facts = _record(folder).get(file.path)
    if not isinstance(facts, dict) or facts.get("size") != file.size or facts.get("md5") != file.md5:
        return False
    members = facts.get("members", {})
    return all((folder / name).is_file() and (folder / name).stat().st_size == n for name, n in members.items())


def unpack(archive: Path, folder: Path, into: str, file: RemoteFile, wanted: Callable[[str], bool]) -> None:
    """Unpack a zip or tar archive, note what it held, and remove it.

    Parameters
    ----------
    archive : Path
    folder : Path
        Of the data set.
    into : str
        Folder below the data set that the archive becomes; a folder of this name within the archive is the same.
    file : RemoteFile
        What was fetched.
    wanted : callable
        Whether a path below the data set is to be unpacked.

    Raises
    ------
    InputError
        If it is no archive, damaged, or names a file outside of itself.
    OSError
        If it cannot be written.
    """
    members: dict[str, int] = {}
    complete = True
    limit = ALWAYS + MOST_PER_BYTE * archive.stat().st_size
    with _opened(archive, file.url) as entries:
        for name, size, opened in entries:
            check_path(name, file.url)
            path = f"{into}/{name.removeprefix(f'{into}/')}" if into else name
            if not wanted(path):
                complete = False
                continue
            if sum(members.values()) + size > limit:
                raise InputError(
                    "the archive holds far more than archives of recordings do",
                    where=file.url,
                    got=f"{sum(members.values()) + size} bytes in an archive of {archive.stat().st_size}",
                    expected=f"at most {limit} bytes",
                    hint="it may be made to fill the disk: look into it by hand",
                )
            _write(folder / path, size, opened, file.url)
            members[path] = size
    if complete:
        record = {**_record(folder), file.path: {"size": file.size, "md5": file.md5, "members": members}}
        (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    archive.unlink()


def _write(path: Path, size: int, opened: Callable[[], IO[bytes] | None], url: str) -> None:
    if path.is_file() and path.stat().st_size == size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        source = opened()
        if source is None:
            return
        with source, partial.open("wb") as target:
            left = size
            while left > 0 and (piece := source.read(min(left, 2**20))):
                target.write(piece)
                left -= len(piece)
            more = bool(source.read(1))
        if left or more:
            what = "longer" if more else "shorter"
            raise InputError(f"a file in the archive is {what} than it says", where=url, got=path.name)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _opened(archive: Path, url: str) -> Iterator[Iterator[Member]]:
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as held:
                yield _zipped(held)
        else:
            with tarfile.open(archive) as tarred:
                yield _tarred(tarred)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise _damaged(archive, url, error) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(archive, url, error) from None  # gzip's own complaint about its content


def _damaged(archive: Path, url: str, error: Exception) -> InputError:
    archive.unlink(missing_ok=True)
    return InputError(
        "the archive comes damaged", where=url, got=f"{type(error).__name__}: {error}", hint="start again"
    )


def _zipped(held: zipfile.ZipFile) -> Iterator[Member]:
    for one in held.infolist():
        if not one.is_dir():
            yield one.filename, one.file_size, lambda one=one: held.open(one)  # type: ignore[misc]


def _tarred(held: tarfile.TarFile) -> Iterator[Member]:
    for one in held:
        if one.isfile():  # links and devices are left out: they could lead out of the folder
            yield one.name.removeprefix("./"), one.size, lambda one=one: held.extractfile(one)  # type: ignore[misc]


def _record(folder: Path) -> dict[str, Any]:
    try:
        values = read_json(folder / RECORD)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
