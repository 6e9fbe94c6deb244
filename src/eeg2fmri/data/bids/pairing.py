"""Pair EEG files with the BOLD files of the same runs."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from eeg2fmri.core.errors import InputError, Problem, first_of
from eeg2fmri.data.bids.choices import chosen, several_problem
from eeg2fmri.data.bids.fmriprep import find_derivatives
from eeg2fmri.data.bids.recording_files import LABELS, FoundRecordings, labelled, rewritten_labels
from eeg2fmri.data.bids.search import (
    BOLD_EXTENSIONS,
    EEG_EXTENSIONS,
    check_description,
    first_parts,
    out_of_place,
    raw_bold,
    raw_eeg,
)
from eeg2fmri.data.bids.sidecars import entities
from eeg2fmri.data.settings.layout import LayoutConfig, pairs, without_partner
from eeg2fmri.data.settings.prepare import PrepareConfig

#: Subject, session, task, run.
Key = tuple[str, str, str, str]


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
    config = config or PrepareConfig()
    if config.layout is not None:
        return _by_layout(root, config.layout)
    check_description(root)
    eeg = first_parts(raw_eeg(root), "run") if config.eeg.runs == "parts" else raw_eeg(root)
    in_raw = config.bold.derivatives is None
    bold = raw_bold(root) if in_raw else find_derivatives(root, config.bold)
    _check_both(root, eeg, bold)
    every = [*eeg, *bold]
    eeg_by_key, eeg = _by_key(eeg, "EEG", "eeg", config.eeg.choose)
    bold_by_key, bold = _by_key(bold, "BOLD", "bold", config.bold.choose)
    joined = {key: (eeg_by_key[key], bold_by_key[key]) for key in bold_by_key if key in eeg_by_key}
    joined |= _pairs_without_run(
        {key: path for key, path in eeg_by_key.items() if key not in joined},
        {key: path for key, path in bold_by_key.items() if key not in joined},
        shared=config.eeg.runs == "one file",
    )
    if not joined:
        raise InputError(
            "no EEG file belongs to a BOLD file",
            where=str(root),
            got=f"EEG: {_names(eeg)}; BOLD: {_names(bold)}",
            expected="the same subject, session, task and run in both names",
            hint="rename the files so that these labels agree; where one EEG file without run- holds several runs, set "
            "'eeg: {runs: one file}', where several with run- are parts of one, 'eeg: {runs: parts}'",
        )
    used = {path for pair in joined.values() for path in pair}
    several = {path for path in eeg if _could_hold_runs(path, eeg_by_key, bold)}
    notes: tuple[str, ...] = ()
    for kind, other, files in (("EEG", "BOLD", eeg), ("BOLD", "EEG", bold)):
        alone = [
            f"{path.relative_to(root)}" + " (if it holds several runs: eeg: {runs: one file})" * (path in several)
            for path in files
            if path not in used
        ]
        notes += tuple(without_partner(kind, other, alone))
    others = [path.relative_to(root) for path in every if path not in {*eeg, *bold}]
    notes += (f"not chosen, left out: {first_of(others, 3)}",) if others else ()
    notes += out_of_place(root, images_too=in_raw)
    return _named(root, [(_labels(*pair), *pair) for pair in joined.values()], notes)


def _check_both(root: Path, eeg: Sequence[Path], bold: Sequence[Path]) -> None:
    """Refuse a folder without EEG or without BOLD."""
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


def _could_hold_runs(path: Path, eeg: Mapping[Key, Path], bold: list[Path]) -> bool:
    """Tell whether a file is EEG without ``run-`` of which there are several runs of BOLD."""
    key = next((key for key, one in eeg.items() if one == path), None)
    return key is not None and not key[3] and sum(_key(other)[:3] == key[:3] for other in bold) > 1


def _by_layout(root: Path, layout: LayoutConfig) -> FoundRecordings:
    joined, notes = pairs(root, layout)
    files = [({LABELS[key]: labels[key] for key in LABELS if key in labels}, eeg, bold) for eeg, bold, labels in joined]
    return _named(root, files, tuple(notes))


def _named(root: Path, files: list[tuple[dict[str, str], Path, Path]], notes: tuple[str, ...]) -> FoundRecordings:
    """Name recordings by their labels."""
    notes += rewritten_labels(root, [labels for labels, _, _ in files])
    found = [labelled(labels, eeg, bold) for labels, eeg, bold in files]
    names = [recording.id for recording in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            "several recordings have the same labels",
            where=str(root),
            got=", ".join(twice[:5]),
            hint="name the labels that tell them apart in the patterns of the layout, or in the names of the files",
        )
    return FoundRecordings(tuple(sorted(found, key=lambda recording: recording.id)), notes)


def _key(path: Path) -> Key:
    labels = entities(path)
    return labels["sub"], labels.get("ses", ""), labels.get("task", ""), _plain_run(labels.get("run", ""))


def _plain_run(run: str) -> str:
    return str(int(run)) if run.isdigit() else run


def _by_key(
    paths: list[Path], kind: str, setting: str, choose: Mapping[str, str]
) -> tuple[dict[Key, Path], list[Path]]:
    """Give the file of each recording, and all files but those that were not chosen."""
    groups: defaultdict[Key, list[Path]] = defaultdict(list)
    for path in paths:
        groups[_key(path)].append(path)
    kept = {key: chosen(files, choose) for key, files in groups.items()}
    problems = [
        several_problem(kept[key] or files, kind, setting) for key, files in groups.items() if len(kept[key]) != 1
    ]
    if problems:
        raise InputError.of(problems)
    return {key: files[0] for key, files in kept.items()}, [files[0] for files in kept.values()]


def _pairs_without_run(eeg: dict[Key, Path], bold: dict[Key, Path], *, shared: bool) -> dict[Key, tuple[Path, Path]]:
    pairs = {}
    for key, path in bold.items():
        partners = [other for other in eeg if other[:3] == key[:3]]
        rivals = [other for other in bold if other[:3] == key[:3]]
        alone = len(partners) == len(rivals) == 1 and "" in (key[3], partners[0][3])
        if alone or (shared and len(partners) == 1 and not partners[0][3]):
            pairs[key] = (eeg[partners[0]], path)
    return pairs


def _labels(eeg: Path, bold: Path) -> dict[str, str]:
    labels = {**entities(eeg), **entities(bold)}
    return {key: labels[key] for key in LABELS.values() if key in labels}


def _names(paths: list[Path]) -> str:
    return first_of((path.name for path in paths), 4)
