"""Times on the clock and times in the file, on both sides of every pause; computed by hand."""

from __future__ import annotations

import mne
import numpy as np
import pytest

from eeg2fmri.data.timing.pauses import Pause, Span, is_pause, listed_pauses, pauses_of, span_of

NAN = float("nan")
#: 4 s and 2 s of the clock are not in the file; from 30 to 32 s there are zeros in it.
SPAN = Span(60.0, (Pause(20.0, 20.0, 4.0), Pause(30.0, 32.0, 0.0), Pause(40.0, 40.0, 2.0)))
OPEN = Span(60.0, (Pause(20.0, 20.0, None), Pause(40.0, 40.0, 2.0)))


def test_from_the_file_to_the_clock_and_back() -> None:
    file = np.array([0, 19.5, 20, 31, 39.5, 40, 50])
    clock = np.array([0, 19.5, 24, 35, 43.5, 46, 56])
    np.testing.assert_allclose(SPAN.clock(file), clock)
    np.testing.assert_allclose(SPAN.file(clock), file)
    np.testing.assert_allclose(SPAN.file(np.array([20, 22, 23.75, 44, 45.75])), NAN)
    np.testing.assert_allclose(OPEN.clock(file), [0, 19.5, 1e6 + 20, 1e6 + 31, 1e6 + 39.5, 1e6 + 42, 1e6 + 52])
    np.testing.assert_allclose(OPEN.file(OPEN.clock(file)), file)
    assert np.isnan(OPEN.file(np.array([20, 100, 1e6 + 19.75]))).all()
    np.testing.assert_array_equal(Span().clock(file), file)


def test_a_nanosecond_makes_no_difference() -> None:
    near = np.array([20 - 5e-10, 20 - 3e-9])
    np.testing.assert_allclose(SPAN.clock(near), [24, 20])
    np.testing.assert_allclose(SPAN.file(near), [NAN, 20])
    np.testing.assert_allclose(SPAN.file(near + 4), [20, NAN])


def test_what_goes_in_stays_as_it_is() -> None:
    times = np.array([10.0, 50.0])
    SPAN.clock(times), SPAN.file(times)
    assert times.tolist() == [10, 50]


@pytest.mark.parametrize(
    ("start", "tolerance", "whole"),
    [
        (0, 0, True), (-0.125, 0, False), (-0.125, 0.125, True),
        (17, 0, True), (18, 0, True), (18.125, 0, False), (18.125, 0.125, True), (18.25, 0.125, False), (22, 0, False),
        (24, 0, True), (32, 0, True), (32.125, 0, False), (32.125, 0.125, True), (34, 0, False),
        (35.875, 0, False), (35.875, 0.125, True), (36, 0, True), (42, 0, True), (43, 0, False), (46, 0, True),
        (64, 0, True), (64.125, 0, False), (64.125, 0.125, True), (64.25, 0.125, False),
    ],
)  # fmt: skip
def test_which_windows_of_two_seconds_were_recorded(start: float, tolerance: float, whole: bool) -> None:
    assert SPAN.has_eeg(np.array([start]), 2.0, tolerance).tolist() == [whole]


def test_pauses_outside_a_scan_and_inside() -> None:
    first, second, third = pauses = (Pause(3.0, 3.0, 7.0), Pause(20.0, 20.0, 4.0), Pause(50.0, 52.0, 5.0))
    # on the clock: 3 to 10, 27 to 31, 61 to 68
    span = Span(60.0, pauses)
    assert span.outside(10, 61) == [first, third]
    assert span.outside(9.75, 61) == [third]
    assert span.outside(10, 61.25) == [first]
    assert span.outside(31, 70) == [first, second]
    assert span.outside(30.75, 70) == [first]
    assert span.outside(68, 80) == [first, second, third]
    assert span.outside(67.75, 80) == [first, second]
    unknown = Span(60.0, (Pause(3.0, 3.0, None), second))
    assert unknown.outside(1e6 + 3, 1e6 + 20) == list(unknown.pauses)
    assert unknown.outside(1e6, 1e6 + 21) == []
    # in the file
    assert span.between(0, 60) == [first, second, third]
    assert span.between(3, 50) == [second]
    assert span.between(2.75, 50.25) == [first, second, third]
    assert span.between(52, 60) == []
    assert span.between(51.75, 60) == [third]
    assert span.between(0, 20) == [first]


@pytest.mark.parametrize(
    ("pause", "words", "annotation"),
    [
        (Pause(20, 20, 4.0), "at 20.000 s for 4.000 s", (20, 4.0, "boundary")),
        (Pause(20, 20, None), "at 20.000 s (how long is not known)", (20, 0.0, "boundary")),
        (Pause(20, 20, None, True), "at 20.000 s (how long is not known)", (20, 0.0, "edge boundary")),
        (Pause(20, 20, 4.0, True), "at 20.000 s for 4.000 s", (20, 4.0, "boundary")),
        (Pause(20, 24.5, 0.0), "at 20.000 s for 4.500 s", (20, 4.5, "BAD_ACQ_SKIP")),
        (Pause(20, 24, 3.0), "at 20.000 s for 7.000 s", (20, 4, "BAD_ACQ_SKIP")),
    ],
)
def test_a_pause_in_words_and_as_an_annotation(pause: Pause, words: str, annotation: tuple[float, float, str]) -> None:
    assert str(pause) == words
    assert pause.annotation() == annotation


def test_five_pauses_are_four_and_one_more() -> None:
    told = listed_pauses(Pause(at, at, 1.0) for at in range(5))
    assert told.count("for 1.000 s") == 4
    assert told.endswith("and 1 more")


def recorded(*annotations: tuple[float, float, str], first_samp: int = 0) -> mne.io.BaseRaw:
    """A minute at 100 Hz, which begins so many samples after the recorder was started."""
    info = mne.create_info(["Cz"], 100.0, "eeg")
    raw = mne.io.RawArray(np.zeros((1, 6000)), info, first_samp=first_samp, verbose="error")
    # beyond the ends too: MNE would leave these out
    raw.set_annotations(mne.Annotations([], [], []), verbose="error")
    for onset, duration, text in annotations:
        raw.annotations.append(onset + first_samp / 100, duration, text)
    return raw


@pytest.mark.parametrize(
    ("annotations", "pauses"),
    [
        ([(20, 4, "boundary"), (20, 0, "EDGE boundary")], [Pause(20, 20, 4.0, True)]),
        ([(20, 0, "EDGE boundary"), (20, 4, "boundary")], [Pause(20, 20, 4.0, True)]),
        ([(20, 0, "BAD boundary"), (20, 0, "New Segment/")], [Pause(20, 20, None, True)]),
        ([(20, 4, "boundary"), (20, 5, "boundary")], [Pause(20, 20, 4.0)]),
        ([(20, 4, "New Segment/ ")], [Pause(20, 20, None)]),
        ([(20.005, 0, "Boundary")], [Pause(20.01, 20.01, None)]),
        ([(20.004, 0, "Boundary")], [Pause(20.0, 20.0, None)]),
        ([(0, 0, "boundary"), (60, 0, "boundary"), (0.01, 0, "boundary"), (59.99, 0, "boundary")],
         [Pause(0.01, 0.01, None), Pause(59.99, 59.99, None)]),
        ([(0, 2, "BAD_ACQ_SKIP"), (50, 1.5, "bad_acq_skip 2"), (55, 0, "BAD_ACQ_SKIP")],
         [Pause(0, 2, 0.0), Pause(50, 51.5, 0.0)]),
        ([(30, 0, "boundary"), (10, 0, "boundary")], [Pause(10, 10, None), Pause(30, 30, None)]),
        ([(20, 0, "boundary 2"), (25, 0, "R128"), (30, 0, "a new segment")], []),
        ([(-0.02, 5, "BAD_ACQ_SKIP"), (60.02, 5, "BAD_ACQ_SKIP")], []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("first_samp", [0, 700])
def test_annotations_that_stand_for_pauses(
    annotations: list[tuple[float, float, str]], pauses: list[Pause], first_samp: int
) -> None:
    raw = recorded(*annotations, first_samp=first_samp)
    assert pauses_of(raw) == tuple(pauses)
    assert span_of(raw) == Span(60.0, tuple(pauses))


def test_which_annotations_are_no_markers() -> None:
    for name in ("boundary", "New Segment/", "BAD boundary", "Edge Boundary ", "BAD_ACQ_SKIP", "bad_acq_skip 3"):
        assert is_pause(name)
    for name in ("R128", "boundary 2", "bad segment", "BAD"):
        assert not is_pause(name)


def test_what_is_a_sample_beyond_the_ends_is_no_pause() -> None:
    assert pauses_of(recorded((-0.01, 5, "BAD_ACQ_SKIP"), (60.01, 5, "BAD_ACQ_SKIP"))) == ()
