"""FIF recordings in several files: parts are read together, and each is a source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.sidecars import same_but

if TYPE_CHECKING:
    import mne


def parts_of(path: Path) -> list[Path]:
    """Name the files of a FIF recording in their order: each names the next (``-1.fif``, or BIDS ``split-02``)."""
    import mne

    try:
        raw = mne.io.read_raw_fif(path, on_split_missing="ignore", verbose="error")
    except Exception:  # the reader of the recording tells what is wrong
        return [path]
    # names as they were asked for: links into a store of contents keep theirs
    return [path.parent / Path(str(name)).name if k else path for k, name in enumerate(raw.filenames)]


def check_parts(raw: mne.io.BaseRaw, path: Path) -> None:
    """Refuse a recording of which a part lies beside it that was not read.

    Raises
    ------
    InputError
        If there is a file that is the same but for ``split-``, and the files do not name it.
    """
    read = {Path(str(name)).name for name in raw.filenames}
    left = [other.name for other in same_but("split", path) if other.name not in read]
    if left:
        raise InputError(
            "parts of the recording are not named by the file before them",
            where=str(path),
            got=", ".join(left),
            expected=f"{len(left) + len(read)} parts that name each other",
            hint="save the recording again with MNE instead of renaming its parts, or leave the other parts out",
        )
