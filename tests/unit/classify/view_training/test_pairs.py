import numpy as np
import pytest

from eeg2fmri.classify.view_training.pairs import draw_pairs
from eeg2fmri.core.errors import InputError


def uneven():
    """One positive subject with many windows, five negative ones with few, and one of either with one."""
    labels = np.array([1] * 20 + [0] * 10 + [1])
    groups = np.array(["p0"] * 20 + [f"n{k // 2}" for k in range(10)] + ["p1"])
    return labels, groups


def test_half_of_the_pairs_have_one_label_and_classes_are_as_frequent():
    labels, groups = uneven()
    pairs = draw_pairs(labels, 400, np.random.default_rng(1), groups)
    assert pairs.same.sum() == 200
    assert ((labels[pairs.first] == labels[pairs.second]) == pairs.same).all()
    assert labels[pairs.first].mean() == labels[pairs.second].mean() == 0.5


def test_pairs_of_one_label_are_of_two_subjects():
    labels, groups = uneven()
    pairs = draw_pairs(labels, 400, np.random.default_rng(1), groups)
    assert (groups[pairs.first] != groups[pairs.second]).all()


def test_a_subject_with_few_windows_weighs_as_much_as_one_with_many():
    labels, groups = uneven()
    pairs = draw_pairs(labels, 4000, np.random.default_rng(1), groups)
    positive = groups[pairs.first][labels[pairs.first] == 1]
    assert abs((positive == "p1").mean() - 0.5) < 0.05


def test_the_same_generator_gives_the_same_pairs():
    labels, groups = uneven()
    one, other, third = (draw_pairs(labels, 30, np.random.default_rng(s), groups) for s in (3, 3, 4))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))
    assert not (one.first == third.first).all()


def test_one_class_has_no_pairs():
    with pytest.raises(InputError, match="both classes"):
        draw_pairs(np.ones(4, int), 8, np.random.default_rng(0))
