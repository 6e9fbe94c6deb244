"""The EEG and BOLD files that a data set holds, each for itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.parse import read_json
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
            (path, {LABELS[k]: v for k, v in labels.items()}) for path, labels in matching(root, layout.eeg).items()
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


def first_parts(paths: Sequence[Path]) -> list[Path]:
    """Keep of the parts of a FIF recording (``split-``) the first, which leads to the others."""
    parts = {path: same_but("split", path)[0] for path in paths if "split" in entities(path)}
    return [path for path in paths if parts.get(path, path) == path]


def raw_bold(root: Path) -> list[Path]:
    """Find the BOLD files of the raw part of a BIDS folder, sorted."""
    return _raw(root, images(root, "bold"))


def images(root: Path, suffix: str) -> list[Path]:
    """Find the images ``sub-*/[ses-*/]func/*_<suffix>``, as raw data and derivatives have them, sorted."""
    return sorted(_ending(root, "func", [f"_{suffix}{extension}" for extension in BOLD_EXTENSIONS]))


def _ending(root: Path, datatype: str, ends: Iterable[str]) -> list[Path]:
    """Find the files ``sub-*/[ses-*/]datatype/*`` with one of these ends of their names."""
    kept = tuple(ends)
    try:
        return [
            path
            for subject in _folders(root, "sub-")
            for level in (subject, *_folders(subject, "ses-"))
            if (level / datatype).is_dir()
            for path in (level / datatype).iterdir()
            if path.name.lower().endswith(kept)
        ]
    except OSError as error:
        unread_folder(error)


def _folders(above: Path, start: str) -> list[Path]:
    return [path for path in above.iterdir() if path.name.startswith(start) and path.is_dir()]


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
            and parts[0] == f"sub-{subject}"
            and len(parts) in (3, 4)
            and (path.is_file() or is_empty_link(path))
        ):
            kept.add(path)
    return sorted(kept)
