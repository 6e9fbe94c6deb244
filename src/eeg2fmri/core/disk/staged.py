"""Fill a folder all at once, and keep what cannot be written there."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from eeg2fmri.core.disk.files import OutputError, told_of


@contextlib.contextmanager
def staged_files(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill; its files take their place in a folder that exists once the block ends well.

    Those that are there under the same names are replaced, others stay. Nobody else may write to the folder meanwhile
    (see `eeg2fmri.core.disk.lock`): what a killed process has left is removed.

    Raises
    ------
    OutputError
        If they cannot be written.
    """
    for left in folder.glob(".part-*"):
        shutil.rmtree(left, ignore_errors=True)
    with told_of(folder):
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
    try:
        with told_of(folder):
            yield part
            for file in sorted(part.iterdir(), key=lambda file: file.stat().st_mtime_ns):
                file.replace(folder / file.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def kept_elsewhere(error: OutputError, write: Callable[[Path], object], name: str) -> OutputError:
    """Save what took long to compute where temporary files go, after its own place could not be written.

    Parameters
    ----------
    error : OutputError
        Why it could not.
    write : callable
        Takes a folder, and writes the result to it.
    name : str
        First letters of the folder.

    Returns
    -------
    OutputError
        The same error; where the result could be saved, it says where that is.
    """
    place = None
    try:
        place = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        write(place)
    except (OSError, OutputError):
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)
        return error
    (first, *_) = error.problems
    hint = f"the result is kept in {place}: move it to its place; then {first.hint}"
    return OutputError(first.what, where=first.where, got=first.got, expected=first.expected, hint=hint)
