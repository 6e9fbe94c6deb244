"""What two parts share, told from ids alone, to the very volume."""

from itertools import permutations

import pytest

from eeg2fmri.data.splits.shared import shared_between_parts


def parts(train: str, test: str) -> dict[str, list[str]]:
    return {"train": [f"sub-01_volumes-{train}"], "validation": [], "test": [f"sub-01_volumes-{test}"]}


@pytest.mark.parametrize("order", list(permutations(["0to9", "20to29"])))
@pytest.mark.parametrize(("gap", "leaks"), [(0, False), (9, False), (10, False), (11, True), (12, True)])
def test_the_gap_between_blocks_is_counted_to_the_volume(order: tuple[str, str], gap: int, leaks: bool) -> None:
    found = shared_between_parts(parts(*order), "within-recording", gap)
    assert bool(found) == leaks
    if leaks:
        assert "10 between" in found[0].got
        assert found[0].expected == f"at least {gap} volumes between them"


@pytest.mark.parametrize(("test", "overlap"), [("10to19", 0), ("9to19", 1), ("3to5", 3), ("5to30", 5)])
def test_blocks_that_overlap_are_told_by_how_much(test: str, overlap: int) -> None:
    found = shared_between_parts(parts("0to9", test), "within-recording", 0)
    assert bool(found) == (overlap > 0)
    if overlap == 1:
        assert "1 volumes in both" in found[0].got


def test_blocks_of_one_part_may_touch() -> None:
    within = {"train": ["sub-01_volumes-0to9", "sub-01_volumes-10to19"], "validation": [], "test": []}
    assert not shared_between_parts(within, "within-recording", 10)
    twice = {"train": ["sub-01_volumes-0to9"] * 2, "validation": [], "test": []}
    assert "twice" in shared_between_parts(twice, "within-recording", 0)[0].what


def test_sessions_and_subjects_are_kept_apart_as_the_protocol_says() -> None:
    a, b = "sub-01_ses-a_task-rest", "sub-01_ses-b_task-rest"
    divided = {"train": [a], "validation": [], "test": [b]}
    assert not shared_between_parts(divided, "across-sessions", 0)
    assert [one.where for one in shared_between_parts(divided, "fixed-subjects", 0)] == ["subject"]
    again = {"train": [a], "validation": [], "test": [f"{a}_run-2"]}
    assert [one.where for one in shared_between_parts(again, "across-sessions", 0)] == ["session"]
    validated = {"train": ["sub-02_ses-a"], "validation": [a], "test": [f"{a}_run-2"]}
    assert [one.where for one in shared_between_parts(validated, "across-sessions", 0)] == ["session"]
    last_minutes = {"train": [f"{a}_volumes-0to9"], "validation": [f"{a}_volumes-20to29"], "test": [b]}
    assert not shared_between_parts(last_minutes, "across-sessions", 10)
