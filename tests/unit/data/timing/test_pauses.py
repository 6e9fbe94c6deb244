"""Pauses of the recorder: volumes get the EEG of their own time, or are left out, whatever says when they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.settings.first_volume import ClockConfig
from eeg2fmri.data.timing.pauses import Pause, Span, pauses_of
from eeg2fmri.data.timing.read_markers import markers_of
from eeg2fmri.data.timing.volume_onsets import Volumes, volume_onsets
from eeg2fmri.data.timing.without_bold import Clock, onsets_without_bold

TR, N, SFREQ = 2.0, 24, 100.0
#: s on the clock
TRUTH = 5.0 + TR * np.arange(N)
#: The recorder stands still from 20 s on, for 4 s: volumes 7 (19 to 21 s) to 9 (23 to 25 s) have no whole EEG.
KNOWN, UNKNOWN = (Span(60.0, (Pause(20.0, 20.0, length),)) for length in (4.0, None))


def in_file(clock: np.ndarray) -> np.ndarray:
    """Where a time on the clock is in the file; computed by hand."""
    return np.where(clock < 20, clock, clock - 4)


RECORDED = in_file(TRUTH[(TRUTH < 20) | (TRUTH >= 24)])


def align(span: Span, **said: Any) -> Any:
    return volume_onsets({"R128": RECORDED}, Volumes(N, TR), SFREQ, ClockConfig.make(said), span)


CLOCKS = ({}, {"first_volume_s": 5.0}, {"first_marker": {"name": "R128", "repeats": "first"}})


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("span", [KNOWN, UNKNOWN])
def test_a_pause_within_the_scan_is_refused(span: Span, clock: dict[str, Any]) -> None:
    kept = "10 to 23" if span is KNOWN else "0 to 6"
    text = rf"paused between(.|\n)*at 20.000 s(.|\n)*trim to keep volumes {kept}"
    if span is UNKNOWN and not clock:  # whether its first part begins with volume 0, or its last ends with the last
        text = r"cannot be told(.|\n)*'train: 1' and 'volumes_before: 0' and 'triggers: trim'(.|\n)*'train: 2' and 'vo"
    with pytest.raises(InputError, match=text):
        align(span, **clock)


@pytest.mark.parametrize("clock", CLOCKS)
def test_of_a_pause_of_known_length_the_longer_part_is_kept(clock: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="paused between"):
        align(KNOWN, triggers="repair", **clock)
    found = align(KNOWN, triggers="trim", **clock)
    assert found.first == 10
    np.testing.assert_allclose(found.onsets, TRUTH[10:] - 4)
    assert any("volumes without a whole TR of EEG left out: 7, 8, 9" in note for note in found.notes)
    assert not any("outside the scan" in note for note in found.notes)


@pytest.mark.parametrize("clock", [{"dummies": 0}, *CLOCKS[1:]])
def test_after_a_pause_of_unknown_length_nothing_is_numbered_from_the_beginning(clock: dict[str, Any]) -> None:
    found = align(UNKNOWN, triggers="trim", **({"train": 1} if "dummies" in clock else {}), **clock)
    assert found.first == 0
    np.testing.assert_allclose(found.onsets, TRUTH[:7])


def test_the_longer_side_of_a_pause_of_unknown_length_is_numbered_from_its_own_end() -> None:
    with pytest.raises(InputError, match="cannot be told"):
        align(Span(49.0, UNKNOWN.pauses), triggers="trim", count_from="last")
    found = align(Span(49.0, UNKNOWN.pauses), triggers="trim", train=2, count_from="last")
    assert found.first == 10
    np.testing.assert_allclose(found.onsets, TRUTH[10:] - 4)


@pytest.mark.parametrize("lost", [7.0, None])
def test_a_pause_before_the_scan_is_only_noted(lost: float | None) -> None:
    found = volume_onsets({"R128": TRUTH}, Volumes(N, TR), SFREQ, span=Span(60.0, (Pause(3.0, 3.0, lost),)))
    np.testing.assert_allclose(found.onsets, TRUTH)
    assert [note for note in found.notes if "paused outside the scan: at 3.000 s" in note]


JOINT = Span(60.0, (Pause(20.0, 20.0, None, joint=True),))


def test_files_that_the_markers_go_on_over_are_one() -> None:
    found = volume_onsets({"R128": TRUTH}, Volumes(N, TR), SFREQ, ClockConfig(), JOINT)
    np.testing.assert_allclose(found.onsets, TRUTH)
    assert any("follow each other without a pause" in note for note in found.notes)


@pytest.mark.parametrize(
    ("times", "span"),
    [
        (TRUTH[:-2], JOINT),  # two volumes in a pause of two TRs
        (np.where(TRUTH < 20, TRUTH, TRUTH + 0.04), JOINT),
        (TRUTH, UNKNOWN),  # the recorder says that it was paused
    ],
)
def test_files_that_may_have_a_pause_between_are_two(times: np.ndarray, span: Span) -> None:
    with pytest.raises(InputError, match="first volume cannot be told"):
        volume_onsets({"R128": times}, Volumes(N, TR), SFREQ, ClockConfig(), span)


def test_a_new_recording_in_two_files_is_one_where_its_markers_go_on() -> None:
    notes: list[str] = []
    found = onsets_without_bold({"R128": TRUTH}, JOINT, SFREQ, TR, Clock(), "x", notes)
    np.testing.assert_allclose(found, TRUTH)
    assert notes == ["the files follow each other without a pause, at 20.000 s: the markers go on to the sample"]
    for times, span in ((np.where(TRUTH < 20, TRUTH, TRUTH + 0.04), JOINT), (TRUTH, UNKNOWN)):
        with pytest.raises(InputError, match="paused between"):
            onsets_without_bold({"R128": times}, span, SFREQ, TR, Clock(), "x", [])


def test_zeros_in_place_of_what_was_not_recorded() -> None:
    skipped = Span(60.0, (Pause(20.0, 24.0, 0.0),))
    with pytest.raises(InputError, match=r"volumes without EEG: 7, 8, 9"):
        volume_onsets({}, Volumes(N, TR), SFREQ, ClockConfig(first_volume_s=5.0), skipped)
    found = volume_onsets({}, Volumes(N, TR), SFREQ, ClockConfig(first_volume_s=5.0, triggers="trim"), skipped)
    assert found.first == 10
    np.testing.assert_allclose(found.onsets, TRUTH[10:])


def annotated(onset: list[float], duration: list[float], name: list[str]) -> mne.io.BaseRaw:
    raw = mne.io.RawArray(np.zeros((1, 6000)), mne.create_info(["Cz"], SFREQ, "eeg"), verbose="error")
    return raw.set_annotations(mne.Annotations(onset, duration, name), verbose="error")


def test_pauses_that_annotations_tell_of() -> None:
    names = ["New Segment/", "boundary", "boundary", "BAD_ACQ_SKIP", "BAD boundary", "EDGE boundary", "R128"]
    raw = annotated([10, 20, 25, 30, 40, 40, 50], [0.01, 4, 0, 2, 0, 0, 0], names)
    expected = (
        Pause(10.0, 10.0, None),
        Pause(20.0, 20.0, 4.0),
        Pause(25.0, 25.0, None),
        Pause(30.0, 32.0, 0.0),
        Pause(40.0, 40.0, None, joint=True),
    )
    assert pauses_of(raw) == expected
    assert list(markers_of(raw)) == ["R128"]
    again = annotated(*(list(column) for column in zip(*(pause.annotation() for pause in expected), strict=True)))
    assert pauses_of(again) == expected
    assert pauses_of(raw.copy().crop(22))[0] == Pause(3.0, 3.0, None)


def write_edf_plus(path: Path, starts: list[int], marked: list[tuple[float, str]], width: int, first: str) -> None:
    """One channel of a record a second, and the annotation signal, by hand (EDF+ specification)."""
    kind, label = (b"EDF+D", b"EDF Annotations") if width == 2 else (b"BDF+D", b"BDF Annotations")
    columns = [
        (b"Cz", 16), (b"", 80), (b"uV", 8), (b"-100", 8), (b"100", 8), (b"-30000", 8), (b"30000", 8), (b"", 80),
        (b"100", 8), (b"", 32),
    ]  # fmt: skip
    of_tals = [label, b"", b"", b"-1", b"1", b"-30000", b"30000", b"", b"40", b""]
    head = (b"0" if width == 2 else b"\xffBIOSEMI").ljust(8) + b"X X X X".ljust(80)
    head += b"Startdate 01-JAN-2020 X X X".ljust(80) + b"01.01.2012.00.00" + b"768".ljust(8) + kind.ljust(44)
    head += str(len(starts)).encode().ljust(8) + b"1".ljust(8) + b"2".ljust(4)
    head += b"".join(own.ljust(size) + other.ljust(size) for (own, size), other in zip(columns, of_tals, strict=True))
    body = b""
    for number, start in enumerate(starts):
        samples = np.arange(number * 100, (number + 1) * 100, dtype="<i4")
        body += samples.view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
        tal = f"+{start}{first}\x14\x14\x00".encode()
        for time, text in marked:
            if start <= time < start + 1:
                tal += f"+{time + float('0' + first):g}\x14{text}\x14\x00".encode()
        body += tal.ljust(40 * width, b"\x00")
    path.write_bytes(head + body)


@pytest.mark.parametrize(("width", "suffix", "first"), [(2, ".edf", ""), (3, ".bdf", ""), (2, ".edf", ".5")])
def test_records_that_do_not_follow_each_other(tmp_path: Path, width: int, suffix: str, first: str) -> None:
    """The samples count up from 0, so each tells where it is."""
    starts = [*range(3), *range(10, 20), *range(24, 60)]
    marked = [(time, "R128") for time in np.arange(11, 59, 2).tolist()]
    path = tmp_path / f"x{suffix}"
    write_edf_plus(path, starts, marked, width, first)
    notes: list[str] = []
    raw = read_raw(path, notes)
    assert pauses_of(raw) == (Pause(3.0, 3.0, 7.0), Pause(13.0, 13.0, 4.0))
    recorded = [time for time, _ in marked if time < 20 or time >= 24]
    expected = [time - 7 if time < 20 else time - 11 for time in recorded]
    np.testing.assert_allclose(markers_of(raw)["R128"], expected)
    assert any("paused: at 3.000 s for 7.000 s, at 13.000 s for 4.000 s" in note for note in notes)


def test_records_without_a_pause_keep_their_annotations(tmp_path: Path) -> None:
    write_edf_plus(tmp_path / "x.edf", list(range(9)), [(2, "R128")], 2, "")
    raw = read_raw(tmp_path / "x.edf")
    assert pauses_of(raw) == ()
    assert markers_of(raw)["R128"].tolist() == [2.0]


def test_records_in_disorder_are_refused(tmp_path: Path) -> None:
    write_edf_plus(tmp_path / "x.edf", [0, 1, 5, 3], [], 2, "")
    with pytest.raises(InputError, match=r"starts before the end(.|\n)*record 3"):
        read_raw(tmp_path / "x.edf")
