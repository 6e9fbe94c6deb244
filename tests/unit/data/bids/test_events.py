"""Events as regressors."""

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.events import KINDS, event_regressors, read_events

TIMES = np.arange(120) * 2.0 + 1.0


def _file(tmp_path, text):
    path = tmp_path / "sub-01_task-x_events.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_kinds_are_read_with_their_onsets_and_durations(tmp_path):
    file = _file(tmp_path, "onset\tduration\ttrial_type\n4\t1\tgo\n2\tn/a\tgo\nn/a\t1\tgo\n9.5\t0\tn/a\n")
    events = read_events(file)
    assert sorted(events) == ["event", "go"]
    np.testing.assert_array_equal(events["go"], [[2, 0], [4, 1]])


def test_a_table_without_kinds_has_one(tmp_path):
    assert list(read_events(_file(tmp_path, "onset\tduration\n3\t2\n"))) == ["event"]


@pytest.mark.parametrize("text", ["", "time\tduration\n1\t2\n", "onset\tduration\nsoon\t2\n"])
def test_a_table_without_onsets_is_refused(tmp_path, text):
    file = _file(tmp_path, text)
    if text:
        with pytest.raises(InputError, match="events"):
            read_events(file)
    else:
        assert read_events(file) == {}


def test_blocks_become_a_response_that_peaks_seconds_later():
    block = {"tap": np.array([[20.0 + 60 * k, 20.0] for k in range(4)])}
    found = event_regressors(block, TIMES)
    assert sorted(found) == ["task_tap_1", "task_tap_2", "task_tap_3"]
    course = found["task_tap_1"]
    inside = ((TIMES - 20) % 60 < 20) & (TIMES > 20)
    lagged = np.roll(inside, 2)  # 4 s
    assert np.corrcoef(course, lagged)[0, 1] > 0.9
    assert np.corrcoef(course, lagged)[0, 1] > np.corrcoef(course, inside)[0, 1] + 0.2


def test_what_goes_on_all_the_time_or_lies_elsewhere_says_nothing():
    events = {"run": np.array([[0.0, 240.0]]), "later": np.array([[900.0, 1.0]])}
    assert event_regressors(events, TIMES) == {}


def test_many_kinds_share_the_last_regressor():
    rng = np.random.default_rng(0)
    events = {f"s{k:02d}": np.array([[t, 1.0] for t in rng.uniform(0, 240, 12 - k % 3)]) for k in range(20)}
    kinds = {name.rsplit("_", 1)[0] for name in event_regressors(events, TIMES)}
    assert len(kinds) == KINDS
    assert "task_others" in kinds
