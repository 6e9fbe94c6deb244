import pytest

from eeg2fmri.classify.folds.make import Fold, inner_folds, make_folds, subject_labels
from eeg2fmri.core.errors import InputError

LABELS = {f"s{k}": int(k >= 6) for k in range(11)}


@pytest.mark.parametrize(("kind", "n"), [("leave-one-out", 11), ("leave-one-per-class-out", 5), (3, 3)])
def test_every_subject_is_tested_once_and_never_trains_its_fold(kind, n):
    folds = make_folds(LABELS, kind, seed=2)
    assert len(folds) == n
    assert sorted(s for fold in folds for s in fold.test) == sorted(LABELS)
    for fold in folds:
        assert set(fold.train) | set(fold.test) == set(LABELS)
        assert not set(fold.train) & set(fold.test)


def test_folds_have_both_classes_and_sizes_that_differ_by_one():
    folds = make_folds(LABELS, 4, seed=0)
    sizes = [len(fold.test) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    assert all({LABELS[s] for s in fold.test} == {0, 1} for fold in folds)


def test_a_fold_with_a_subject_on_both_sides_cannot_be_made():
    with pytest.raises(InputError, match="both sides"):
        Fold(("a", "b"), ("b",))


def test_inner_folds_hold_training_subjects_alone():
    fold = make_folds(LABELS, 3, seed=0)[1]
    inner = inner_folds({s: LABELS[s] for s in fold.train}, 2, seed=5)
    assert {s for part in inner for s in (*part.train, *part.test)} == set(fold.train)


@pytest.mark.parametrize(
    ("labels", "folds", "match"),
    [
        ({"a": 0, "b": 0}, 2, "two classes"),
        ({"a": 0, "b": 0, "c": 1}, "leave-one-out", "two classes"),
        ({"a": 0, "b": 0, "c": 1, "d": 1}, 3, "more folds"),
    ],
)
def test_too_few_subjects_are_refused(labels, folds, match):
    with pytest.raises(InputError, match=match):
        make_folds(labels, folds, 0)


def test_a_subject_of_two_classes_is_refused():
    with pytest.raises(InputError, match="two classes"):
        subject_labels(["a", "a"], [0, 1])
