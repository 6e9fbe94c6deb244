"""Remove the hidden files of processes that were killed while they wrote."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

#: First letters of the hidden name of a file that is being written; the number of the process follows.
PART = ".part-"
#: Seconds for which such a file stays: a process of another machine may be writing it.
STAYS_S = 3600.0

_looked_at: set[Path] = set()


def remove_left_behind(folder: Path) -> None:
    """Remove unfinished files of dead processes from a folder; each process looks once into each.

    Example
    -------
    >>> remove_left_behind(Path("a folder that does not exist"))
    """
    folder = folder.absolute()
    if folder in _looked_at or os.name != "posix":
        return
    _looked_at.add(folder)
    for left in folder.glob(f"{PART}*"):
        with contextlib.suppress(OSError, ValueError):
            number = int(left.name.removeprefix(PART).split("-")[0])
            if left.is_file() and time.time() - left.stat().st_mtime > STAYS_S and not _alive(number):
                left.unlink()


def _alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
