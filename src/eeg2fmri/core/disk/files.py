"""Write files and folders whole or not at all, and say in one way why one cannot be written.

What is written has another, hidden name beside its place until it is complete, and takes its own name at once: a reader
never meets half a file, and after an error, Ctrl-C or a full disk an earlier file is as it was and nothing lies beside
it. The hidden names of two files, and of two processes that write the same file, never collide.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import glob
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from eeg2fmri.core.disk.left_behind import PART, remove_left_behind
from eeg2fmri.core.errors import Eeg2FmriError, InputError, first_of

#: What the system says of a place that cannot be written, and what to do about it.
REASONS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", "make room, or choose another disk; nothing was left behind"),
    errno.EDQUOT: ("your quota of disk space is used up", "make room, or choose another disk"),
    errno.EFBIG: ("the file is larger than the file system takes", "choose another disk"),
    errno.EROFS: ("the disk is read-only", "choose a folder on a disk that can be written"),
    errno.EACCES: ("you are not allowed to write there", "choose a folder that you may write to"),
    errno.EPERM: ("you are not allowed to write there", "choose a folder that you may write to"),
    errno.ENAMETOOLONG: ("the name is too long for the file system", "choose a shorter name"),
    errno.ENOENT: ("the folder to write into does not exist", "make the folder first, or choose another one"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "choose another path"),
    errno.EISDIR: ("a folder has this name", "choose another name, or remove the folder"),
    errno.EEXIST: ("a pipe or device has this name", "choose another name"),
    errno.EIO: ("the disk reports a fault", "check the disk, or choose another one"),
}
#: Words of the system in errors of libraries that keep no error number, such as safetensors and HDF5.
FULL = "No space left on device"
#: Held while a folder is made.
LOCK = ".lock"


class OutputError(InputError):
    """A file or folder cannot be written."""


def cannot_write(
    error: OSError, path: str | Path, raises: type[Eeg2FmriError] = OutputError, hint: str = ""
) -> Eeg2FmriError:
    """Make an error that names a path, why it cannot be written, and what to do.

    Parameters
    ----------
    error : OSError
    path : path
        What was to be written.
    raises : type
        Class of the error.
    hint : str
        The next step, where it is known better than from the reason alone.
    """
    what, todo = REASONS.get(error.errno or 0, ("the system refuses", "choose another place"))
    system = error.strerror or str(error)
    return raises(f"{Path(path).name} cannot be written: {what}", where=str(path), got=system, hint=hint or todo)


@contextlib.contextmanager
def whole_files(*paths: str | Path, raises: type[Eeg2FmriError] = OutputError, hint: str = "") -> Iterator[list[Path]]:
    """Give names to write files under; all take their own names once the block ends without an error, or none does.

    Parameters
    ----------
    *paths : path
        Files to write, in folders that exist. Those that are there are replaced.
    raises : type
        Class of the error if one cannot be written.
    hint : str
        See `cannot_write`.

    Raises
    ------
    OutputError
        If a file cannot be written: the disk is full or read-only, you are not allowed to, the name is too long.
    """
    targets = [Path(path) for path in paths]
    parts = [_beside(target) for target in targets]
    new = [target for target in targets if not os.path.lexists(target)]
    try:
        with _told(targets[0], [*targets, *parts], raises, hint):
            for target in targets:
                _check_place(target)
                remove_left_behind(target.parent)
            yield parts
            for part in parts:
                _sync(part)
            for part, target in zip(parts, targets, strict=True):
                part.replace(target)
    except BaseException:
        _remove(new)
        raise
    finally:
        _remove(parts)


@contextlib.contextmanager
def whole_file(path: str | Path, *, raises: type[Eeg2FmriError] = OutputError, hint: str = "") -> Iterator[Path]:
    """Give a name to write a file under; see `whole_files`.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with whole_file(Path(folder.name) / "notes.txt") as part:
    ...     _ = part.write_text("all of it")
    >>> [file.name for file in Path(folder.name).iterdir()]
    ['notes.txt']
    >>> folder.cleanup()
    """
    with whole_files(path, raises=raises, hint=hint) as parts:
        yield parts[0]


def contents(folder: Path) -> str:
    """Name what is in a folder, for an error that finds something else there."""
    return first_of(sorted(entry.name for entry in folder.iterdir()), 8) or "an empty folder"


def write_text(path: str | Path, text: str, *, raises: type[Eeg2FmriError] = OutputError, hint: str = "") -> None:
    """Write a text file whole, in UTF-8."""
    with whole_file(path, raises=raises, hint=hint) as part:
        part.write_text(text, encoding="utf-8")


def write_json(
    path: str | Path, content: Any, *, indent: int = 2, raises: type[Eeg2FmriError] = OutputError, hint: str = ""
) -> None:
    """Write a JSON file whole; what is not defined is None in it, and NaN is refused."""
    write_text(path, json.dumps(content, indent=indent, allow_nan=False) + "\n", raises=raises, hint=hint)


def write_csv(path: str | Path, head: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",") -> None:
    """Write a CSV file whole: a row of names, then rows of cells."""
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(head)
        writer.writerows(rows)


@contextlib.contextmanager
def whole_folder(
    path: str | Path, *, replace: bool = False, raises: type[Eeg2FmriError] = OutputError, hint: str = ""
) -> Iterator[Path]:
    """Give an empty folder to fill; it takes its own name once the block ends without an error.

    Parameters
    ----------
    path : path
        Must not exist, or be an empty folder, unless `replace`. Folders above it are made.
    replace : bool
        Whether an earlier folder gives way.
    raises, hint
        See `whole_files`.

    Raises
    ------
    OutputError
        If `path` holds something, cannot be written, or is being made by another process.
    """
    path = Path(path).absolute()
    if not replace:
        refuse_existing(path, raises=raises)
    with _told(path, [path], raises, hint):
        path.parent.mkdir(parents=True, exist_ok=True)
        _name_fits(path)
        _remove_left_behind(path, raises)
        workshop = Path(tempfile.mkdtemp(prefix=_workshop(path), dir=path.parent))
    try:
        with _told(path, [path, workshop], raises, hint), FileLock(workshop / LOCK):
            made = workshop / "made"
            made.mkdir()
            yield made
            before = workshop / "before"
            if replace and path.exists():
                path.rename(before)
            try:
                if path.is_dir():
                    path.rmdir()
                made.rename(path)
            except OSError:
                if before.exists():
                    before.rename(path)
                raise
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _workshop(path: Path) -> str:
    """Give the first letters of the hidden folders in which a folder is made."""
    return f".{path.name[:100]}.part-"


def _remove_left_behind(path: Path, raises: type[Eeg2FmriError]) -> None:
    """Remove what processes that were killed have left; a lock that is held is of one that is at work."""
    for left in path.parent.glob(f"{glob.escape(_workshop(path))}*/{LOCK}"):
        try:
            with FileLock(left, timeout=0):
                shutil.rmtree(left.parent, ignore_errors=True)
        except Timeout:
            raise raises(
                "another process is making this folder",
                where=str(path),
                hint="wait until it has ended, or choose another folder",
            ) from None


def refuse_existing(*paths: str | Path, raises: type[Eeg2FmriError] = OutputError) -> None:
    """Refuse an output that exists already and is no empty folder; a link that leads nowhere exists too.

    Raises
    ------
    OutputError
    """
    for path in map(Path, paths):
        if os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir())):
            raise raises(
                "the output exists already",
                where=str(path),
                expected="a path that does not exist",
                hint="choose another path, or remove this one first",
            )


@contextlib.contextmanager
def told_of(path: Path, *, raises: type[Eeg2FmriError] = OutputError, hint: str = "") -> Iterator[None]:
    """Turn what the system says of a path that cannot be written into an error that names it; see `cannot_write`."""
    with _told(path, [path], raises, hint):
        yield


@contextlib.contextmanager
def _told(path: Path, ours: Sequence[Path], raises: type[Eeg2FmriError], hint: str) -> Iterator[None]:
    """Turn what the system says of one of our paths into one of our errors; errors of other files stay as they are."""
    try:
        yield
    except Eeg2FmriError:
        raise
    except Exception as error:
        known = error if isinstance(error, OSError) and error.errno is not None else _in_words(error)
        if known is None or not _concerns(known, ours):
            raise
        raise cannot_write(known, path, raises, hint) from error


def _in_words(error: Exception) -> OSError | None:
    """Find what the system said in an error of a library that keeps its words alone."""
    if FULL in str(error):
        return OSError(errno.ENOSPC, FULL)
    number = re.search(r"\(os error (\d+)\)", str(error))
    return None if number is None else OSError(int(number[1]), os.strerror(int(number[1])))


def _concerns(error: OSError, ours: Sequence[Path]) -> bool:
    """Whether an error is of one of our paths, or names none, as that of a full disk does."""
    if not isinstance(error.filename, str | os.PathLike):
        return error.errno in REASONS
    named = Path(error.filename)
    return any(named == path or path in named.parents or named in path.parents for path in ours)


def _check_place(path: Path) -> None:
    """Find what can be known before a long work has gone into a file: its folder, its name, a folder of that name."""
    path.parent.stat()
    _name_fits(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():  # whoever may write to /dev would lose it
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _name_fits(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.lstat(path)


def _beside(path: Path) -> Path:
    """Name a hidden file beside another, short, with its endings: some libraries choose the format by them."""
    endings = "".join(path.suffixes[-2:])
    return path.with_name(f"{PART}{os.getpid()}-{secrets.token_hex(4)}{endings if len(endings) < 20 else ''}")


def _sync(path: Path) -> None:
    """Have the content of a file on the disk before its name: after a power cut it is whole, too."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
