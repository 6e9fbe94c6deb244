"""Read recordings in several files: parts are read together, and each is a source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.sidecars import entities, same_but
from eeg2fmri.data.settings.eeg import EegConfig

if TYPE_CHECKING:
    import mne


def files_of(path: Path, config: EegConfig | None) -> list[Path]:
    """Name the files that are read one after the other: those that differ in ``split-`` alone, or in ``run-``.

    Parts of a FIF recording name each other: it is one file here.
    """
    key = "run" if config is not None and config.runs == "parts" else "split"
    named = key in entities(path) and not (key == "split" and path.name.lower().endswith((".fif", ".fif.gz")))
    return same_but(key, path) if named else [path]


def joined(raws: Sequence[mne.io.BaseRaw], paths: Sequence[Path], notes: list[str]) -> mne.io.BaseRaw:
    """Put recordings one after the other; how much is missing between them only the markers can tell.

    Raises
    ------
    InputError
        If their channels or sampling rates differ.
    """
    import mne

    if len(raws) == 1:
        return raws[0]
    for raw, path in zip(raws[1:], paths[1:], strict=True):
        facts = [(", ".join(each.ch_names), f"{each.info['sfreq']:g} Hz") for each in (raws[0], raw)]
        for one, other in zip(*facts, strict=True):
            if one != other:
                raise InputError(
                    "the parts of a recording differ",
                    where=str(path),
                    got=other,
                    expected=f"as in {paths[0].name}: {one}",
                    hint="give the parts that belong together names that differ in nothing but this label",
                )
    found = mne.concatenate_raws(list(raws), verbose="error")
    notes.append(f"read one after the other: {', '.join(path.name for path in paths)}")
    return found


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
