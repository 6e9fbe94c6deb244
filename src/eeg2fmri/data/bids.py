"""Which EEG file belongs to which BOLD file."""

from __future__ import annotations

import json
import os
import warnings
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.derivatives import find_derivatives
from eeg2fmri.data.layout import LayoutConfig, matching, pairs
from eeg2fmri.data.sidecars import entities

if TYPE_CHECKING:
    from eeg2fmri.data.config import PrepareConfig

EEG_EXTENSIONS = (".vhdr", ".edf", ".bdf", ".set", ".fif", ".mat")
BOLD_EXTENSIONS = (".nii", ".nii.gz")

#: Subject, session, task, run.
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class RecordingFiles:
    """The two files of a simultaneous recording.

    Attributes
    ----------
    id : str
        BIDS name without suffix, for example ``sub-01_ses-2_task-rest_run-1``.
    subject, session, task, run : str
        Labels without prefix; empty where there is none.
    eeg, bold : Path
        The EEG file (header) and the 4-D NIfTI.
    """

    id: str
    subject: str
    session: str
    task: str
    run: str
    eeg: Path
    bold: Path


@dataclass(frozen=True)
class FoundRecordings:
    """Pairs in a BIDS folder, and what was left over in words."""

    recordings: tuple[RecordingFiles, ...]
    notes: tuple[str, ...]


def find_recordings(root: str | Path, config: PrepareConfig | None = None) -> FoundRecordings:
    """Find the pairs of EEG and BOLD of a data set.

    By default those in the raw part of a BIDS folder; the BOLD of fMRIPrep, or the files that fit the patterns of a
    layout, where the settings say so.

    Files belong together if subject, session, task and run agree. A file without run belongs to the only
    file of the other kind of the same subject, session and task.

    Parameters
    ----------
    root : path
        Folder of the data set.
    config : PrepareConfig, optional
        Its `layout` and `bold` say where the files are.

    Raises
    ------
    InputError
        If it is no folder, has no EEG, no BOLD, no pairs, or several files for one recording.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100 - links must not be followed
    if not root.is_dir():
        raise InputError("the BIDS folder does not exist", where=str(root), hint="check the path")
    if config is not None and config.layout is not None:
        return _by_layout(root, config.layout)
    _check_description(root)
    eeg = _raw(root, _find_eeg(root))
    derived = config.bold if config is not None and config.bold.derivatives is not None else None
    bold = _raw(root, _find_bold(root)) if derived is None else find_derivatives(root, derived, BOLD_EXTENSIONS)
    problems = [
        Problem(
            f"there is no {kind} in the BIDS folder",
            str(root),
            expected=f"files sub-*/[ses-*/]{folder}/*_{suffix} ({', '.join(extensions)})",
            hint="give the folder that holds the sub-* folders; only raw data (not derivatives) are read",
        )
        for kind, files, folder, suffix, extensions in (
            ("EEG", eeg, "eeg", "eeg", EEG_EXTENSIONS),
            ("BOLD", bold, "func", "bold", BOLD_EXTENSIONS),
        )
        if not files
    ]
    if problems:
        raise InputError.of(problems)
    eeg_by_key, bold_by_key = _by_key(eeg, "EEG"), _by_key(bold, "BOLD")
    joined = {key: (eeg_by_key[key], bold_by_key[key]) for key in bold_by_key if key in eeg_by_key}
    joined |= _pairs_without_run(
        {key: path for key, path in eeg_by_key.items() if key not in joined},
        {key: path for key, path in bold_by_key.items() if key not in joined},
    )
    if not joined:
        raise InputError(
            "no EEG file belongs to a BOLD file",
            where=str(root),
            got=f"EEG: {_names(eeg)}; BOLD: {_names(bold)}",
            expected="the same subject, session, task and run in both names",
            hint="rename the files so that these labels agree",
        )
    used = {path for pair in joined.values() for path in pair}
    notes = tuple(
        f"{kind} without {other}, left out: {path.relative_to(root)}"
        for kind, other, files in (("EEG", "BOLD", eeg), ("BOLD", "EEG", bold))
        for path in files
        if path not in used
    )
    recordings = (_recording(*pair) for pair in joined.values())
    return FoundRecordings(tuple(sorted(recordings, key=lambda recording: recording.id)), notes)


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
        _check_description(root)
        keys = LABELS.values()
        found = [
            (path, {key: value for key, value in entities(path).items() if key in keys})
            for path in _raw(root, _find_eeg(root))
        ]
    if not found:
        raise InputError(
            "there is no EEG in the data set",
            where=str(root),
            expected=layout.eeg
            if layout is not None
            else f"files sub-*/[ses-*/]eeg/*_eeg ({', '.join(EEG_EXTENSIONS)})",
        )
    return tuple(sorted(found, key=lambda one: str(one[0])))


#: BIDS keys of the labels of a layout.
LABELS = {"subject": "sub", "session": "ses", "task": "task", "run": "run"}


def _by_layout(root: Path, layout: LayoutConfig) -> FoundRecordings:
    joined, notes = pairs(root, layout)
    found = []
    for eeg, bold, labels in joined:
        chosen = {LABELS[key]: labels[key] for key in LABELS if key in labels}
        found.append(_of_labels(chosen, eeg, bold))
    names = [recording.id for recording in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            "several recordings have the same labels",
            where=str(root),
            got=", ".join(twice[:5]),
            hint="name the labels that tell them apart in the patterns of the layout",
        )
    return FoundRecordings(tuple(sorted(found, key=lambda recording: recording.id)), tuple(notes))


def _check_description(root: Path) -> None:
    file = root / "dataset_description.json"
    if not file.is_file():
        return
    try:
        values = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError("dataset_description.json cannot be read", where=str(file), got=str(error)) from None
    if not isinstance(values, dict):
        raise InputError("dataset_description.json does not hold a JSON object", where=str(file))


def _find_eeg(root: Path) -> list[Path]:
    import mne_bids

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that are not quite BIDS are reported by what they lack for pairing
        try:
            found = mne_bids.find_matching_paths(
                root, datatypes="eeg", suffixes="eeg", extensions=list(EEG_EXTENSIONS), ignore_nosub=True
            )
        except Exception as error:
            raise _unreadable(root, error) from None
    # a .set has its samples in an .fdt beside it, which is no recording of its own
    return [Path(path.fpath) for path in found]


def _find_bold(root: Path) -> list[Path]:
    import ancpbids

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            layout = ancpbids.BIDSLayout(str(root))
            files = layout.get(scope="raw", suffix="bold", extension=list(BOLD_EXTENSIONS), return_type="files")
        except Exception as error:
            raise _unreadable(root, error) from None
    return [Path(str(file)) for file in files]


def _unreadable(root: Path, error: Exception) -> InputError:
    return InputError(
        "the BIDS folder cannot be read",
        where=str(root),
        got=f"{type(error).__name__}: {error}",
        hint="check it with the BIDS validator",
    )


def _raw(root: Path, paths: Iterable[Path]) -> list[Path]:
    """Keep files sub-*/[ses-*/]<datatype>/*: no derivatives, nothing that is reached again through a link."""
    kept = set()
    for path in paths:
        subject = entities(path).get("sub")
        parts = path.relative_to(root).parts
        if subject and parts[0] == f"sub-{subject}" and len(parts) in (3, 4) and path.is_file():
            kept.add(path)
    return sorted(kept)


def _key(path: Path) -> Key:
    labels = entities(path)
    return labels["sub"], labels.get("ses", ""), labels.get("task", ""), _plain_run(labels.get("run", ""))


def _plain_run(run: str) -> str:
    return str(int(run)) if run.isdigit() else run


def _by_key(paths: list[Path], kind: str) -> dict[Key, Path]:
    groups: defaultdict[Key, list[Path]] = defaultdict(list)
    for path in paths:
        groups[_key(path)].append(path)
    problems = [
        Problem(
            f"a recording has several {kind} files",
            str(files[0].parent),
            ", ".join(file.name for file in files),
            "one file for each subject, session, task and run",
            "keep one of them (for multi-echo BOLD, combine the echoes first), or give them different runs",
        )
        for files in groups.values()
        if len(files) > 1
    ]
    if problems:
        raise InputError.of(problems)
    return {key: files[0] for key, files in groups.items()}


def _pairs_without_run(eeg: dict[Key, Path], bold: dict[Key, Path]) -> dict[Key, tuple[Path, Path]]:
    pairs = {}
    for key, path in bold.items():
        partners = [other for other in eeg if other[:3] == key[:3]]
        rivals = [other for other in bold if other[:3] == key[:3]]
        if len(partners) == len(rivals) == 1 and "" in (key[3], partners[0][3]):
            pairs[key] = (eeg[partners[0]], path)
    return pairs


def _recording(eeg: Path, bold: Path) -> RecordingFiles:
    labels = {**entities(eeg), **entities(bold)}
    return _of_labels({key: labels[key] for key in LABELS.values() if key in labels}, eeg, bold)


def _of_labels(chosen: dict[str, str], eeg: Path, bold: Path) -> RecordingFiles:
    return RecordingFiles(
        id="_".join(f"{key}-{label}" for key, label in chosen.items()),
        subject=chosen["sub"],
        session=chosen.get("ses", ""),
        task=chosen.get("task", ""),
        run=chosen.get("run", ""),
        eeg=eeg,
        bold=bold,
    )


def _names(paths: list[Path]) -> str:
    return ", ".join(path.name for path in paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
