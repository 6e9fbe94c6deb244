"""Markers of a recording from where the settings say that they are, and the files that tell of its clock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.recording_files import RecordingFiles
from eeg2fmri.data.bids.tables import clock_tables, event_markers, events_file, read_rows
from eeg2fmri.data.settings.first_volume import EventsMarker
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.timing.choose_marker import has_volume_marker
from eeg2fmri.data.timing.pauses import span_of
from eeg2fmri.data.timing.read_markers import markers_of

if TYPE_CHECKING:
    import mne


def recorded_markers(
    raw: mne.io.BaseRaw, path: Path, config: PrepareConfig, tr: float, notes: list[str] | None = None
) -> dict[str, np.ndarray]:
    """Collect the markers of a recording: those of its file, or of ``events.tsv`` where the settings say so.

    Where `notes` are given, the recording is a new one: it need not have a table as those of the training have.

    Raises
    ------
    InputError
        If a table cannot be read or does not have what is named; if the file has no volume marker, is to be read by
        its markers, and ``events.tsv`` has some.
    """
    if config.events is not None and (notes is None or events_file(path) is not None):
        span = span_of(raw)
        markers = event_markers(path, config.events)
        if any(pause.lost_s is None for pause in span.pauses):
            return markers
        found = {name: span.file(times) for name, times in markers.items()}
        return {name: times[np.isfinite(times)] for name, times in found.items()}
    markers = markers_of(raw, config.eeg.trigger_channel, tr)
    if notes is not None:
        if config.events is not None:
            notes.append("there is no events.tsv, from which the training has its markers: those of the file are used")
        return markers
    said = (config.marker, config.first_marker, config.first_volume_s, config.first_volumes)
    if all(each is None for each in said) and not has_volume_marker(markers, tr):
        _refuse_elsewhere(path, tr, markers)
    return markers


def clock_files(files: RecordingFiles, config: PrepareConfig, root: Path) -> list[Path]:
    """Tables that decide when the volumes of a recording were."""
    events = events_file(files.eeg) if config.events is not None else None
    tables = [] if config.first_volumes is None else clock_tables(files, config.first_volumes, root)
    return [*([] if events is None else [events]), *tables]


def _refuse_elsewhere(path: Path, tr: float, markers: dict[str, np.ndarray]) -> None:
    """Say what to write where the markers of the volumes are in ``events.tsv``."""
    table = events_file(path)
    if table is None:
        return
    try:
        rows = read_rows(table)
    except InputError:
        return
    for column in [name for name in (rows[0] if rows else {}) if name not in ("onset", "duration", "sample")]:
        for value in dict.fromkeys(row[column] for row in rows):
            wanted = EventsMarker(column=column, value=value or "n/a")
            times = event_markers(path, wanted) if value else {}
            if has_volume_marker(times, tr) and not set(times) & set(markers):
                raise InputError(
                    "there are no volume markers in the EEG file, but in events.tsv",
                    where=str(path),
                    got=f"{table.name}: {len(times[value])} times {value!r} in the column {column!r}",
                    hint=f"write 'events: {{column: {column}, value: {value}}}' to use them",
                )
