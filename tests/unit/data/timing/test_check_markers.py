"""What is found wrong with volume markers, word by word, and the sequence that it is measured by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import Problem
from eeg2fmri.data.timing.check_markers import interval_problem, listed, marker_problems, number_markers
from eeg2fmri.data.timing.readings import Reading
from eeg2fmri.data.timing.trains import Train, find_trains

TR = 2.0
GRID = 3.0 + TR * np.arange(12)


def numbered(times: Any, first: int = 0, n_volumes: int = 12, tr: float = TR) -> tuple[Any, Reading]:
    times = np.asarray(times, float)
    train = find_trains(times, tr).longest()
    assert train is not None
    reading = Reading(train, first, words="so read")
    return number_markers(times, reading, n_volumes, tr), reading


def problems(times: Any, first: int = 0, n_volumes: int = 12, later: float = 0.0, tr: float = TR) -> list[list[str]]:
    found, reading = numbered(times, first, n_volumes, tr)
    made = marker_problems(found, reading, tr, "a.vhdr", np.asarray(times) + later)
    return [[one.what, one.where, one.got, one.expected, one.hint] for one in made]


def test_the_sequence_is_the_line_through_the_sound_markers() -> None:
    found, _ = numbered(np.where(np.arange(12) == 5, GRID + 0.25, GRID))
    assert (found.interval, found.start) == pytest.approx((2.0, 3.0))
    assert found.late == {5: 13.25}
    assert np.isnan(found.sound[5])
    np.testing.assert_allclose(found.regular, GRID)
    drifting, _ = numbered(5 + 2.004 * np.arange(12), first=-2, n_volumes=8)
    assert (drifting.interval, drifting.start) == pytest.approx((2.004, 5 + 2 * 2.004))
    alone, _ = numbered([7.0], first=2)
    assert (alone.interval, alone.start) == (2.0, 3.0)
    two, _ = numbered([7.0, 11.2], first=2)
    assert (two.interval, two.start) == pytest.approx((2.1, 7 - 2 * 2.1))
    three, _ = numbered([7.0, 9.03, 11.06], first=2)
    assert (three.interval, three.start) == pytest.approx((2.03, 7 - 2 * 2.03))


def test_a_marker_is_late_from_a_tenth_of_the_interval_on() -> None:
    for off, late in ((0.19, {}), (0.21, {5: 13.21}), (-0.19, {}), (-0.21, {5: 12.79})):
        found, _ = numbered(np.where(np.arange(12) == 5, GRID + off, GRID))
        assert found.late == pytest.approx(late)


def test_markers_beside_those_of_the_volumes() -> None:
    times = np.sort(np.append(np.delete(GRID, 4), [GRID[2] + 0.1, GRID[4] + 0.9, GRID[7] + 0.8, GRID[0] - 1.1, 26.2]))
    found, _ = numbered(times)
    # within half an interval of a volume that has a marker it is one too many, of one that has none it is late
    np.testing.assert_allclose(found.extra, [GRID[2] + 0.1, GRID[7] + 0.8])
    assert found.late == {4: GRID[4] + 0.9}
    assert (found.outside, found.first, found.last, found.lost) == (2, 0, 11, [])
    np.testing.assert_array_equal(found.all, times)


def test_markers_before_and_after_the_volumes() -> None:
    found, _ = numbered(GRID, first=-2, n_volumes=8)
    assert (found.first, found.last, found.outside) == (0, 7, 4)
    np.testing.assert_allclose(found.sound, GRID[2:10])
    fewer, _ = numbered(GRID, first=3, n_volumes=20)
    assert (fewer.first, fewer.last, fewer.outside) == (3, 14, 0)
    np.testing.assert_allclose(fewer.sound[3:15], GRID)
    assert np.isnan(fewer.sound[[0, 1, 2, 15, 19]]).all()
    lost, _ = numbered(np.delete(GRID, [4, 5, 8]))
    assert lost.lost == [4, 5, 8]
    assert numbered(GRID[:-1], first=0)[0].lost == []


def test_doubled_and_missing_markers_in_words() -> None:
    doubled = np.sort(np.append(GRID, GRID[[4, 7]] + 0.1))
    assert problems(doubled, later=10) == [
        [
            "volume markers are doubled", "a.vhdr", "index 5 at 21.100 s, index 9 at 27.100 s", "intervals of 2 s",
            "remove the surplus markers from the marker file, or set triggers: repair",
        ]
    ]  # fmt: skip
    rest = [
        "intervals of 2 s",
        "add the missing markers to the marker file, give 'first_volume_s', or set triggers: repair",
    ]
    one, three = (problems(np.delete(GRID, gone), later=10) for gone in (5, [4, 5, 8]))
    assert one == [["1 volume marker is missing", "a.vhdr", "gaps after index 4 at 21.000 s", *rest]]
    gaps = "gaps after index 3 at 19.000 s, index 5 at 27.000 s"
    assert three == [["3 volume markers are missing", "a.vhdr", gaps, *rest]]


def test_too_few_markers_in_words() -> None:
    (found,) = problems(GRID, first=2, n_volumes=15)
    assert found == [
        "there are fewer volume markers than volumes", "a.vhdr",
        "12 markers, the first at 3.000 s, the last at 25.000 s: so read", "15 volumes",
        "set triggers: trim to leave out the volumes without EEG or marker (0, 1, 14); "
        "check that both files are of the same run and complete",
    ]  # fmt: skip
    assert [each[0] for each in problems(GRID, first=1, n_volumes=13)] == [found[0]]
    assert "(12)" in problems(GRID, n_volumes=13)[0][-1]
    assert problems(GRID) == []


def test_another_interval_in_words() -> None:
    assert problems(3 + 2.0098 * np.arange(12)) == []
    (found,) = problems(3 + 2.0102 * np.arange(12))
    assert found == [
        "the mean interval of the volume markers is not the TR", "a.vhdr", "2.0102 s, 5100 ppm off",
        "TR 2 s, within 5000 ppm", "check the TR in sidecar and header",
    ]  # fmt: skip
    assert problems(3 + 1.9898 * np.arange(12))[0][2] == "1.9898 s, -5100 ppm off"
    # of two markers the interval is not known so well
    assert [each[0] for each in problems([3.0, 5.02], n_volumes=2)] == []
    assert [each[0] for each in problems([3.0, 5.02, 7.04], n_volumes=3)] == [found[0]]
    late = 3 + 2.0102 * np.arange(12)
    late[5] += 0.3
    assert [each[0] for each in problems(late)] == [found[0]]


def test_late_markers_in_words() -> None:
    times = GRID.copy()
    times[[3, 8]] += [0.25, -0.28]
    assert problems(times, later=0) == [
        [
            "volume markers are early or late", "a.vhdr",
            "index 3 at 9.250 s by +250 ms, index 8 at 18.720 s by -280 ms",
            "within 200 ms of a regular sequence",
            "correct the marker file, give 'first_volume_s', or set triggers: repair",
        ]
    ]  # fmt: skip


def at(interval: float, count: int = 20) -> np.ndarray:
    return 3 + interval * np.arange(count)


@pytest.mark.parametrize(
    ("times", "interval"),
    [
        (at(2.0), None),
        (at(3.0), "3 s"),
        (at(1.3), "1.3 s"),
        (at(1.7, 30), "1.7 s"),
        (np.sort(np.concatenate([at(3.0), at(3.0) + 0.4])), "3 s"),
        (np.sort(np.concatenate([at(2.0), at(2.0) + 0.4])), None),
        # five in a bunch, every 7 s: what follows each other is not what stands alone
        (np.sort(np.concatenate([at(7.0) + 0.13 * k for k in range(5)])), "0.13 s"),
        (at(2.0, 1), None),
        (np.array([3.0, 40.0]), "37 s"),
        (np.array([3.0, 5.0, 40.0, 77.0]), "35 s"),
        (np.concatenate([at(2.0, 11), 60 + 5.0 * np.arange(9)]), None),
        (np.concatenate([at(2.0, 8), 60 + 5.0 * np.arange(12)]), "5 s"),
    ],
)
def test_markers_that_follow_each_other_but_not_at_the_tr(times: np.ndarray, interval: str | None) -> None:
    train = find_trains(times, TR).longest()
    assert train is not None
    found = interval_problem(times, train, TR, "a.vhdr")
    assert found == (
        None
        if interval is None
        else Problem(
            "the interval of the volume markers is not the TR",
            "a.vhdr",
            interval,
            "TR 2 s",
            "check the TR in sidecar and header; if this is no volume marker, name another with 'marker', or the "
            "first one with 'first_marker: {name: ..., repeats: first}', or give 'first_volume_s'",
        )
    )


def test_five_markers_are_named() -> None:
    assert listed(np.array([1, 3]), GRID) == "index 1 at 5.000 s, index 3 at 9.000 s"
    told = listed(np.arange(7), GRID)
    assert told.count("index") == 5
    assert told.endswith("2 more")


def test_a_reading_ends_with_its_last_marker() -> None:
    assert Reading(Train(GRID[:3], np.array([0, 1, 4])), 2).last == 6


@pytest.mark.parametrize(("lost", "more"), [(10, GRID[11] + 0.8), (1, GRID[0] - 0.8)])
def test_a_second_marker_of_the_first_or_last_volume_is_none_of_its_neighbour(lost: int, more: float) -> None:
    found, _ = numbered(np.sort(np.append(np.delete(GRID, lost), more)))
    assert (found.extra.tolist(), found.late, found.lost, found.outside) == ([more], {}, [lost], 0)


def test_half_an_interval_from_the_first_or_last_volume_is_within() -> None:
    reading = Reading(Train(GRID[:2], np.array([0, 1])), 0)
    found = number_markers(np.array([2.0, 3.0, 5.0, 6.0]), reading, 2, TR)
    assert (found.first, found.last, found.extra.tolist(), found.outside) == (0, 1, [2.0, 6.0], 0)


def test_the_line_is_drawn_again_through_three_sound_markers() -> None:
    """Of four the last is half a second late: the line is that of the first three, whose middle one is 30 ms late."""
    times = np.array([3.0, 5.03, 7.0, 9.5])
    found = number_markers(times, Reading(Train(times, np.arange(4)), 0), 4, TR)
    assert (found.interval, found.start) == pytest.approx((2.0, 3.01))
    assert found.late == {3: 9.5}


def test_the_interval_is_that_of_volumes_where_every_second_marker_is_lost() -> None:
    found, _ = numbered(GRID[::2])
    assert (found.interval, found.start) == pytest.approx((2.0, 3.0))
    assert found.lost == [1, 3, 5, 7, 9]
