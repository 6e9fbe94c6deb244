"""Subjects dealt out to parts and folds: over all folds everyone tests once, and everyone validates as often."""

from collections import Counter

import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.splits.by_subject import divide, fold_parts, n_folds
from eeg2fmri.data.splits.config import SplitConfig

UNITS = [f"sub-{k:02}" for k in range(1, 11)]


def all_folds(**settings: object) -> list[dict[str, set[str]]]:
    count = n_folds(UNITS, SplitConfig.make(settings), "store")
    return [fold_parts(UNITS, SplitConfig.make({**settings, "fold": fold}), "store") for fold in range(1, count + 1)]


@pytest.mark.parametrize(("folds", "validation"), [(5, 2), (10, 2), ("leave-one-out", 1), (5, 4)])
def test_over_all_folds_everyone_tests_once_and_validates_equally_often(folds: int | str, validation: int) -> None:
    made = all_folds(folds=folds, validation=validation, seed=3)
    assert Counter(unit for fold in made for unit in fold["test"]) == Counter(UNITS)
    often = Counter(unit for fold in made for unit in fold["validation"])
    assert set(often) == set(UNITS)
    assert len(set(often.values())) == 1
    for fold in made:
        assert len(fold["validation"]) == validation
        assert not fold["test"] & fold["validation"]
        assert fold["train"] == set(UNITS) - fold["test"] - fold["validation"]


def test_the_next_fold_validates() -> None:
    made = all_folds(folds=5, validation=2)
    for one, following in zip(made, [*made[1:], made[0]], strict=True):
        assert one["validation"] == following["test"]


def test_the_seed_deals_anew() -> None:
    assert all_folds(folds=5, seed=1) == all_folds(folds=5, seed=1)
    assert all_folds(folds=5, seed=1) != all_folds(folds=5, seed=2)


def test_the_last_sessions_test() -> None:
    config = SplitConfig(by="session")
    assert divide(["ses-1", "ses-2", "ses-3"], config, "store") == {
        "test": {"ses-3"}, "validation": {"ses-2"}, "train": {"ses-1"},
    }  # fmt: skip
    assert divide(["ses-1", "ses-2"], config, "store")["validation"] == set()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"folds": 11}, "fewer subjects than folds"),
        ({"folds": "leave-one-out", "fold": 11}, "no such fold"),
        ({"folds": 5, "fold": 1, "validation": 8}, "too few subjects"),
    ],
)
def test_what_cannot_be_divided_is_refused(settings: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        fold_parts(UNITS, SplitConfig.make(settings), "store")
    assert fold_parts(UNITS, SplitConfig.make({"folds": 5, "fold": 5, "validation": 7}), "store")["train"]
