"""Every kind of fault of the clock, with every setting that bears on it: onsets, notes and errors are kept whole.

Where volumes are is checked against the truth too: whatever is mended, no volume may be at the time of another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.settings.first_volume import ClockConfig, FirstMarker
from eeg2fmri.data.timing.choose_marker import find_marker, has_volume_marker, marks_volumes
from eeg2fmri.data.timing.pauses import Pause, Span
from eeg2fmri.data.timing.repetition_time import repetition_time
from eeg2fmri.data.timing.slice_time import discarded_volumes, slice_time
from eeg2fmri.data.timing.slices import per_slice, starts_of_volumes, without_echo
from eeg2fmri.data.timing.volume_onsets import Volumes, volume_onsets
from eeg2fmri.data.timing.without_bold import Clock, checked_time, onsets_without_bold

TR, N = 2.0, 20
ALL = Volumes(N, TR)
GRID = 3.0 + TR * np.arange(N)
LATE = np.where(np.isin(np.arange(N), [2, 4, 6, 9, 12, 15]), GRID + 0.31, GRID)


def joined(*parts: Any) -> np.ndarray:
    return np.sort(np.concatenate([np.atleast_1d(part) for part in parts]))


MARKERS: dict[str, np.ndarray] = {
    "whole": GRID,
    "one lost": np.delete(GRID, 7),
    "two lost together": np.delete(GRID, [7, 8]),
    "six lost": np.delete(GRID, [2, 4, 7, 10, 13, 16]),
    "ten lost": np.delete(GRID, range(2, 12)),
    "one doubled": joined(GRID, GRID[4] + 0.1),
    "six doubled": joined(GRID, GRID[[3, 5, 7, 9, 11, 13]] + 0.1),
    "at the same samples": np.repeat(GRID, 2),
    "one late": np.where(np.arange(N) == 12, GRID + 0.7, GRID),
    "one at a tenth": np.where(np.arange(N) == 12, GRID + 0.199, GRID),
    "six late": LATE,
    "between": joined(GRID, GRID[5] + 1.04),
    "first two lost": GRID[2:],
    "last two lost": GRID[:-2],
    "one more": joined(GRID, GRID[-1] + TR),
    "two more": joined(GRID, GRID[-1] + [TR, 2 * TR]),
    "one alone before": joined(GRID[0] - 4 * TR + 6, GRID[3:] + 6),
    "one alone after": joined(GRID, GRID[-1] + 3 * TR),
    "lost, and one alone after": joined(GRID[:17], GRID[-1]),
    "another scan": joined(GRID, GRID + 100.3),
    "another scan, shorter": joined(GRID, GRID[:14] + 100.3),
    "another scan that lost one": joined(GRID, np.delete(GRID, 5) + 100.3),
    "both scans lost one": joined(np.delete(GRID, 5), np.delete(GRID, 6) + 100.3),
    "everything": joined(np.delete(GRID, 3), GRID[9] + 0.1, GRID[-1] + TR),
    "drift": 3.0 + TR * 1.0004 * np.arange(N),
    "drift that is none": 3.0 + TR * 1.006 * np.arange(N),
    "another interval": 3.0 + 3.0 * np.arange(N),
    "an interval somewhat shorter": 3.0 + 1.75 * np.arange(N),
    "far too many": np.arange(3.0, 43.0, 0.13),
    "pairs, not at the TR": joined(3.0 + 3.0 * np.arange(N), 3.4 + 3.0 * np.arange(N)),
    "one more within a TR": joined(GRID, GRID[-1] + 1.3),
    "one more within half a TR": joined(GRID, GRID[-1] + 0.7),
    "one more before, within a TR": joined(GRID[0] - 1.3, GRID),
    "one": GRID[:1],
    "two": GRID[:2],
    "far apart": np.array([3.0, 40.0, 77.5]),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "error": {},
    "repair": {"triggers": "repair"},
    "trim": {"triggers": "trim"},
    "dummies 0": {"dummies": 0},
    "dummies 2": {"dummies": 2, "triggers": "repair"},
    "before 2": {"volumes_before": 2, "triggers": "repair"},
    "before 2, trim": {"volumes_before": 2, "triggers": "trim"},
    "before 30": {"volumes_before": 30},
    "from the last": {"count_from": "last", "triggers": "repair"},
    "from the first": {"count_from": "first", "triggers": "trim"},
    "train 1": {"train": 1, "triggers": "repair"},
    "train 2": {"train": 2},
    "train 3": {"train": 3},
}
#: Faults that what is said of the first marker bears on.
COUNTED = [
    "whole", "first two lost", "last two lost", "one more", "two more", "one alone before", "one alone after",
    "lost, and one alone after", "another scan", "another scan, shorter", "another scan that lost one",
    "both scans lost one", "two",
]  # fmt: skip


def onsets(times: np.ndarray, settings: dict[str, Any], volumes: Volumes = ALL, **others: Any) -> Any:
    markers = {"Stimulus/S  1": np.array([1.0, 9.5]), "R128": times}
    return volume_onsets(markers, volumes, 250.0, ClockConfig.make(settings), where="a.vhdr", **others)


def test_faults_of_markers(messages: ModuleType) -> None:
    cases: dict[str, Callable[[], object]] = {
        f"{fault}, {setting}": partial(onsets, times, SETTINGS[setting])
        for fault, times in MARKERS.items()
        for setting in (SETTINGS if fault in COUNTED else ("error", "repair", "trim"))
        if fault != "two" or "train" not in setting
    }
    for fault, times in MARKERS.items():
        cases[f"{fault}, without BOLD"] = partial(onsets, times, {}, Volumes(None, TR))
    for fault in ("whole", "two more", "first two lost"):
        cases[f"{fault}, two discarded"] = partial(onsets, MARKERS[fault], {}, Volumes(N, TR, 0.5, 2))
        cases[f"{fault}, in the middle of the TR"] = partial(
            onsets, MARKERS[fault], {"triggers": "trim"}, Volumes(N, TR, 1.0)
        )
    messages.all_kept("faults_of_markers", cases)


@pytest.mark.parametrize("fault", [name for name in MARKERS if len(MARKERS[name]) > 3 and "drift" not in name])
@pytest.mark.parametrize("how", ["error", "repair", "trim"])
def test_no_volume_is_at_the_time_of_another(fault: str, how: str) -> None:
    """What is given without a word of the user's is the truth, to a tenth of a TR."""
    shift = 6.0 if fault == "one alone before" else 0.0
    try:
        found = onsets(MARKERS[fault], {"triggers": how})
    except InputError:
        return
    np.testing.assert_allclose(found.onsets, GRID[found.first :][: len(found.onsets)] + shift, atol=TR / 10)


def paused(*pauses: Pause, duration: float = 60.0) -> Span:
    return Span(duration, pauses)


LONG = [Pause(at, at, 1.5) for at in (9.0, 15.0, 21.0, 27.0, 33.0)]
SPANS = {
    "short": paused(duration=38.0),
    "very short": paused(duration=4.0),
    "nothing": paused(duration=1.0),
    "of known length": paused(Pause(20.0, 20.0, 4.0)),
    "of unknown length": paused(Pause(20.0, 20.0, None)),
    "with zeros": paused(Pause(20.0, 24.0, 0.0)),
    "before": paused(Pause(2.0, 2.0, None)),
    "before, known": paused(Pause(2.0, 2.0, 7.0)),
    "at the very beginning of the first volume": paused(Pause(3.0, 3.0, 7.0)),
    "after": paused(Pause(50.0, 50.0, 7.0)),
    "five": paused(*LONG),
    "between files": paused(Pause(20.0, 20.0, None, True)),
    "between five files": paused(*(Pause(at, at, None, True) for at in (8.0, 14.0, 20.0, 26.0, 32.0))),
    "between files, and one of unknown length after": paused(Pause(20.0, 20.0, None, True), Pause(50.0, 50.0, None)),
}


def test_pauses_and_eeg_that_ends(messages: ModuleType) -> None:
    clocks = {
        "error": {},
        "repair": {"triggers": "repair"},
        "trim": {"triggers": "trim"},
        "first volume": {"first_volume_s": 3.0},
        "first volume, trim": {"first_volume_s": 3.0, "triggers": "trim"},
        "first volume before the EEG": {"first_volume_s": -4.5, "triggers": "trim"},
        "first marker": {"first_marker": {"name": "R128", "repeats": "first"}, "triggers": "repair"},
    }
    cases: dict[str, Callable[[], object]] = {}
    for name, span in SPANS.items():
        for setting, clock in clocks.items():
            cases[f"{name}, {setting}"] = partial(onsets, GRID, clock, span=span)
        cases[f"{name}, one lost, trim"] = partial(onsets, MARKERS["one lost"], {"triggers": "trim"}, span=span)
        cases[f"{name}, first two lost"] = partial(onsets, MARKERS["first two lost"], {}, span=span)
    messages.all_kept("pauses", cases)


def test_the_first_marker_alone(messages: ModuleType) -> None:
    once, twice, again = np.array([3.0]), np.array([3.0, 9.0]), np.array([3.0, 90.0])
    said: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
        "once": (once, {}),
        "twice": (twice, {}),
        "twice, the first": (twice, {"repeats": "first"}),
        "after the scan too": (again, {"repeats": "first"}),
        "at the end of the scan and a TR": (np.array([3.0, 45.0]), {"repeats": "first"}),
        "later than the volume": (once, {"after_s": 1.25}),
        "in time": (once, {"within_s": 3.0}),
        "late": (once, {"within_s": 2.5}),
        "short by one second": (once, {"short_s": 1.0}),
        "short by more": (once, {"short_s": 0.5}),
        "after what follows it": (once, {"before": ("S  1", "S  2")}),
        "with what follows it": (np.array([1.0]), {"before": ("S  1",)}),
        "another name": (once, {"name": "S 99"}),
    }
    cases = {
        name: partial(onsets, times, {"first_marker": {"name": "R128", **given}}, span=Span(42.0))
        for name, (times, given) in said.items()
    }
    cases["by its name alone"] = partial(onsets, once, {"first_marker": "R128"})
    messages.all_kept("first_marker", cases)


def test_which_marker(messages: ModuleType) -> None:
    other, odd, even = GRID + 0.7, GRID[::2], GRID[1::2]
    slices = joined(*(GRID + k * TR / 5 for k in range(5)))
    bunch = joined(*(GRID + k * 0.2 for k in range(5)))
    files: dict[str, dict[str, np.ndarray]] = {
        "none": {},
        "of the recorder": {"SyncStatus/Sync On": GRID, "New Segment/": GRID[:1]},
        "known": {"Response/R128": GRID, "S  1": other},
        "known, by another case": {"response/ r 128": GRID},
        "known, not regular": {"R128": np.array([1.0, 2.5, 9.0]), "S  1": GRID},
        "known alone, not regular": {"R128": np.array([1.0, 2.5, 9.0]), "x": np.array([4.0])},
        "two known": {"R128": GRID, "T1": other},
        "two unknown": {"a": GRID, "b": other},
        "two unknown, one fits": {"a": GRID, "b": other[:-3]},
        "three unknown, one fits": {"a": GRID[:-2], "b": other[:-3], "c": GRID},
        "two unknown, one fits but for one alone": {"a": joined(3.0, GRID + 10), "b": other[:-3] + 10},
        "twins": {"a": GRID, "b": GRID + 5e-7},
        "edges": {"ttl_on": GRID, "ttl_off": GRID + 0.05},
        "taking turns by number": {"S 1": odd, "S 2": even},
        "taking turns by name": {"a": odd, "b": even},
        "four taking turns": {"a": GRID[::4], "b": GRID[1::4], "c": GRID[2::4], "d": GRID[3::4]},
        "five taking turns": {name: GRID[k::5] for k, name in enumerate("abcde")},
        "seven of one stem": {f"S {k}": GRID[k::7] for k in range(7)},
        "taking turns, one known": {"R128": GRID[:-3], "R129": GRID[-3:]},
        "two of three take turns": {"a": odd, "b": even, "x": np.array([1.0, 2.2])},
        "both edges alike": {"R128": joined(GRID, GRID + 0.012)},
        "slices": {"R128": slices},
        "slices, one missing": {"R128": np.delete(slices, 33)},
        "slices, whole volumes missing": {"R128": np.delete(slices, range(25, 35))},
        "slices, two stretches, one not whole": {"R128": joined(slices[:50], slices[52:] + 7)},
        "slices, the last not whole": {"R128": slices[:-2]},
        "slices in a bunch": {"R128": bunch},
        "slices in a bunch, from within a volume": {"R128": bunch[2:]},
        "slices unknown": {"x": slices, "y": np.array([1.0])},
        "slices of two kinds": {"x": slices, "y": slices + 0.1},
        "dense": {"x": np.arange(0, 40, 0.13)},
    }  # fmt: skip
    cases: dict[str, Callable[[], object]] = {}
    for name, markers in files.items():
        for count in (N, None):
            cases[f"{name}, {count} volumes"] = partial(find_marker, markers, TR, None, count, "a.vhdr")
        cases[f"{name}: any"] = lambda markers=markers: [has_volume_marker(markers, TR), marks_volumes(markers, TR)]
    several = {"Stimulus/S 1": odd, "Response/S 1": even, "S 1": GRID, "S 2": other}
    both = {"Stimulus/S 1": odd, "Response/S 1": even}
    for given in ("S 1", "s1", "S 2", "S 3", ["Stimulus/S 1", "Response/S 1"], ["S 1", "S 3"], ("S 2",)):
        cases[f"wanted {given}"] = partial(find_marker, several, TR, given, N, "a.vhdr")
    cases["wanted of two"] = partial(find_marker, both, TR, "s 1", N, "a.vhdr")
    cases["wanted by slice"] = partial(find_marker, {"x": slices}, TR, "x", N, "a.vhdr")
    messages.all_kept("which_marker", cases)


@pytest.mark.parametrize("names", ["ab", "abc", "abcd"])
def test_all_kinds_that_take_turns_are_taken(names: str) -> None:
    markers = {name: GRID[k :: len(names)] for k, name in enumerate(names)}
    np.testing.assert_array_equal(find_marker(markers, TR, None, N, "a.vhdr").times, GRID)


@pytest.mark.parametrize("later", [0.012, 0.0199, 0.0201])
def test_the_second_edge_of_a_pulse_is_near(later: float) -> None:
    found = without_echo(joined(GRID, GRID + later))
    assert (found is None) == (later > 0.02)
    assert without_echo(joined(GRID[:2], GRID[:2] + later)) is None
    assert (without_echo(joined(GRID[:3], GRID[:3] + later)) is None) == (later > 0.02)
    assert without_echo(joined(GRID, GRID + later)[:-1]) is None


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_slices_are_counted_from_three_on(count: int) -> None:
    times = joined(*(GRID + k * TR / count for k in range(count)))
    assert per_slice(times, TR) == (None if count < 3 else count)
    if count > 2:
        np.testing.assert_allclose(starts_of_volumes(times, count, TR, "x", N), GRID)
        assert per_slice(times[: count + 1], TR) == (None if count + 1 < 6 else count)
        jittered = times + np.where(np.arange(times.size) % 2, 0.019 * TR, 0)
        assert per_slice(jittered, TR) == count


def without_bold(markers: dict[str, np.ndarray], span: Span, clock: Clock) -> Any:
    notes = ["before"]
    return [*onsets_without_bold(markers, span, 250.0, TR, clock, "a.vhdr", notes), *notes]


def test_without_bold(messages: ModuleType) -> None:
    regular = GRID[:12] - 3
    given: dict[str, Any] = {
        "regular": regular,
        "one": [4.0],
        "none": [],
        "words": ["a"],
        "many words": "x" * 300,
        "falling": [3.0, 1.0],
        "twice": [3.0, 3.0],
        "not finite": [0.0, np.nan],
        "a table": [[0.0, 2.0]],
        "another TR": [0.0, 3.0, 6.0],
        "milliseconds": [0.0, 2000.0],
        "gap": np.delete(regular, 5),
        "six gaps": np.delete(3.0 + TR * np.arange(30), [2, 6, 10, 14, 18, 22]),
        "drift": 2.011 * np.arange(12),
        "drift of few": 2.011 * np.arange(11),
        "drift below what counts": 2.009 * np.arange(12),
        "drift and a gap": np.delete(2.011 * np.arange(30), 4),
        "late by a tenth": [0.0, 2.0, 4.19, 6.19],
        "late by more": [0.0, 2.0, 4.21, 6.21],
    }
    cases: dict[str, Callable[[], object]] = {
        f"onsets {name}": partial(without_bold, {}, Span(60.0), Clock(onsets=value)) for name, value in given.items()
    }
    markers = {"R128": GRID, "S  1": np.array([1.0])}
    clocks = {
        "nothing said": Clock(),
        "first volume": Clock(first_volume_s=1.5),
        "first volume before the EEG": Clock(first_volume_s=-3.0),
        "first volume at the end": Clock(first_volume_s=59.0),
        "first volume true": Clock(first_volume_s=True),
        "first marker": Clock(first_marker="S  1"),
        "first of several": Clock(first_marker=FirstMarker(name="R128", repeats="first")),
        "marker": Clock(marker="R128"),
        "marker that is none": Clock(marker="S  1"),
        "trim": Clock(faults="trim"),
        "repair": Clock(faults="repair"),
    }
    for name, span in {"whole": Span(60.0), **SPANS}.items():
        for said, clock in clocks.items():
            cases[f"{name}, {said}"] = partial(without_bold, markers, span, clock)
        cases[f"{name}, no markers"] = partial(without_bold, {"S  1": np.array([1.0])}, span, Clock())
    cases["one lost, repair"] = partial(without_bold, {"R128": MARKERS["one lost"]}, Span(60.0), Clock(faults="repair"))
    cases["one lost"] = partial(without_bold, {"R128": MARKERS["one lost"]}, Span(60.0), Clock())
    for value in (1, 2.5, np.float32(3), True, None, "2", np.inf, np.nan):
        cases[f"a time that is {value!r}"] = partial(checked_time, value, "this", "a.vhdr")
    messages.all_kept("without_bold", cases)


def test_what_the_sidecar_says(messages: ModuleType) -> None:
    cases: dict[str, Callable[[], object]] = {}
    for header in (None, 2.0, 2.0009, 2.0011, 2011.0, 2030.0):
        for stated in (None, 2.0, 2, True, "2", 0, -1.0, 2000.0, 0.05, 0.049, 30.0, 30.1):
            sidecar = {} if stated is None else {"RepetitionTime": stated}
            cases[f"TR {header!r} {stated!r}"] = partial(repetition_time, header, sidecar, where="a.nii")
    cases["TR of the user"] = partial(repetition_time, 2.0, {"RepetitionTime": 3.0}, override=1.5)
    for corrected in (None, True, False, "yes"):
        for start in (None, 0, 1.0, 2.0, 2.01, -0.1, True, "1"):
            sidecar = {"SliceTimingCorrected": corrected, "StartTime": start}
            given = {name: value for name, value in sidecar.items() if value is not None}
            cases[f"slices {corrected!r} {start!r}"] = partial(slice_time, given, TR, "a.nii")
    for user, scanner in ((None, None), (3, None), (None, 2), (3, 2), (0, None), ("3", 1)):
        named = {"NumberOfVolumesDiscardedByUser": user, "NumberOfVolumesDiscardedByScanner": scanner}
        cases[f"discarded {user!r} {scanner!r}"] = partial(discarded_volumes, named)
    messages.all_kept("sidecar", cases)
