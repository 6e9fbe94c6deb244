"""Habits of setting markers inside a scanner, as small BIDS folders whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pybv

from eeg2fmri.core.random import generator

SFREQ, N, START = 250.0, 24, 6.0
ELECTRODES = ("Fz", "Cz", "Pz", "Oz")
#: Markers: type, description, time (s).
Markers = list[tuple[str, str, float]]


@dataclass(frozen=True)
class Habit:
    """A habit, and what becomes of it.

    Attributes
    ----------
    words : str
        For the table of the documentation.
    markers : callable
        Gives the markers of a recording, from TR and the time of volume 0.
    way : str
        What is written to go on, YAML; empty where nothing need be.
    refused : str
        What the error says where nothing is written; empty where the outcome is right.
    first : int
        First image volume that has EEG, with `way`.
    kept : int
        Volumes that are kept, with `way`.
    start, tr, end : float
        When volume 0 is, the TR, how long the EEG goes on after the last volume (s).
    """

    words: str
    markers: Callable[[float, float], Markers]
    way: str = ""
    refused: str = ""
    first: int = 0
    kept: int = N
    start: float = START
    tr: float = 2.0
    end: float = 7.0
    sidecar: dict[str, Any] = field(default_factory=dict)
    events: bool = False
    channel: bool = False
    cut: tuple[float, float] | None = None
    parts: str = ""


def every(kind: str, name: str, count: int = N, first: int = 0, late: float = 0.0) -> Callable[[float, float], Markers]:
    """One marker for each volume from `first` on."""
    return lambda tr, start: [(kind, name, start + k * tr + late) for k in range(first, first + count)]


def both(*parts: Callable[[float, float], Markers]) -> Callable[[float, float], Markers]:
    return lambda tr, start: [marker for part in parts for marker in part(tr, start)]


def sync(tr: float, start: float) -> Markers:
    return [("SyncStatus", "Sync On", float(t)) for t in np.arange(0, start + N * tr + 2, 2.0)]


def bursts(tr: float, start: float) -> Markers:
    times = generator(0, "bursts").uniform(0, start + N * tr, 500)
    return [("SyncStatus", name, float(t)) for t in times for name in ("Sync Off", "Sync On")]


def slices(count: int = 10, spread: float = 1.0, lost: int = 0) -> Callable[[float, float], Markers]:
    def made(tr: float, start: float) -> Markers:
        times = [start + k * tr + j * spread * tr / count for k in range(N) for j in range(count)]
        return [("Response", "R128", t) for t in times[:50] + times[50 + lost :]]

    return made


def jitter(tr: float, start: float) -> Markers:
    late = generator(0, "jitter").uniform(-0.02, 0.02, N)
    return [("Response", "R128", start + k * tr + float(late[k])) for k in range(N)]


def turns(tr: float, start: float) -> Markers:
    return [("Stimulus", "S  1" if k % 2 else "S  2", start + k * tr) for k in range(N)]


def none(tr: float, start: float) -> Markers:
    return []


R = every("Response", "R128")
HABITS: dict[str, Habit] = {
    "r128": Habit("`R128` at every volume, `Sync On` every 2 s", both(R, sync)),
    "s1": Habit("`S  1` at every volume, `Sync On`", both(every("Stimulus", "S  1"), sync)),
    "r1": Habit("`R  1` at every volume", every("Response", "R  1")),
    "v1": Habit("`V  1` at every volume, `Sync On`", both(every("Volume", "V  1"), sync)),
    "toggle": Habit(
        "`T  1_on` and `T  1_off`", both(every("Toggle", "T  1_on"), every("Toggle", "T  1_off", late=0.05))
    ),
    "bursts": Habit("`R128`, and hundreds of `Sync Off` and `Sync On`", both(R, bursts)),
    "only_sync": Habit("`Sync On` alone", sync, "first_volume_s: 6", "no volume markers"),
    "stimuli": Habit("`R128`, and stimuli at the TR", both(R, every("Stimulus", "S  1", N + 4, -2, 0.3))),
    "same": Habit("two kinds at the same samples", both(every("Stimulus", "S  1"), every("Response", "R  1"))),
    "rivals": Habit(
        "two unknown kinds at the TR, half a second apart",
        both(every("Stimulus", "S  1"), every("Response", "R  1", late=0.5)),
        "marker: Stimulus/S  1",
        "several markers could be",
    ),
    "duplicates": Habit("every marker twice at the same sample", both(R, R)),
    "doubled": Habit(
        "every marker again 8 ms later",
        both(R, every("Response", "R128", late=0.008)),
    ),
    "turns": Habit("two codes that take turns", turns),
    "first_code": Habit(
        "the first volume has another code", both(every("Volume", "V  1", 1), every("Volume", "V  2", N - 1, 1))
    ),
    "slices": Habit("one marker for each slice, evenly spaced", slices()),
    "bunch": Habit("one for each slice, a break before the next volume, `Sync On`", both(slices(spread=0.7), sync)),
    "lost_slice": Habit(
        "one for each slice, some lost",
        slices(lost=3),
        "first_marker: {name: Response/R128, repeats: first}",
        "comes with every slice",
    ),
    "slices_and_volumes": Habit(
        "one for each slice, `S 99` for each volume", both(slices(), every("Stimulus", "S 99"))
    ),
    "jitter": Habit("markers that jitter by 20 ms", jitter),
    "odd_tr": Habit("a TR that is no whole number of samples", R, tr=1.0653),
    "multiband": Habit("a short TR", R, tr=0.8),
    "dummies": Habit(
        "four dummy scans with markers",
        every("Response", "R128", N + 4, -4),
        "dummies: 4",
        "more volume markers",
        start=14,
    ),
    "discarded": Habit(
        "the same, and the sidecar says so (`NumberOfVolumesDiscardedByUser`)",
        every("Response", "R128", N + 4, -4),
        sidecar={"NumberOfVolumesDiscardedByUser": 4},
        start=14,
    ),
    "last": Habit(
        "dummy scans whose number varies",
        every("Response", "R128", N + 3, -3),
        "count_from: last",
        "more volume markers",
        start=14,
    ),
    "stop": Habit(
        "one marker more, at the end of the scan", every("Response", "R128", N + 1), "dummies: 0", "more volume"
    ),
    "lost_start": Habit(
        "two markers lost at the start",
        every("Response", "R128", N - 2, 2),
        "volumes_before: 2\ntriggers: repair",
        "fewer volume markers",
    ),
    "lost_end": Habit(
        "two markers lost at the end",
        every("Response", "R128", N - 2),
        "volumes_before: 0\ntriggers: repair",
        "fewer volume markers",
    ),
    "lost_middle": Habit(
        "two markers lost in between",
        both(every("Response", "R128", 9), every("Response", "R128", N - 11, 11)),
        "triggers: repair",
        "2 volume markers are missing",
    ),
    "localizer": Habit(
        "another scan at the TR before, as a localizer", both(every("Response", "R128", 8, -20, 0.7), R), start=50
    ),
    "test": Habit("test markers before the scan", both(every("Response", "R128", 1, -3), R), start=9),
    "second_run": Habit(
        "a second scan of the same length in the same EEG",
        both(R, every("Response", "R128", N, N + 20, 0.4)),
        "train: 1",
        "first volume cannot be told",
        end=100,
    ),
    "late": Habit(
        "EEG that was started after the scan",
        every("Response", "R128", N - 3, 3),
        "volumes_before: 3\ntriggers: repair",
        "fewer volume markers",
        first=3,
        kept=N - 3,
        start=-5,
    ),
    "early": Habit(
        "EEG that ends before the scan, in the middle of a volume",
        every("Response", "R128", N - 3),
        "volumes_before: 0\ntriggers: repair",
        "fewer volume markers",
        kept=N - 4,
        end=-7,
    ),
    "events": Habit(
        "markers in `events.tsv` alone",
        none,
        "events: {column: trial_type, value: R128}",
        "but in events.tsv",
        events=True,
    ),
    "channel": Habit(
        "a channel that is high for most of the TR",
        none,
        "eeg: {trigger_channel: scan}",
        "no volume markers",
        channel=True,
    ),
    "paused": Habit(
        "a pause of the recorder within the scan (`New Segment`)",
        R,
        "train: 1\nvolumes_before: 0\ntriggers: trim",
        "fewer volume markers",
        kept=14,
        cut=(35.0, 39.0),
    ),
    "paused_before": Habit("a pause of the recorder before the scan", R, cut=(1.0, 3.0)),
    "split_files": Habit(
        "the EEG of a scan in two files (`split-01`, `split-02`)",
        R,
        parts="split",
    ),
    "split_pause": Habit(
        "the same, with a pause between the files",
        R,
        "train: 1\nvolumes_before: 0\ntriggers: trim",
        "fewer volume markers",
        kept=11,
        cut=(28.5, 32.5),
        parts="split",
    ),
    "run_files": Habit(
        "the EEG of a scan in two files (`run-01`, `run-02`)",
        R,
        "eeg: {runs: parts}",
        "no EEG file belongs",
        parts="run",
    ),
}


@dataclass(frozen=True, eq=False)
class Written:
    """A recording as it was written: samples (channel, time), V; image; when its volumes were in the file, s."""

    root: Path
    eeg: np.ndarray
    image: np.ndarray
    onsets: np.ndarray


def write(habit: Habit, root: Path) -> Written:
    """Write the BIDS folder of a habit."""
    rng = generator(1, "habit")
    truth = habit.start + habit.tr * np.arange(N)
    marked = habit.markers(habit.tr, habit.start)
    onsets = (
        np.array([t for kind, _, t in marked if kind == "Response"])
        if habit.words.startswith("markers that")
        else truth
    )
    length = round((habit.start + N * habit.tr + habit.end) * SFREQ)
    eeg = 1e-5 * rng.standard_normal((len(ELECTRODES), length))
    names = list(ELECTRODES)
    if habit.channel:
        names.append("scan")
        high = np.zeros(length)
        for onset in truth:
            high[round(onset * SFREQ) : round((onset + 0.75 * habit.tr) * SFREQ)] = 5.0
        eeg = np.vstack([eeg, high])
    if habit.cut is not None:
        start, stop = habit.cut
        eeg = np.delete(eeg, slice(round(start * SFREQ), round(stop * SFREQ)), axis=1)
        marked = [
            (kind, name, t if t < start else t - stop + start) for kind, name, t in marked if not start <= t < stop
        ]
        marked.append(("New Segment", "", start))
        onsets = np.where(onsets < start, onsets, onsets - stop + start)
    for folder in ("eeg", "func"):
        (root / "sub-01" / folder).mkdir(parents=True)
    (root / "dataset_description.json").write_text('{"Name": "x", "BIDSVersion": "1.8.0"}')
    stem = "sub-01_task-rest"
    half = eeg.shape[1] // 2 if habit.parts else eeg.shape[1]
    for part, first in enumerate(range(0, eeg.shape[1], half), 1):
        name = f"{stem}_{habit.parts}-{part:02}_eeg" if habit.parts else f"{stem}_eeg"
        own = [(kind, text, t - first / SFREQ) for kind, text, t in marked]
        _brainvision(root / "sub-01/eeg", name, eeg[:, first : first + half], names, own)
    if habit.events:
        rows = "".join(f"{t:.4f}\t0\tR128\n" for t in truth)
        (root / f"sub-01/eeg/{stem}_events.tsv").write_text(f"onset\tduration\ttrial_type\n{rows}")
    image = (1000 + 10 * rng.standard_normal((6, 5, 4, N))).astype(np.float32)
    affine = np.diag([-4.0, 4, 4, 1])
    written = nib.Nifti1Image(image, affine)
    written.header.set_zooms((4, 4, 4, habit.tr))
    written.header.set_xyzt_units("mm", "sec")
    nib.save(written, root / f"sub-01/func/{stem}_bold.nii")
    facts = {"RepetitionTime": habit.tr, "TaskName": "rest", **habit.sidecar}
    (root / f"sub-01/func/{stem}_bold.json").write_text(json.dumps(facts))
    return Written(root, eeg, image, onsets)


def _brainvision(folder: Path, stem: str, eeg: np.ndarray, names: list[str], marked: Markers) -> None:
    pybv.write_brainvision(
        data=eeg, sfreq=SFREQ, ch_names=names, fname_base=stem, folder_out=folder, fmt="binary_float32", events=None
    )
    # types of markers that the writer does not know: by hand
    sample = [(kind, name, round(t * SFREQ) + 1) for kind, name, t in marked]
    lines = [
        "Brain Vision Data Exchange Marker File, Version 1.0",
        "[Common Infos]",
        f"DataFile={stem}.eeg",
        "[Marker Infos]",
        "Mk1=New Segment,,1,1,0",
    ]
    inside = [each for each in sorted(sample, key=lambda each: each[2]) if 1 <= each[2] <= eeg.shape[1]]
    lines += [f"Mk{k}={kind},{name},{at},1,0" for k, (kind, name, at) in enumerate(inside, 2)]
    (folder / f"{stem}.vmrk").write_text("\n".join(lines) + "\n", encoding="utf-8")


def table() -> str:
    """The habits as rows of a Markdown table."""
    rows = ["| in the recording | outcome | to go on, write |", "|---|---|---|"]
    for habit in HABITS.values():
        way = ", ".join(f"`{line}`" for line in habit.way.splitlines())
        rows.append(f"| {habit.words} | {'refused' if habit.refused else 'right'} | {way or 'nothing'} |")
    return "\n".join(rows)
