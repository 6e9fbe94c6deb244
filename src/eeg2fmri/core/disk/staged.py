"""Fill a folder all at once, and keep what cannot be written there."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from eeg2fmri.core.disk.files import OutputError, told_of, whole_folder

Result = TypeVar("Result")


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


def made_whole(
    path: Path, make: Callable[[], Result], write: Callable[[Result, Path], object], name: str, *, replace: bool = False
) -> Result:
    """Compute what takes long, and write it to a folder that is there whole or not at all.

    Parameters
    ----------
    path : Path
        Folder to make; it is tried before the work.
    make : callable
        Gives the result.
    write : callable
        Takes the result and an empty folder.
    name : str
        First letters of the folder for temporary files in which a result that cannot be written is kept.
    replace : bool
        Whether a folder that is there is replaced.

    Raises
    ------
    OutputError
        If the folder cannot be written; it says where the result is kept, where there is one.
    """
    made: list[Result] = []
    try:
        with whole_folder(path, replace=replace) as part:
            made.append(make())
            write(made[0], part)
    except OutputError as error:
        raise (kept_elsewhere(error, lambda place: write(made[0], place), name) if made else error) from None
    return made[0]


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
