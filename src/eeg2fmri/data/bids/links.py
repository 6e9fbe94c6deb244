"""Files of a DataLad data set whose content was not fetched: links that lead nowhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from eeg2fmri.core.errors import Problem, first_of
from eeg2fmri.data.bids.sidecars import bids_root


def is_empty_link(path: Path) -> bool:
    """Tell whether a path is a link whose target is not there."""
    return path.is_symlink() and not path.exists()


def link_problem(paths: Sequence[Path], root: Path | None = None) -> Problem:
    """Say which files are links without content, and how to get it.

    Parameters
    ----------
    paths : sequence of Path
    root : Path, optional
        Folder of the data set; the BIDS folder above the first file by default.
    """
    root = root or bids_root(paths[0]) or paths[0].parent
    names = [os.path.relpath(path, root) for path in paths]
    folders = list(dict.fromkeys(Path(name).parts[0] for name in names))
    wanted = names if len(names) <= 3 else folders if len(folders) <= 10 else ["."]
    return Problem(
        "1 file is a link without content" if len(paths) == 1 else f"{len(paths)} files are links without content",
        str(root),
        first_of(names, 3),
        "the files themselves",
        f"fetch them, in {root}: datalad get {' '.join(wanted)}",
    )
