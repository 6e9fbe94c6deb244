from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.settings.first_volume import ClockConfig
from eeg2fmri.data.timing.choose_marker import find_marker, has_volume_marker
from eeg2fmri.data.timing.pauses import Span
from eeg2fmri.data.timing.volume_onsets import Alignment, Volumes, volume_onsets

TR = 2.0
REGULAR = 3.0 + np.arange(20) * TR


def align(
    times: np.ndarray, n_volumes: int | None = 20, name: str = "Response/R128", where: str = "", **clock: object
) -> Alignment:
    markers = {"Stimulus/S  1": np.array([1.0, 9.5]), name: times}
    return volume_onsets(markers, Volumes(n_volumes, TR), 250, ClockConfig.make(clock), where=where)


def problem(times: np.ndarray, n_volumes: int = 20) -> str:
    with pytest.raises(InputError) as caught:
        align(times, n_volumes, where="sub-01_eeg.vhdr")
    assert "sub-01_eeg.vhdr, marker 'Response/R128'" in str(caught.value)
    return str(caught.value)


def test_regular_markers_are_the_onsets() -> None:
    found = align(REGULAR)
    np.testing.assert_array_equal(found.onsets, REGULAR)
    assert found.marker == "Response/R128"
    assert found.jitter_s == pytest.approx(0, abs=1e-12)
    assert found.drift_ppm == pytest.approx(0, abs=1e-6)
    assert found.notes == ()


def test_rounding_to_samples_is_neither_drift_nor_a_fault() -> None:
    found = volume_onsets({"R128": np.round(3 + np.arange(20) * 2.1633, 2)}, Volumes(20, 2.1633), 100)
    assert 0 < found.jitter_s < 0.005
    assert found.notes == ()


def test_missing_markers_are_named_with_index_and_time() -> None:
    text = problem(np.delete(REGULAR, [7, 8]))
    assert "2 volume markers are missing" in text
    assert "gaps after index 6 at 15.000 s" in text
    assert "fewer" not in text  # said once


def test_doubled_markers_are_named_with_index_and_time() -> None:
    text = problem(np.sort(np.append(REGULAR, REGULAR[4] + 0.05)))
    assert "doubled" in text
    assert "index 5 at 11.050 s" in text
    assert "more volume markers" not in text


def test_every_marker_doubled_is_not_taken_for_another_interval() -> None:
    text = problem(np.sort(np.concatenate([REGULAR, REGULAR + 0.05])))
    assert "doubled" in text
    assert "and 15 more" in text


@pytest.mark.parametrize("marker", [None, "R128"])
def test_the_end_of_a_pulse_that_is_marked_as_its_beginning_is_no_volume(marker: str | None) -> None:
    both = np.sort(np.concatenate([REGULAR, REGULAR + 0.012]))
    found = volume_onsets({"Response/R128": both}, Volumes(20, TR), 250.0, ClockConfig(marker=marker))
    np.testing.assert_array_equal(found.onsets, REGULAR)
    assert found.notes == ("'Response/R128' comes again 12 ms after each marker: the first of the two was taken",)


def test_slices_that_are_marked_twice_are_slices() -> None:
    slices = (REGULAR[:, None] + 0.05 * np.arange(30)).ravel()
    np.testing.assert_allclose(align(slices).onsets, REGULAR)
    twice = np.sort(np.concatenate([slices, slices + 0.005]))
    np.testing.assert_allclose(align(twice).onsets, REGULAR)


def test_several_faults_are_told_together() -> None:
    text = problem(np.sort(np.append(np.delete(REGULAR, 12), 3.2)))
    assert text.startswith("2 problems")
    assert "doubled" in text
    assert "missing" in text


@pytest.mark.parametrize(
    ("n_volumes", "what", "ways"),
    [
        (21, "fewer volume markers than volumes", {"volumes_before": (0, 1)}),
        (17, "more volume markers than volumes", {"dummies": (0, 3)}),
    ],
)
def test_another_number_than_volumes_lists_what_to_write(n_volumes: int, what: str, ways: dict[str, Any]) -> None:
    text = problem(REGULAR, n_volumes)
    assert what in text
    assert "20 markers from 3.000 s to 41.000 s" in text
    assert f"{n_volumes} volumes" in text
    ((name, counts),) = ways.items()
    for count in counts:
        assert f"'{name}: {count}'" in text
        found = align(REGULAR, n_volumes, triggers="repair", **{name: count})
        assert f"volume 0 at {found.onsets[0]:.3f} s" in text
        assert found.onsets[0] == pytest.approx(REGULAR[count] if name == "dummies" else 3 - count * TR)


def test_a_late_marker_is_named() -> None:
    late = REGULAR.copy()
    late[6] += 0.3
    assert "early or late" in problem(late)
    assert "index 6 at 15.300 s by +300 ms" in problem(late)


def test_jitter_below_a_tenth_of_the_tr_is_measured_not_refused() -> None:
    noisy = REGULAR + 0.01 * generator(0, "jitter").standard_normal(20)
    assert 0.005 < align(noisy).jitter_s < 0.015


def test_drift_is_followed_and_reported() -> None:
    found = align(3.0 + np.arange(20) * TR * (1 + 1e-3))
    assert found.drift_ppm == pytest.approx(1000, rel=1e-3)
    assert "drift by 1000 ppm, 38 ms over the run" in found.notes[0]
    assert found.onsets[-1] == pytest.approx(3 + 38.038)


def test_a_mean_interval_that_is_not_the_tr() -> None:
    assert "mean interval of the volume markers is not the TR" in problem(3.0 + np.arange(20) * TR * 1.02)


def test_a_marker_for_each_slice() -> None:
    found = align(3.0 + np.arange(600) * TR / 30)
    np.testing.assert_allclose(found.onsets, REGULAR)
    assert "comes 30 times in a TR" in found.notes[0]
    with pytest.raises(InputError, match=r"comes with every slice(.|\n)*'first_marker: ") as caught:
        align(3.0 + np.delete(np.arange(600), 77) * TR / 30)
    assert "599 markers, 30 in a TR" in str(caught.value)


def test_slices_in_a_bunch_say_where_a_volume_begins() -> None:
    times = (REGULAR[:, None] + np.arange(12) * 0.1).ravel()
    np.testing.assert_allclose(align(times).onsets, REGULAR)
    np.testing.assert_allclose(align(times[5:], volumes_before=1, triggers="trim").onsets, REGULAR[1:])


def test_no_markers_tell_what_there_is() -> None:
    with pytest.raises(InputError, match=r"no volume markers(.|\n)*'S 1' \(2\)(.|\n)*first_volume_s"):
        volume_onsets({"S 1": np.array([1.0, 9.5])}, Volumes(20, TR), 250)
    with pytest.raises(InputError, match="no markers at all"):
        volume_onsets({}, Volumes(20, TR), 250)


def test_the_users_time_of_the_first_volume() -> None:
    found = volume_onsets({}, Volumes(4, TR), 250, ClockConfig(first_volume_s=1.25))
    np.testing.assert_allclose(found.onsets, [1.25, 3.25, 5.25, 7.25])
    assert found.marker is None
    assert align(REGULAR, first_volume_s=0.5).onsets[0] == 0.5


@pytest.mark.parametrize("name", ["R128", "Response/R128", "Response/R 128", "r128", "T  1", "Comment/Scan Start"])
def test_known_markers_are_found(name: str) -> None:
    assert align(REGULAR, name=name).marker == name


def test_an_unknown_marker_is_found_by_its_regularity() -> None:
    assert align(REGULAR, name="Toggle/X").marker == "Toggle/X"


def test_a_known_marker_that_is_not_regular_gives_way_to_a_regular_one() -> None:
    markers = {"R128": np.array([1.0, 1.1, 5.0]), "V": REGULAR}
    assert find_marker(markers, TR, None).name == "V"
    assert find_marker({"R128": REGULAR, "V": REGULAR}, TR, None).name == "R128"


def test_two_regular_unknown_markers_need_the_users_word() -> None:
    markers = {"A": REGULAR, "B": REGULAR + 0.5}
    with pytest.raises(
        InputError, match=r"several markers(.|\n)*'A' \(20(.|\n)*'B' \(20(.|\n)*'marker: A', 'marker: B'"
    ):
        find_marker(markers, TR, None)
    assert find_marker(markers, TR, "b").name == "B"


def test_a_named_marker_that_does_not_occur() -> None:
    with pytest.raises(InputError, match=r"does not occur(.|\n)*'Response/R128' \(20\)(.|\n)*'S 99'"):
        align(REGULAR, marker="S 99")


def test_an_interval_that_is_not_the_tr() -> None:
    assert "interval of the volume markers is not the TR" in problem(3.0 + np.arange(20) * 1.3)


def test_without_bold_every_marker_is_a_volume() -> None:
    assert len(align(REGULAR, None).onsets) == 20
    assert align(REGULAR[:1], None).onsets.tolist() == [3.0]


def test_whether_there_is_a_volume_marker() -> None:
    assert has_volume_marker({"X": REGULAR}, TR)
    assert has_volume_marker({"R128": np.array([1.0])}, TR)
    assert not has_volume_marker({"X": np.array([1.0, 9.0, 10.0])}, TR)


@pytest.mark.parametrize(
    ("lone", "ways"), [(0, ("volumes_before: 0", "dummies: 4")), (-1, ("volumes_before: 0", "volumes_before: 4"))]
)
def test_a_marker_that_stands_alone_does_not_make_up_the_number(lone: int, ways: tuple[str, str]) -> None:
    """Sixteen volumes in a row, three lost, and one more: the scan, or a stray marker beside a scan that lost four."""
    times = np.delete(REGULAR, [1, 2, 3] if lone == 0 else [16, 17, 18])
    text = problem(times)
    assert "cannot be told" in text
    for way in ways:
        assert f"'{way}'" in text
        name, count = way.split(": ")
        found = align(times, triggers="repair", **{name: int(count)})
        assert f"volume 0 at {found.onsets[0] - TR * found.first:.3f} s" in text


SECOND = np.concatenate([np.delete(REGULAR, 7), REGULAR[-1] + 30.3 + TR * np.arange(len(REGULAR))])


@pytest.mark.parametrize("said", [{}, {"count_from": "first"}, {"dummies": 0}, {"triggers": "trim"}])
def test_a_scan_that_lost_a_marker_beside_one_that_is_whole(said: dict[str, Any]) -> None:
    """The whole one fits; but it may be of another scan in the same EEG."""
    with pytest.raises(InputError, match=r"cannot be told(.|\n)*'train: 2'(.|\n)*'train: 1'"):
        align(SECOND, **said)
    found = align(SECOND, triggers="repair", train=1)
    np.testing.assert_allclose(found.onsets, REGULAR, atol=1e-6)
    np.testing.assert_allclose(align(SECOND, train=2).onsets, SECOND[-len(REGULAR) :], atol=1e-6)


def test_what_is_said_of_the_first_marker_needs_its_train() -> None:
    """A localiser before the scan has a first marker too."""
    times = np.concatenate([REGULAR[0] - 40.7 + TR * np.arange(5), np.delete(REGULAR, [0, 1, 9])])
    with pytest.raises(InputError, match=r"cannot be told(.|\n)*'train: 1'(.|\n)*'train: 2'"):
        align(times, triggers="repair", volumes_before=2)
    found = align(times, triggers="repair", volumes_before=2, train=2)
    np.testing.assert_allclose(found.onsets, REGULAR, atol=1e-6)


def test_an_eeg_that_ended_early_may_have_lost_its_first_markers_too() -> None:
    times = REGULAR[3:-4]
    span = Span(float(times[-1]) + 0.4 * TR)
    with pytest.raises(InputError, match=r"cannot be told(.|\n)*'volumes_before: 7'(.|\n)*'volumes_before: 0'"):
        volume_onsets({"R128": times}, Volumes(20, TR), 250, ClockConfig(triggers="repair"), span)
    said = ClockConfig(triggers="repair", volumes_before=3)
    found = volume_onsets({"R128": times}, Volumes(20, TR), 250, said, span)
    np.testing.assert_allclose(found.onsets, REGULAR[: len(found.onsets)], atol=1e-6)
    assert (found.first, len(found.onsets)) == (0, 15)


@pytest.mark.parametrize("name", ["dummies", "volumes_before"])
@pytest.mark.parametrize("count", [20, 10**9, 10**30])
def test_counts_that_leave_no_marker_to_a_volume_are_refused(name: str, count: int) -> None:
    with pytest.raises(InputError, match=f"(?s)no volume marker would be one.*got: +{name}: {count}; train 1: 20 mark"):
        align(REGULAR, 20, "R128", **{name: count})


@pytest.mark.parametrize(("count", "counts"), [(2, False), (3, True)])
def test_from_three_markers_on_a_train_may_be_the_scan_that_is_meant(count: int, counts: bool) -> None:
    times = np.concatenate([REGULAR[0] - 40.7 + TR * np.arange(count), np.delete(REGULAR, [0, 1, 9])])
    if counts:
        with pytest.raises(InputError, match=r"cannot be told(.|\n)*'train: 1'(.|\n)*'train: 2'"):
            align(times, triggers="repair", volumes_before=2)
    else:
        found = align(times, triggers="repair", volumes_before=2)
        np.testing.assert_allclose(found.onsets, REGULAR, atol=1e-6)


def test_markers_a_hundredth_of_a_second_apart_are_no_twins_late_in_a_recording_either() -> None:
    late = 3000 + REGULAR
    with pytest.raises(InputError, match="several markers"):
        find_marker({"A": late, "B": late + 0.01}, TR, None)
    assert find_marker({"A": late, "B": late + 5e-7}, TR, None).name == "A"


@pytest.mark.parametrize("how", ["trim", "repair"])
def test_eeg_is_needed_where_slices_were_brought_to(how: str) -> None:
    """A volume that stands for the middle of its TR needs EEG for half a TR more."""
    markers, volumes = {"R128": REGULAR}, Volumes(20, TR, 1.0)
    for end, count in ((REGULAR[-1] + 3.0, 20), (REGULAR[-1] + 2.9, 19)):
        found = volume_onsets(markers, volumes, 250, ClockConfig.make({"triggers": how}), Span(float(end)))
        np.testing.assert_allclose(found.onsets, REGULAR[:count] + 1)


def test_what_comes_more_than_three_times_a_tr_gives_way_to_a_marker_of_volumes() -> None:
    slices = (REGULAR[:, None] + 0.4 * np.arange(5)).ravel()
    assert find_marker({"slice": slices, "V": REGULAR + 0.3}, TR, None, 20).name == "V"
    assert find_marker({"slice": slices, "V": np.array([1.0, 9.5])}, TR, None, 20).name == "slice"


@pytest.mark.parametrize(("said", "starts"), [({"volumes_before": 2}, ("-1", "26.7")), ({"dummies": 1}, ("5", "32.7"))])
def test_of_trains_of_two_markers_the_time_of_the_first_volume_is_what_to_write(
    said: dict[str, int], starts: tuple[str, str]
) -> None:
    with pytest.raises(InputError, match="cannot be told") as caught:
        align(np.array([3.0, 5.0, 30.7, 32.7]), triggers="repair", **said)
    assert all(f"'first_volume_s: {start}'" in str(caught.value) for start in starts)


def test_a_named_marker_without_times_never_occurs() -> None:
    with pytest.raises(InputError, match="the volume marker never occurs"):
        align(np.array([]), marker="R128", where="a.vhdr")
