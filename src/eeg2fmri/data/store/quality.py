"""Say in numbers how good the recordings of a store are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eeg2fmri.core.errors import shortened
from eeg2fmri.core.space import described
from eeg2fmri.data.store.format import MANIFEST, META
from eeg2fmri.data.store.store import Recording, Store

#: Recordings of which the same is said one by one.
SHOWN = 3
COLUMNS = (
    "recording",
    "volumes",
    "marker",
    "jitter ms",
    "drift ppm",
    "EEG uV",
    "tSNR",
    "brain voxels",
    "bad",
    "cleaned",
)


def facts(store: Store) -> list[tuple[str, str]]:
    """Say what the store as a whole is: names and values."""
    subjects = {recording.subject for recording in store.recordings}
    size = sum(entry["size"] for files in store._digests.values() for entry in files.values())
    voxels = f"{len(store.regions)} regions" if store.regions else " x ".join(map(str, store.grid)) + " voxels"
    voxels = f"{store.grid[0]} {store.elements.split()[0]} elements" if store.elements else voxels
    return [
        ("store", str(store.path)),
        ("hash", store.hash),
        ("recordings", f"{len(store.recordings)} of {len(subjects)} subjects, {size / 1e6:.1f} MB"),
        ("electrodes", f"{len(store.electrodes)}: {', '.join(store.electrodes)}"),
        ("frequencies", f"{len(store.frequencies)}, {store.frequencies[0]:.2f} to {store.frequencies[-1]:.2f} Hz"),
        *_raw(store),
        ("volumes", f"{voxels} every {store.tr:g} s"),
        ("space", described(store.space)),
    ]


def _raw(store: Store) -> list[tuple[str, str]]:
    """Say what raw EEG is kept, and what it costs on disk."""
    kept = store.config.raw
    if kept is None:
        return []
    size = sum(files[kept.file]["size"] for files in store._digests.values() if kept.file in files)
    return [("raw EEG", f"{kept.true_rate(store.tr):g} Hz, {kept.kind}, {size / 1e6:.1f} MB of it")]


def rows(store: Store) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """Give the columns of a table, and a row for each recording."""
    return COLUMNS, [_row(recording) for recording in store.recordings]


def left_out(store: Store) -> dict[str, str]:
    """Give the recordings of the data set that the store leaves out by their id, each with the reason."""
    told = (note.split(": ", 2) for note in store.notes if note.startswith("left out: "))
    return {name: reason for _, name, reason in told}


def warnings(store: Store) -> list[str]:
    """Say what the user should know of the data set and of each recording; the same of many recordings once."""
    told: dict[tuple[str, str], list[str]] = {}
    for note in store.notes:
        if not note.startswith("left out: "):
            told.setdefault(("note: ", note), []).append("")
    for name, text in left_out(store).items():
        told.setdefault(("note: left out", text), []).append(name)
    for recording in store.recordings:
        for text in recording.quality.get("warnings", []):
            told.setdefault(("warning", text), []).append(recording.id)
    lines: list[str] = []
    for (kind, whole), names in told.items():
        text = shortened(whole)
        lines += [f"{kind}: {name}: {text}" if name else f"{kind}{text}" for name in names[:SHOWN]]
        if len(names) > SHOWN:
            lines.append(f"{kind}: and {len(names) - SHOWN} more recordings, {_listed(store, kind)}: {text}")
    return lines


def _listed(store: Store, kind: str) -> str:
    return f"named in {store.path / MANIFEST}" if kind != "warning" else f"each in its {META}"


def _row(recording: Recording) -> tuple[str, ...]:
    quality = recording.quality
    std = quality.get("eeg_std_v")
    return (
        recording.id,
        str(recording.n_volumes),
        str(quality.get("marker") or "none"),
        _number(quality.get("trigger_jitter_s"), 1e3, 2),
        _number(quality.get("drift_ppm"), 1, 0),
        _number(std, 1e6, 1),
        _number(quality.get("tsnr_median"), 1, 1),
        str(quality.get("brain_voxels", "")),
        str(len(quality.get("bad_electrodes", []))),
        ", ".join(quality.get("cleaned", [])) or "no",
    )


def _number(value: Any, factor: float, digits: int) -> str:
    return "" if value is None else f"{float(value) * factor:.{digits}f}"
