import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.recommended.recordings import MOST_GROUPS, gather

INSIDE = np.arange(4)


def gathered(pairs, subjects=None):
    return gather([pairs], subjects or {}, INSIDE, 2.2, 256.0)


def test_recordings_of_a_subject_are_left_out_together(planted):
    found, left_out = gathered(planted([1, 2, 3]), {1: "A", 2: "A", 3: "B"})
    assert (left_out, found.groups) == ("subjects", ["A", "B"])
    assert len(found.of("A")) == 2


def test_the_rows_give_the_windows_back(planted):
    pairs = planted([1])
    found, _ = gathered(planted([1, 2]))
    run = found.runs[0]
    windows = np.lib.stride_tricks.sliding_window_view(run.rows, 9, axis=0)
    np.testing.assert_array_equal(windows[7], pairs[7].x.numpy())
    np.testing.assert_array_equal(found.volumes(run)[7], pairs[7].y.numpy().ravel()[:4])


def test_one_subject_is_left_out_by_recordings_and_one_recording_by_blocks(planted):
    found, left_out = gathered(planted([1, 2]), {1: "A", 2: "A"})
    assert (left_out, found.groups) == ("recordings", ["1", "2"])
    found, left_out = gathered(planted([1], n_volumes=150))
    assert left_out == "blocks of time"
    assert len(found.groups) == 4


@pytest.mark.parametrize("n_volumes", [150, 60, 40, 25, 14])
def test_no_window_of_a_block_reaches_into_another(planted, n_volumes):
    found, _ = gathered(planted([1], n_volumes=n_volumes))
    for one, other in zip(found.runs, found.runs[1:], strict=False):
        assert one.pairs[-1] < other.pairs[0]
        if n_volumes >= 40:
            assert other.pairs[0] - one.pairs[-1] > 9


def test_too_short_and_nothing_are_errors(planted):
    with pytest.raises(InputError, match="too short"):
        gathered(planted([1], n_volumes=11))
    with pytest.raises(InputError, match="no recording"):
        gathered(planted([]))


def test_many_subjects_share_groups(planted):
    found, left_out = gathered(planted(range(30), n_volumes=12))
    assert left_out == "subjects"
    assert len(found.groups) == MOST_GROUPS


def test_a_gap_ends_a_run(planted):
    pairs = planted([1, 2])
    del pairs.items[20]
    found, _ = gathered(pairs)
    assert [len(run.pairs) for run in found.runs] == [20, 60, 81]
    assert found.groups == ["1", "2"]
