"""Tables beside recordings that say when volumes were: events, scans, or a table of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.parse import read_table
from eeg2fmri.core.errors import ConfigError, InputError, first_of
from eeg2fmri.data.bids.recording_files import LABELS, RecordingFiles
from eeg2fmri.data.bids.sidecars import refuse_other_than_file, sidecars
from eeg2fmri.data.settings.first_volume import PER_RECORDING, ClockConfig, ClockTable, EventsMarker, replaced

#: What stands for no value.
_NONE = ("", "n/a", "nan")


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a table whose columns are separated by tabs, with its column names as they are.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    refuse_other_than_file(path)
    try:
        rows = read_table(path, "\t", quotes=False)
    except (OSError, ValueError) as error:
        raise InputError("the table cannot be read", where=str(path), got=str(error)) from None
    return [{key.strip(): value.strip() for key, value in row.items() if key} for row in rows]


def events_file(eeg: Path) -> Path | None:
    """Find the ``events.tsv`` of an EEG file."""
    return next(iter(sidecars(eeg, "events", ".tsv")[-1:]), None)


def event_markers(eeg: Path, events: EventsMarker) -> dict[str, np.ndarray]:
    """Read the volume markers of ``events.tsv``: times (s after the start of the EEG) by the value.

    Raises
    ------
    InputError
        If there is no table, it has no such column, or the value does not occur in it.
    """
    path = events_file(eeg)
    if path is None:
        raise InputError(
            "there is no events.tsv beside the EEG",
            where=str(eeg),
            expected=f"column {events.column!r} with the value {events.value!r}",
            hint="leave 'events' out to read the markers of the EEG file",
        )
    rows = read_rows(path)
    columns = list(rows[0]) if rows else []
    absent = [name for name in ("onset", events.column) if name not in columns]
    if absent:
        raise InputError(
            "events.tsv has no such column", where=str(path), got=", ".join(columns), expected=", ".join(absent)
        )
    chosen = [row for row in rows if _same(row[events.column], events.value)]
    times = [_number(row["onset"]) for row in chosen]
    found = np.array(sorted(time for time in times if time is not None), float)
    if not found.size:
        values = list(dict.fromkeys(row[events.column] for row in rows))
        raise InputError(
            "the value of the volume marker does not occur in events.tsv",
            where=f"{path}: {events.column}",
            got=first_of(map(repr, values), 8),
            expected=repr(events.value),
        )
    return {events.value: found}


def clock_tables(files: RecordingFiles, table: ClockTable, root: Path) -> list[Path]:
    """Find the tables that tell of a recording: that of the settings, or its ``scans.tsv``."""
    if table.table == "scans.tsv":
        return sidecars(files.eeg, "scans", ".tsv")
    return [Path(table.table) if Path(table.table).is_absolute() else root / table.table]


def clock_of(files: RecordingFiles, clock: ClockConfig, root: Path) -> ClockConfig:
    """Give the settings of the clock that hold for one recording: those of its row go before those for all.

    Raises
    ------
    InputError
        If a table is absent, has no row for the recording, or a value that is none.
    """
    if clock.first_volumes is None:
        return clock
    paths = clock_tables(files, clock.first_volumes, root)
    columns: dict[str, str] = {name: clock.first_volumes.columns.get(name, name) for name in PER_RECORDING}
    for path in reversed(paths):
        if not path.is_file():
            raise InputError("the table of first volumes does not exist", where=str(path), hint="check first_volumes")
        rows = read_rows(path)
        if rows and not any(column in rows[0] for column in columns.values()):
            raise InputError(
                "the table does not say when volumes were",
                where=str(path),
                got=", ".join(rows[0]),
                expected="one of " + ", ".join(columns.values()),
                hint="name the column: first_volumes: {table: ..., columns: {first_volume_s: NAME}}",
            )
        row = next((row for row in rows if _is_of(row, files)), None)
        if row is not None:
            return _told(row, columns, clock, f"{path}: {files.id}")
    raise InputError(
        "the table of first volumes has no row for a recording",
        where=first_of(paths, 3) or str(files.eeg),
        expected=f"{files.id} in a column 'recording', its file in a column 'filename', or its labels in columns "
        + ", ".join(LABELS),
        hint="add a row (n/a where the markers tell)",
    )


def _told(row: dict[str, str], columns: dict[str, str], clock: ClockConfig, where: str) -> ClockConfig:
    values: dict[str, Any] = {}
    for name, column in columns.items():
        text = row.get(column, "n/a")
        if text.lower() in _NONE:
            continue
        number = _number(text)
        if number is None and name in ("marker", "count_from"):
            values[name] = text
        elif number is None or (name != "first_volume_s" and number != int(number)):
            raise InputError("the table has a value that is no number", where=f"{where}: {column}", got=text)
        else:
            values[name] = number if name == "first_volume_s" else int(number)
    base = clock.model_dump(exclude_unset=True)
    chosen = {name: base[name] for name in ClockConfig.model_fields if name in base and name != "first_volumes"}
    try:
        return ClockConfig.make(replaced(chosen, values), where=where)
    except ConfigError as error:
        raise InputError.of(error.problems) from None


def _is_of(row: dict[str, str], files: RecordingFiles) -> bool:
    if "recording" in row:
        return row["recording"] == files.id
    if "filename" in row:
        return row["filename"].rsplit("/", 1)[-1] in (files.eeg.name, files.bold.name)
    named = {"participant_id": "subject", "session_id": "session"}
    labels = {named.get(key, key): value for key, value in row.items() if named.get(key, key) in LABELS}
    own = {key: getattr(files, key) for key in labels}
    return bool(labels) and all(
        value.removeprefix(f"{LABELS[key]}-") == own[key] or (value.lower() in _NONE and not own[key])
        for key, value in labels.items()
    )


def _same(value: str, wanted: str) -> bool:
    """Compare as numbers where both are: 47 and 47.0 are the same code."""
    if value == wanted:
        return True
    one, other = _number(value), _number(wanted)
    return one is not None and one == other


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
