"""Keep two processes from writing to one folder at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from eeg2fmri.core.errors import InputError


@contextmanager
def locked(folder: Path, what: str) -> Iterator[None]:
    """Hold the lock of a folder, which need not exist; the system lets go of it when the process ends, however.

    The lock is a hidden file beside the folder, so that the folder can be made, renamed and removed meanwhile. It is
    removed at the end, with the folders above that were made for it and are empty; a process that is killed leaves it,
    which locks nothing.

    Parameters
    ----------
    folder : Path
    what : str
        What is going on, for the error of the second process ("a training of this run").

    Raises
    ------
    InputError
        If another process holds it.

    Example
    -------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as place, locked(Path(place) / "run", "a training"):
    ...     print("nobody else writes to the run now")
    nobody else writes to the run now
    """
    above = [parent for parent in folder.absolute().parents if not parent.exists()]
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    file = folder.absolute().with_name(f".{folder.name}.lock")
    try:
        with FileLock(file, timeout=0):
            try:
                yield
            finally:
                with suppress(OSError):
                    file.unlink()
    except Timeout:
        raise InputError(
            f"{what} is under way in another process",
            where=str(folder),
            hint="wait until it has ended, or choose another folder",
        ) from None
    finally:
        for parent in above:  # made for the lock: where nothing was written, nothing is left
            with suppress(OSError):
                parent.rmdir()
