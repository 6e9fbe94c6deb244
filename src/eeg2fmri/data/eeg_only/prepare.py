"""From a BIDS folder with EEG and participants.tsv to an EEG-only store."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eeg2fmri.core.disk.parse import read_table
from eeg2fmri.core.errors import InputError, Problem, first_of
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.bids.recording_files import LABELS, named, plain_label, rewritten_labels
from eeg2fmri.data.bids.search import EEG_EXTENSIONS, out_of_place, raw_eeg
from eeg2fmri.data.bids.sidecars import entities, refuse_other_than_file
from eeg2fmri.data.eeg.electrodes.channel_names import electrode_names
from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.eeg.read_samples import read_samples
from eeg2fmri.data.eeg.sample_checks import SignalChecks
from eeg2fmri.data.eeg_only.positions import montage_positions, refuse_two_systems
from eeg2fmri.data.eeg_only.store import TRUTH, TRUTH_FILES, EegOnlyConfig, EegRecording, EegStore
from eeg2fmri.data.eeg_only.writer import EegStoreWriter, write_recording
from eeg2fmri.data.settings.eeg import EegConfig

if TYPE_CHECKING:
    import mne

#: Values of participants.tsv that say that there is none.
MISSING = {"", "n/a", "na", "nan"}


def prepare_eeg_only(
    bids_root: str | Path,
    store_path: str | Path,
    config: EegOnlyConfig | None = None,
    *,
    progress: Progress = silent,
) -> EegStore:
    """Make an EEG-only store of the recordings of a BIDS folder.

    Parameters
    ----------
    bids_root : path
        BIDS folder with EEG (BrainVision, EDF, BDF, EEGLAB) and participants.tsv. BOLD, if there is any, is not read.
    store_path : path
        Folder to make; must not exist.
    config : EegOnlyConfig, optional
    progress : Progress

    Raises
    ------
    InputError
        With every problem of every recording: no label, other electrodes, unreadable or constant samples.
    StoreError
        If the output exists or cannot be written.
    """
    root, config = Path(bids_root), config or EegOnlyConfig()
    by_table = config.label_from == "participants"
    participants = read_participants(root, config.label) if by_table else {}
    notes: list[str] = []
    files = _labelled(find_eeg(root, notes), participants, config, notes)
    classes = config.classes or tuple(sorted({label for _, label in files}))
    reading = EegConfig(types=config.types, channels_tsv=config.channels_tsv, links=config.links)
    raws: list[mne.io.BaseRaw] = []
    problems: list[Problem] = []
    for done, (path, _) in enumerate(files, 1):
        try:
            raws.append(read_raw(path, config=reading))
        except InputError as error:
            problems += error.problems
        progress("Reading headers", done, len(files))
    if problems:
        raise InputError.of(problems)
    electrodes = _electrodes(
        [(path, electrode_names(raw)) for (path, _), raw in zip(files, raws, strict=True)], config, notes
    )
    positions = montage_positions(electrodes, config.montage)
    refuse_two_systems(electrodes, positions, config.montage, str(root))
    unknown = [name for name, place in zip(electrodes, positions, strict=True) if np.isnan(place).any()]
    if unknown:
        notes.append(f"montage {config.montage}: no position of {', '.join(unknown)}; they are not interpolated from")
    with EegStoreWriter(store_path) as writer:
        written: dict[str, dict[str, dict[str, Any]]] = {}
        for done, ((path, label), raw) in enumerate(zip(files, raws, strict=True), 1):
            try:
                recording, signal = _converted(raw, path, label, electrodes, participants, config)
                written[recording.id] = write_recording(writer.folder(recording.id), recording, signal)
            except InputError as error:
                problems += error.problems
            progress("Preparing", done, len(files))
        if problems:
            raise InputError.of(problems)
        _keep_truth(root, writer.temporary)
        writer.complete(written, config, electrodes, positions, classes, notes)
    return EegStore.open(store_path)


def _keep_truth(root: Path, store: Path) -> None:
    """Copy what a simulation says is true of its groups: explanations can be compared with it."""
    for name in TRUTH_FILES:
        source = root / "derivatives" / "truth" / name
        if source.is_file():
            (store / TRUTH).mkdir(exist_ok=True)
            shutil.copyfile(source, store / TRUTH / name)


def read_participants(root: Path, column: str) -> dict[str, dict[str, str]]:
    """Read participants.tsv: the row of each subject by its label without prefix.

    Raises
    ------
    InputError
        If there is no table, no such column, or a subject stands in it twice.
    """
    path = root / "participants.tsv"
    if path.exists() or path.is_symlink():
        refuse_other_than_file(path)
    try:
        rows = [
            {name: cell.strip() for name, cell in row.items() if name}
            for row in read_table(path, "\t", quotes=False)
            if any(cell.strip() for cell in row.values())
        ]
    except (OSError, ValueError) as error:
        raise InputError(
            "participants.tsv cannot be read",
            where=str(path),
            got=str(error),
            expected=f"a table with participant_id and {column}, separated by tabs",
        ) from None
    columns = list(rows[0]) if rows else []
    missing = [name for name in ("participant_id", column) if name not in columns]
    if missing:
        raise InputError(
            "participants.tsv lacks a column",
            where=str(path),
            got=", ".join(columns) or "no row",
            expected=", ".join(missing),
            hint="give the column with the labels by --label",
        )
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        subject = row["participant_id"].removeprefix("sub-")
        if subject in found:
            raise InputError("participants.tsv names a subject twice", where=str(path), got=row["participant_id"])
        found[subject] = row
    return found


def find_eeg(root: Path, notes: list[str]) -> list[Path]:
    """Find the EEG files sub-*/[ses-*/]eeg/* of a BIDS folder, sorted; what was left out is noted.

    Raises
    ------
    InputError
        If there is none, or one recording has several files.
    """
    root = Path(os.path.abspath(root))  # noqa: PTH100 - links must not be followed
    files = raw_eeg(root) if root.is_dir() else []
    if not files:
        raise InputError(
            "there is no EEG in the BIDS folder",
            where=str(root),
            expected=f"files sub-*/[ses-*/]eeg/*_eeg ({', '.join(EEG_EXTENSIONS)})",
        )
    stems = [str(file.with_suffix("")) for file in files]
    double = sorted({stem for stem in stems if stems.count(stem) > 1})
    if double:
        raise InputError("a recording has several EEG files", where=str(root), got=first_of(double, 5))
    found = [entities(path) for path in files]
    notes += [*out_of_place(root, images_too=False), *rewritten_labels(root, found)]
    return files


def _labelled(
    files: Iterable[Path], participants: dict[str, dict[str, str]], config: EegOnlyConfig, notes: list[str]
) -> list[tuple[Path, str]]:
    kept, problems, absent = [], [], []
    for path in files:
        subject = entities(path)["sub"]
        if config.label_from == "session":
            label = entities(path).get("ses", "")
        elif subject in participants:
            label = participants[subject][config.label]
        else:
            problems.append(Problem("a subject is not in participants.tsv", str(path), f"sub-{subject}"))
            continue
        if label.casefold() in MISSING or (config.classes and label not in config.classes):
            name = f"sub-{subject}" if config.label_from == "participants" else path.name
            absent.append(f"{name} ({label or 'no label'})")
        else:
            kept.append((path, label))
    if problems:
        raise InputError.of(problems)
    if absent:
        notes.append(f"left out, of no class that is kept: {first_of(dict.fromkeys(absent), 20)}")
    classes = {label for _, label in kept}
    if len(classes) < 2:
        raise InputError(
            "there are not two classes to tell apart",
            where="sessions of the recordings"
            if config.label_from == "session"
            else f"column {config.label} of participants.tsv",
            got=", ".join(sorted(classes)) or "no label",
            expected="two values or more",
        )
    return kept


def _electrodes(recordings: list[tuple[Path, list[str]]], config: EegOnlyConfig, notes: list[str]) -> list[str]:
    lists = [[name for name in names if name not in config.exclude] for _, names in recordings]
    first = lists[0]
    common = [name for name in first if all(name in names for names in lists)]
    problems = []
    for (path, _), names in zip(recordings, lists, strict=True):
        if config.channels == "same" and set(names) != set(first):
            more, less = [n for n in names if n not in first], [n for n in first if n not in names]
            problems.append(
                Problem(
                    "the electrodes differ from those of the first recording",
                    str(path),
                    f"more: {', '.join(more) or 'none'}; less: {', '.join(less) or 'none'}",
                    f"those of {recordings[0][0].name}",
                    "keep those that all have (channels: intersection), or leave some out (exclude)",
                )
            )
    if len(common) < 2:
        problems.append(Problem("the recordings have fewer than two electrodes in common", got=", ".join(common)))
    if problems:
        raise InputError.of(problems)
    dropped = sorted({name for names in lists for name in names} - set(common))
    if dropped:
        notes.append(f"electrodes that not all recordings have, left out: {', '.join(dropped)}")
    return common


def _converted(
    raw: mne.io.BaseRaw,
    path: Path,
    label: str,
    electrodes: list[str],
    participants: dict[str, dict[str, str]],
    config: EegOnlyConfig,
) -> tuple[EegRecording, np.ndarray]:
    sfreq = float(raw.info["sfreq"])
    signal = read_samples(raw, electrodes, 0, raw.n_times)
    checks = SignalChecks(electrodes, sfreq)
    checks.update(signal, 0)
    problems = checks.problems(str(path))
    if problems:
        raise InputError.of(problems)
    notes = []
    bad = [name for name in raw.info["bads"] if name in electrodes]
    if bad:
        notes.append(f"marked as bad in channels.tsv, used all the same: {', '.join(bad)}")
    kept = sfreq
    if sfreq > config.sfreq:
        import mne

        signal = mne.filter.resample(signal, up=config.sfreq, down=sfreq, method="polyphase", verbose="error")
        kept = config.sfreq
        notes.append(f"resampled from {sfreq:g} to {kept:g} Hz")
    said = entities(path)
    labels = {key: plain_label(said[key]) for key in LABELS.values() if key in said}
    recording = EegRecording(
        id=named(labels),
        subject=labels["sub"],
        session=labels.get("ses", ""),
        task=labels.get("task", ""),
        run=labels.get("run", ""),
        label=label,
        sfreq=kept,
        source_sfreq=sfreq,
        n_samples=signal.shape[1],
        participant=participants.get(said["sub"], {}),
        notes=tuple(notes),
    )
    return recording, signal
