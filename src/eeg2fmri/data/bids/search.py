"""The EEG and BOLD files that a data set holds, each for itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.bids.links import is_empty_link
from eeg2fmri.data.bids.recording_files import LABELS
from eeg2fmri.data.bids.sidecars import entities, same_but
from eeg2fmri.data.settings.layout import LayoutConfig, matching, unread_folder

EEG_EXTENSIONS = (".vhdr", ".edf", ".bdf", ".set", ".fif", ".mat")
BOLD_EXTENSIONS = (".nii", ".nii.gz")


def find_eeg(root: str | Path, layout: LayoutConfig | None = None) -> tuple[tuple[Path, dict[str, str]], ...]:
    """Find the EEG files of a data set, with or without BOLD.

    Returns
    -------
    tuple of (Path, dict)
        Each file with its labels (``sub``, ``ses``, ``task``, ``run`` as far as it has them), sorted.

    Raises
    ------
    InputError
        If it is no folder, or has no EEG.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100
    if not root.is_dir():
        raise InputError("the folder of the data set does not exist", where=str(root), hint="check the path")
    if layout is not None:
        found = [
            (path, {LABELS[k]: v for k, v in labels.items()}) for path, labels in matching(root, layout.eeg)[0].items()
        ]
    else:
        check_description(root)
        keys = LABELS.values()
        found = [(path, {key: value for key, value in entities(path).items() if key in keys}) for path in raw_eeg(root)]
    if not found:
        raise InputError(
            "there is no EEG in the data set",
            where=str(root),
            expected=layout.eeg
            if layout is not None
            else f"files sub-*/[ses-*/]eeg/*_eeg ({', '.join(EEG_EXTENSIONS)})",
        )
    return tuple(sorted(found, key=lambda one: str(one[0])))


def check_description(root: Path) -> None:
    """Refuse a ``dataset_description.json`` that is there and cannot be read.

    Raises
    ------
    InputError
        If it is not a JSON object.
    """
    file = root / "dataset_description.json"
    if not file.is_file():
        return
    try:
        values = read_json(file)
    except (OSError, ValueError) as error:
        raise InputError("dataset_description.json cannot be read", where=str(file), got=str(error)) from None
    if not isinstance(values, dict):
        raise InputError("dataset_description.json does not hold a JSON object", where=str(file))


def raw_eeg(root: Path) -> list[Path]:
    """Find the EEG files of the raw part of a BIDS folder, sorted."""
    # a .set has its samples in an .fdt beside it, which is no recording of its own
    return first_parts(_raw(root, _ending(root, "eeg", [f"_eeg{extension}" for extension in EEG_EXTENSIONS])))


def first_parts(paths: Sequence[Path], key: str = "split") -> list[Path]:
    """Keep of the parts of a recording, files that differ in one label alone, the first."""
    parts = {path: same_but(key, path)[0] for path in paths if key in entities(path)}
    return [path for path in paths if parts.get(path, path) == path]


def raw_bold(root: Path) -> list[Path]:
    """Find the BOLD files of the raw part of a BIDS folder, sorted."""
    return _raw(root, images(root, "bold"))


def images(root: Path, suffix: str, extensions: Sequence[str] = BOLD_EXTENSIONS) -> list[Path]:
    """Find the images ``sub-*/[ses-*/]func/*_<suffix>``, as raw data and derivatives have them, sorted."""
    return sorted(_ending(root, "func", [f"_{suffix}{extension}" for extension in extensions]))


def _ending(root: Path, datatype: str, ends: Iterable[str]) -> list[Path]:
    """Find the files ``sub-*/[ses-*/]datatype/*`` with one of these ends of their names."""
    kept = tuple(ends)
    try:
        return [
            path
            for subject in folders_of(root, "sub-")
            for level in (subject, *folders_of(subject, "ses-"))
            if (level / datatype).is_dir()
            for path in (level / datatype).iterdir()
            if path.name.lower().endswith(kept)
        ]
    except OSError as error:
        unread_folder(error)


def folders_of(above: Path, start: str) -> list[Path]:
    """Find the folders below another whose names begin with a key (``sub-``), in capitals or not."""
    return [path for path in above.iterdir() if path.name.lower().startswith(start) and path.is_dir()]


#: Folders of a data set that hold no raw recordings, or copies of them.
NOT_RAW = {"derivatives", "sourcedata", "code", "stimuli", "phenotype"}


def out_of_place(root: Path, *, images_too: bool = True) -> tuple[str, ...]:
    """Name files that are called as recordings are, but do not lie where BIDS has them; they are not read.

    Parameters
    ----------
    root : Path
    images_too : bool
        Whether BOLD is looked for beside EEG.
    """
    ends = tuple(f"_eeg{one}" for one in EEG_EXTENSIONS) + tuple(f"_bold{one}" for one in BOLD_EXTENSIONS if images_too)
    placed = set(_raw(root, [*_ending(root, "eeg", ends), *_ending(root, "func", ends)]))
    others = []
    for folder, folders, names in os.walk(root, onerror=unread_folder):
        at_top = Path(folder) == root
        folders[:] = sorted(x for x in folders if not x.startswith(".") and not (at_top and x in NOT_RAW))
        paths = [Path(folder) / name for name in sorted(names) if name.lower().endswith(ends)]
        others += [path.relative_to(root) for path in paths if path not in placed]
    why = "not where BIDS has them (sub-LABEL/[ses-LABEL/]eeg or func/sub-LABEL_..., the same label in both)"
    return (f"{len(others)} files are {why}, left out: {first_of(others, 5)}",) if others else ()


def _raw(root: Path, paths: Iterable[Path]) -> list[Path]:
    """Keep files sub-*/[ses-*/]<datatype>/*: no derivatives, nothing that is reached again through a link.

    A link without content is a file that was not fetched.
    """
    kept = set()
    for path in paths:
        subject = entities(path).get("sub")
        parts = path.relative_to(root).parts
        if (
            subject
            and parts[0].lower().startswith("sub-")
            and parts[0][len("sub-") :] == subject
            and len(parts) in (3, 4)
            and (path.is_file() or is_empty_link(path))
        ):
            kept.add(path)
    return sorted(kept)
