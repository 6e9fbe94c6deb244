import numpy as np
import pytest
from benchmarks.null_study import rate_below, study
from sklearn.linear_model import LogisticRegression

from eeg2fmri.classify.methods.baselines import GramScores, available, baseline
from eeg2fmri.classify.scores.confounds import confound_notes
from eeg2fmri.classify.scores.verdict import verdict


def test_a_linear_classifier_of_the_scores_is_that_of_the_features():
    rng = np.random.default_rng(0)
    x, y, other = rng.standard_normal((20, 60)), np.resize([0, 1], 20), rng.standard_normal((5, 60))
    x -= x.mean(axis=0)
    direct = LogisticRegression(C=0.3, tol=1e-10, max_iter=5000).fit(x, y)
    scores = GramScores().fit(x)
    through = LogisticRegression(C=0.3, tol=1e-10, max_iter=5000).fit(scores.transform(x), y)
    np.testing.assert_allclose(through.predict_proba(scores.transform(other)), direct.predict_proba(other), atol=1e-5)


@pytest.mark.parametrize("name", ["band power", "spectrogram", "covariance"])
def test_baselines_find_a_strong_difference(make_data, name):
    if not available(name):
        pytest.skip("pyriemann is not installed")
    feature = {"band power": "band power", "spectrogram": "windows", "covariance": "covariance"}[name]
    train, test = (make_data(effect=3.0, own=0.2, seed=s) for s in (0, 1))
    made = baseline(name, 1.0, 0).fit(train.features[feature], train.labels)
    assert made.score(test.features[feature], test.labels) > 0.9


def scores(auc, p=0.01):
    return {"subject": {"auc": {"value": auc, "low": auc - 0.1, "high": auc + 0.1}}, "permutation": {"p_auc": p}}


def gap(value, low, high):
    return {"value": value, "low": low, "high": high}


def test_the_verdict_follows_the_differences_with_the_strongest_baseline():
    methods = {
        "view": scores(0.9),
        "band power": scores(0.7),
        "spectrogram": scores(0.6),
        "untrained view": scores(0.8),
    }
    beat = {"band power": gap(0.2, 0.1, 0.3), "spectrogram": gap(0.3, 0.2, 0.4), "untrained view": gap(0.1, -0.1, 0.3)}
    text = verdict(methods, beat)
    assert "told the classes apart" in text
    assert "it beat the strongest classifier of the EEG itself (band power)" in text
    assert "did not beat a view from an untrained synthesiser" in text
    assert text.endswith(".")
    worse = verdict(methods, beat | {"band power": gap(-0.2, -0.3, -0.1)})
    assert "it was worse than" in worse
    chance = verdict(methods | {"view": scores(0.9, 0.3)}, beat)
    assert "not above chance" in chance
    assert "it beat" not in chance


@pytest.mark.parametrize("refits", [5, 18])
def test_too_few_refits_decide_nothing_and_the_verdict_says_how_many_would(refits):
    few = scores(0.9, 1 / (refits + 1))
    few["permutation"]["refits"] = refits
    text = verdict({"view": few}, {})
    assert f"with {refits} refits p cannot be below 1/{refits + 1}" in text
    assert "give 19 or more (--refits 19)" in text
    assert "above chance cannot be told" in text
    few["permutation"]["refits"] = 19
    assert "not above chance" in verdict({"view": few}, {})


def test_columns_that_differ_between_the_classes_are_named():
    rows = {
        f"s{k}": {
            "participant_id": f"sub-s{k}",
            "group": "pa"[k % 2],
            "site": "XY"[k % 2],
            "age": str(50 + k // 2),
            "sex": "FM"[k // 6],
        }
        for k in range(12)
    }
    notes = confound_notes(rows, {s: r["group"] for s, r in rows.items()}, "group")
    assert len(notes) == 1
    assert notes[0].startswith("'site' differs")


def test_the_rate_of_found_nothing_holds_and_an_effect_is_found(recommended, make_data):
    """200 null data sets, each with the test that trains again, of the view of a recommended synthesiser."""
    from eeg2fmri.classify.config import ClassifyConfig
    from eeg2fmri.classify.methods.choice import make_methods

    view = {"strengths": [0.01]}
    config = ClassifyConfig.make({"methods": ["view"], "refits": 19, "refit_folds": 2, "view": view})
    methods = make_methods(config, recommended, None)
    null = study((make_data(8, 2, seed=k) for k in range(200)), methods, config)
    rate = rate_below(null["view"])
    assert rate.low <= 0.05 <= rate.high, rate
    found = study((make_data(12, 4, effect=2.0, own=0.3, seed=k) for k in range(5)), methods, config)
    assert rate_below(found["view"]).found >= 4


def test_the_view_finds_an_effect_by_the_test_that_trains_again(synthesizer, make_data):
    from eeg2fmri.classify.config import ClassifyConfig
    from eeg2fmri.classify.methods.choice import make_methods

    training = {"epochs": 10, "pairs": 24, "batch_size": 24, "learning_rate": 0.01}
    view = {"penalty_factors": [1e-4], "training": training}
    config = ClassifyConfig.make({"methods": ["view"], "refits": 19, "refit_folds": 2, "view": view})
    methods = make_methods(config, synthesizer, None)
    (p,) = study([make_data(12, 4, effect=4.0, own=0.1)], methods, config)["view"]
    assert p == 0.05


def test_the_interval_of_a_rate_is_the_exact_one():
    rate = rate_below([0.01] * 5 + [0.5] * 95)
    assert (rate.found, rate.tests) == (5, 100)
    # Clopper and Pearson for 5 of 100
    assert rate.low == pytest.approx(0.01643, abs=1e-4)
    assert rate.high == pytest.approx(0.11283, abs=1e-4)
