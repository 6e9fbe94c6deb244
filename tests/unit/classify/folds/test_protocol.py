"""No way from a test subject into its own prediction."""

from dataclasses import replace

import numpy as np
import pytest

from eeg2fmri.classify.config import ClassifyConfig
from eeg2fmri.classify.folds.make import make_folds, subject_labels
from eeg2fmri.classify.folds.protocol import permute_subjects, refit_p, run_fold, run_folds
from eeg2fmri.classify.methods.choice import make_methods
from eeg2fmri.classify.scores.counts import count, scores
from eeg2fmri.classify.scores.votes import vote

SETTINGS = {
    "methods": ["view", "band power", "spectrogram", "majority"],
    "view": {
        "penalty_factors": [1e-4, 1e-2],
        "choose_epochs": True,
        "training": {"epochs": 2, "pairs": 8, "batch_size": 8, "learning_rate": 0.01},
    },
}


@pytest.fixture(scope="module")
def methods(synthesizer, recommended):
    """Every kind of method: trained on pairs, frozen behind either synthesiser, and of the EEG itself."""
    frozen = ClassifyConfig.make({"methods": ["view"], "view": {"encoder": "frozen"}})
    return [
        *make_methods(ClassifyConfig.make(SETTINGS), synthesizer, None),
        replace(make_methods(frozen, synthesizer, None)[0], name="frozen view"),
        replace(make_methods(frozen, recommended, None)[0], name="recommended view"),
    ]


def folds_of(data, kind=3):
    return make_folds(subject_labels(data.subjects.tolist(), data.labels.tolist()), kind, 0)


def test_labels_of_test_subjects_cannot_matter(methods, make_data):
    data = make_data(n_subjects=8, windows=3)
    fold = folds_of(data, 2)[0]
    test = data.of(fold.test)
    labels = data.labels.copy()
    labels[test] = 1 - labels[test]
    for method in methods:  # the view chooses epochs and penalties in inner folds here
        true, false = (run_fold(d, fold, method, 2, 5) for d in (data, replace(data, labels=labels)))
        assert (true.probability == false.probability).all(), method.name
        assert true.setting == false.setting


def test_windows_of_one_test_subject_do_not_matter_to_the_others(methods, make_data):
    data = make_data(n_subjects=8, windows=3)
    fold = folds_of(data, 2)[0]
    inside = np.isin(data.subjects[data.of(fold.test)], fold.test[1:])
    changed = {name: value.copy() for name, value in data.features.items()}
    for value in changed.values():
        value[data.of(fold.test[:1])] = 7.0
    for method in methods:
        a, b = (run_fold(d, fold, method, 2, 5) for d in (data, replace(data, features=changed)))
        np.testing.assert_allclose(a.probability[inside], b.probability[inside], atol=1e-6, err_msg=method.name)


def test_who_somebody_is_does_not_tell_the_class(synthesizer, make_data):
    """Windows that give away the subject, but not the class: whoever saw the test subject would be right."""
    aucs = []
    method = make_methods(ClassifyConfig.make({"methods": ["spectrogram"]}), synthesizer, None)
    for seed in range(20):
        data = make_data(n_subjects=12, windows=4, own=20.0, seed=seed)
        p = run_folds(data, folds_of(data, 3), method, 0, 0)["spectrogram"]
        votes = vote(data.subjects, data.labels, p)
        aucs.append(scores(count(*votes), np.ones((1, 12)))["auc"][0])
    assert abs(np.mean(aucs) - 0.5) < 0.15
    # shuffling windows across subjects, which no function here does, is right nearly always
    leaked = method[0].final(data, np.arange(0, 48, 2), np.arange(1, 48, 2), (("strength", 1.0),), 0)[0]
    assert (leaked.argmax(axis=1) == data.labels[1::2]).mean() > 0.95


def test_settings_are_chosen_by_inner_folds_and_said(methods, make_data):
    data = make_data(n_subjects=8, windows=3)
    made = run_fold(data, folds_of(data, 2)[0], methods[0], 2, 0)
    assert len(made.losses) == 4  # two penalties, two numbers of epochs
    chosen = ", ".join(f"{k} {v:g}" for k, v in made.setting.items())
    assert made.losses[chosen] == min(made.losses.values())
    assert run_fold(data, folds_of(data, 2)[0], methods[0], 0, 0).losses == {}


def test_permuted_subjects_keep_their_windows_and_the_sizes_of_classes(make_data):
    data = make_data(n_subjects=9, windows=3)
    dealt = permute_subjects(data, np.random.default_rng(1))
    before, after = (subject_labels(d.subjects.tolist(), d.labels.tolist()) for d in (data, dealt))
    assert sorted(before.values()) == sorted(after.values())
    assert before != after


def test_the_p_value_counts_ties():
    assert refit_p([0.7, 0.7, 0.5, 0.9]) == 0.75
    assert refit_p([0.9, *[0.5] * 19]) == 0.05
