"""The unfinished folder of a store: locked by who writes it, taken up again after a crash."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from eeg2fmri.core.disk.digest import CONTENT, content_digest
from eeg2fmri.core.disk.files import write_json
from eeg2fmri.core.disk.parse import DAMAGE, read_json
from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.store.format import file_problems, seal

try:
    import fcntl
except ImportError:  # not on Windows: nothing is taken up again there
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
DONE = ".done.json"


class Partial:
    """A folder that one process at a time may write.

    The lock ends with the process, however that ends: a folder that is not locked was left behind.

    Parameters
    ----------
    folder : Path
        Hidden, beside the store to make.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None

    def open(self) -> None:
        """Make the folder, or take up the one that was left behind.

        Raises
        ------
        StoreError
            If another process is writing it.
        OSError
            If it cannot be made.
        """
        self.folder.mkdir(exist_ok=True)
        self._lock = _locked(self.folder)
        if self._lock is None:
            raise StoreError(
                "another process is preparing the same store",
                where=str(self.folder),
                hint="wait until it is finished, or choose another path",
            )

    def finished(self, recording: str) -> dict[str, Any] | None:
        """Give what `mark` noted of a recording, if its files are still as they were then."""
        try:
            noted = read_json(self.folder / f"{recording}{DONE}")
            files = dict(noted["files"])
            folder = self.folder / recording
            sound = noted["seal"] == seal(noted) and not file_problems(folder, files)
            if sound and all(content_digest(folder / name) == facts[CONTENT] for name, facts in files.items()):
                return dict(noted)
        except DAMAGE:
            return None
        return None

    def mark(self, recording: str, noted: dict[str, Any]) -> None:
        """Note that a recording is complete."""
        write_json(self.folder / f"{recording}{DONE}", noted | {"seal": seal(noted)})

    def keep_finished(self) -> int:
        """Remove all but the recordings that `mark` noted; give their number."""
        names = {path.name.removesuffix(DONE) for path in self.folder.glob(f"*{DONE}")}
        for path in self.folder.iterdir():
            if path.is_dir() and path.name not in names:
                shutil.rmtree(path, ignore_errors=True)
        return len(names)

    def clear(self) -> None:
        """Remove what is only of use while the store is unfinished."""
        for path in (*self.folder.glob(f"*{DONE}"), self.folder / LOCK):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def remove_left_behind(pattern: str, beside: Path) -> None:
    """Remove unfinished folders that no process writes any more."""
    for folder in beside.glob(pattern):
        if not (folder / LOCK).is_file():
            continue
        lock = _locked(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path) -> int | None:
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock
