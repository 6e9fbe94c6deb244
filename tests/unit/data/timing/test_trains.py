"""Markers sorted into trains: which marker belongs to which, to the tenth of an interval."""

from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.data.timing.trains import Train, Trains, find_trains, marker_interval

TR = 2.0


def train(*numbers: int, start: float = 3.0) -> Train:
    return Train(start + TR * np.array(numbers, float), np.array(numbers))


def chains(*times: float, tr: float = TR) -> list[list[float]]:
    return [chain.times.tolist() for chain in find_trains(np.array(times), tr).chains]


def test_what_a_train_lost() -> None:
    whole = train(0, 1, 2, 5, 6, 17, 29)
    assert (whole.extent, whole.lost) == (30, 23)
    assert whole.pieces() == [(0, 2), (3, 4), (5, 5), (6, 6)]
    later = whole.part(3, 5)
    assert later.times.tolist() == [13, 15, 37]
    assert later.numbers.tolist() == [0, 1, 12]
    assert (later.extent, later.lost) == (13, 10)
    # ten lost one after another are within a train, eleven end it
    assert [each.times.tolist() for each in whole.broken()] == [[3, 5, 7, 13, 15, 37], [61]]
    assert [each.numbers[0] for each in whole.broken()] == [0, 0]
    assert train(4).pieces() == [(0, 0)]
    assert train(0, 2, 3).pieces() == [(0, 0), (1, 2)]


def test_the_line_through_markers() -> None:
    assert train(0, 1, 3).line() == pytest.approx((2.0, 3.0))
    assert train(2, 3, 5).expected(0) == pytest.approx(3.0)
    assert (train(0, 1, 3).expected(4), train(0, 1).expected(-2)) == pytest.approx((11.0, -1.0))
    with pytest.raises(ValueError, match=r"^one marker has no interval$"):
        train(0).expected(1)


def test_the_interval_is_the_mean_of_those_that_are_about_the_tr() -> None:
    assert marker_interval(np.array([0, 2.1, 4.0, 7.0, 7.5]), TR) == pytest.approx(2.0)
    assert marker_interval(np.array([0, 2.12]), TR) == pytest.approx(2.12)
    assert marker_interval(np.array([0, 2.3, 4.0]), TR) == TR
    assert marker_interval(np.array([0, 1.79]), TR) == TR


@pytest.mark.parametrize(("off", "fits"), [(0.29, True), (0.31, False), (-0.29, True), (-0.31, False)])
def test_a_marker_is_expected_to_a_share_of_the_interval(off: float, fits: bool) -> None:
    grid = (TR * np.arange(6)).tolist()
    assert len(chains(*grid, 12 + off)) == (1 if fits else 2)


def test_a_marker_is_expected_by_the_five_before_it_not_by_the_last_alone() -> None:
    late = [*(TR * np.arange(19)).tolist(), 38.25]
    assert len(chains(*late, 40.29)) == 1
    # as far from where the five let it be expected as it must not be, though near the last one
    assert chains(*late, 40.36) == [late, [40.36]]
    assert len(chains(0, 2.25, 3.8)) == 1


def test_doubled_markers_are_told_from_trains() -> None:
    found = find_trains(np.array([3, 5, 5.1, 7, 7.1, 9]), TR)
    assert [chain.numbers.tolist() for chain in found.chains] == [[0, 1, 2, 3]]
    assert found.doubled.tolist() == [5.1, 7.1]


def test_lost_markers_are_counted() -> None:
    found = find_trains(np.array([3, 5, 11, 13, 33]), TR)
    assert [chain.numbers.tolist() for chain in found.chains] == [[0, 1, 4, 5, 15]]
    assert found.doubled.size == 0


def test_trains_that_overlap_are_two() -> None:
    assert chains(0, 0.8, 2, 2.8, 4, 4.8) == [[0, 2, 4], [0.8, 2.8, 4.8]]


def test_a_marker_that_fits_two_trains_belongs_to_the_longer_one_that_is_not_long_over() -> None:
    first = [0.0, 2.0, 4.0, 6.0, 8.0]
    assert chains(*first, 24.4, 26.4, 30.2) == [[*first, 30.2], [24.4, 26.4]]
    assert chains(*first, 26.4, 28.4, 32.2) == [first, [26.4, 28.4, 32.2]]
    # of equals the one that came last
    assert chains(0, 0.5, 2.25) == [[0], [0.5, 2.25]]
    assert chains(0, 2.0, 4.4, 6.4, 8.2) == [[0, 2.0], [4.4, 6.4, 8.2]]


def test_the_longest_train_is_the_first_of_equals() -> None:
    found = Trains([train(0, 1, 2, 30, 31, 32), train(0, 1, start=0.8)], np.array([]))
    assert [each.times[0] for each in found.trains()] == [0.8, 3.0, 63.0]
    longest = found.longest()
    assert longest is not None
    assert longest.times.tolist() == [3, 5, 7]
    assert Trains([], np.array([])).longest() is None
