"""The commit of a folder that git (or DataLad) keeps."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

#: Seconds after which an answer of git is not waited for any longer.
PATIENCE_S = 60


def commit_of(folder: str | Path) -> dict[str, Any] | None:
    """Ask git for the commit of a folder.

    Returns
    -------
    dict or None
        ``commit``, the hash; ``changed``, whether a file that the commit has is another one now, or None if git could
        not tell in time. None if git keeps nothing of the folder, does not trust its owner, or is not installed.
    """
    # a folder that git does not keep can lie within one that it does: then HEAD has nothing of it
    if not _git(folder, "ls-tree", "--name-only", "HEAD"):
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return None
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return {"commit": commit, "changed": None if changes is None else bool(changes)}


def _git(folder: str | Path, *words: str) -> str | None:
    """Return what git answers; None if it cannot."""
    # a file system monitor would be a program that the folder itself names
    command = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *words]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()
