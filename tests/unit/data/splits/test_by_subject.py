"""Subjects dealt out to parts and folds: over all folds everyone tests once, and everyone validates as often."""

from collections import Counter

import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.splits.by_subject import divide, divide_two, fold_parts, n_folds
from eeg2fmri.data.splits.config import SplitConfig

UNITS = [f"sub-{k:02}" for k in range(1, 11)]
NAMES = [unit.removeprefix("sub-") for unit in UNITS]


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


def whole_error(call) -> str:
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (
            {"folds": 11},
            [
                "there are fewer subjects than folds",
                "STORE",
                "10 subjects",
                "at least 11",
                "take fewer folds, or leave-one-out",
            ],
        ),
        ({"folds": "leave-one-out", "fold": 11}, ["there is no such fold", "STORE", "11", "1 to 10"]),
        (
            {"folds": 5, "fold": 2, "validation": 8},
            [
                "there are too few subjects for training, validation and test in every fold",
                "STORE",
                "10 subjects, 2 of them in the test part of fold 2",
                "8 for validation and 1 for training beside them",
                "take more folds, ask for less validation, or add to the store",
            ],
        ),
        (
            {"folds": 5, "fold": 1, "train": 7},
            [
                "there are too few subjects for training, validation and test in every fold",
                "STORE",
                "10 subjects, 2 of them in the test part of fold 1",
                "2 for validation and 7 for training beside them",
                "take more folds, ask for less validation, or add to the store",
            ],
        ),
    ],
)
def test_the_error_of_a_fold_says_all(settings: dict[str, object], lines: list[str]) -> None:
    told = whole_error(lambda: fold_parts(UNITS, SplitConfig.make(settings), "STORE"))
    assert [line.split(":", 1)[-1].strip() for line in told.splitlines()] == lines


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (
            {"test": 6, "validation": 3, "train": 2},
            [
                "the parts of the split ask for more subjects than there are",
                "STORE",
                "10 subjects, 0 of them named",
                "6 more for test, 3 for validation, 2 for training",
                "ask for fewer subjects in each part, or add subjects to the store",
            ],
        ),
        (
            {"test": 7, "validation": 3},
            [
                "the parts of the split ask for more subjects than there are",
                "STORE",
                "10 subjects, 0 of them named",
                "7 more for test, 3 for validation, 1 for training",
                "ask for fewer subjects in each part, or add subjects to the store",
            ],
        ),
        (
            {"test": ["77"]},
            ["the test part names a subject that the store does not have", "STORE", "77", ", ".join(NAMES)],
        ),
        ({"test": []}, ["the test part is empty", "STORE", "at least one subject", "name subjects in 'test'"]),
        (
            {"test": ["01"], "validation": ["01"]},
            ["a subject is named twice", "STORE", "01", "each subject in one part", "name it once"],
        ),
    ],
)
def test_the_error_of_a_split_says_all(settings: dict[str, object], lines: list[str]) -> None:
    told = whole_error(lambda: divide(NAMES, SplitConfig.make(settings), "STORE"))
    assert [line.split(":", 1)[-1].strip() for line in told.splitlines()] == lines


@pytest.mark.parametrize(("many", "fifth"), [(12, 2), (13, 3), (27, 5), (28, 6), (5, 1)])
def test_a_fifth_of_the_subjects_tests_and_a_fifth_validates(many: int, fifth: int) -> None:
    units = [f"{k:02}" for k in range(many)]
    for made in (divide(units, SplitConfig(), "store"), fold_parts(units, SplitConfig(folds=many), "store")):
        assert len(made["validation"]) == fifth
    assert len(divide(units, SplitConfig(), "store")["test"]) == fifth


def test_one_fold_is_the_first_where_none_is_named() -> None:
    config = SplitConfig(folds=5)
    assert fold_parts(UNITS, config, "store") == fold_parts(UNITS, SplitConfig(folds=5, fold=1), "store")
    assert n_folds(UNITS, SplitConfig(), "store") == 1


def test_a_seed_means_the_same_subjects_in_every_version() -> None:
    assert divide(UNITS, SplitConfig(seed=0), "store")["test"] == {"sub-08", "sub-10"}


@pytest.mark.parametrize(
    ("settings", "validation", "train"), [({}, 2, 8), ({"validation": 3}, 3, 7), ({"validation": 3, "train": 4}, 3, 4)]
)
def test_people_of_other_data_sets_train_and_validate(settings: dict[str, object], validation: int, train: int) -> None:
    config = SplitConfig.make({"by": "data-set", "folds": "leave-one-out", "fold": 1, **settings})
    made = divide_two(UNITS, config, "store")
    assert {part: len(units) for part, units in made.items()} == {"validation": validation, "train": train}
    assert made["validation"] | made["train"] <= set(UNITS)
    assert not made["validation"] & made["train"]


def test_too_few_people_of_other_data_sets_in_words() -> None:
    config = SplitConfig.make({"by": "data-set", "folds": "leave-one-out", "fold": 1, "validation": 8, "train": 3})
    told = whole_error(lambda: divide_two(UNITS, config, "STORE"))
    assert [line.split(":", 1)[-1].strip() for line in told.splitlines()] == [
        "there are too few subjects for training and validation",
        "STORE",
        "10 outside the data set that is tested",
        "at least 11",
        "ask for less validation, or add stores",
    ]
