import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from eeg2fmri.classify import ClassifyConfig, EEGViewClassifier
from eeg2fmri.classify.methods.choice import make_methods
from eeg2fmri.classify.methods.frame import GroupFrame
from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.saving.hub import load
from eeg2fmri.predict.synthesizer import Synthesizer

QUICK = {"epochs": 2, "pairs": 16, "learning_rate": 0.01}

#: Checks of scikit-learn that the estimator is not expected to pass, and why. All others run on flat windows.
EXCEPTIONS: dict[str, str] = {}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [EEGViewClassifier(epochs=1, pairs=8, batch_size=8)], expected_failed_checks=lambda _: EXCEPTIONS
)
def test_scikit_learn(estimator, check):
    check(estimator)


def test_windows_have_four_axes_and_cross_validation_keeps_subjects_together(synthesizer, make_data):
    data = make_data(n_subjects=6, windows=3)
    x, y = data.features["windows"], np.array(data.classes)[data.labels]
    found = cross_validate(
        EEGViewClassifier(synthesizer, **QUICK),
        x,
        y,
        groups=data.subjects,
        cv=GroupKFold(3),
        params={"groups": data.subjects},
        return_estimator=True,
        error_score="raise",
    )
    assert len(found["test_score"]) == 3
    probability = found["estimator"][0].predict_proba(x)
    assert probability.shape == (18, 2)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    assert found["estimator"][0].classes_.tolist() == ["class0", "class1"]


def test_flat_windows_in_a_pipeline_are_the_same_windows(synthesizer, make_data):
    data = make_data(n_subjects=6, windows=3)
    x = data.features["windows"]
    flat = x.reshape(len(x), -1)
    whole = EEGViewClassifier(synthesizer, **QUICK).fit(x, data.labels).predict_proba(x)
    shaped = EEGViewClassifier(synthesizer, window_shape=x.shape[1:], **QUICK)
    assert (shaped.fit(flat, data.labels).predict_proba(flat) == whole).all()
    piped = make_pipeline(StandardScaler(), clone(shaped)).fit(flat, data.labels)
    assert piped.predict(flat).shape == (18,)


def test_three_classes_are_one_against_the_rest(synthesizer, make_data):
    data = make_data(n_subjects=9, windows=4, n_classes=3, effect=3.0, own=0.1)
    x = data.features["windows"]
    model = EEGViewClassifier(synthesizer, epochs=12, pairs=32, batch_size=16, learning_rate=0.01, penalty_factor=1e-4)
    model.fit(x, data.labels, groups=data.subjects)
    assert len(model.models_) == 3
    assert model.predict_proba(x).shape == (36, 3)
    assert model.decision_function(x).shape == (36, 3)
    assert model.score(x, data.labels) > 0.6
    assert model.view(x).shape == (3, 36, *synthesizer.config.volume_shape)


def test_a_clone_with_the_same_state_gives_the_same(synthesizer, make_data):
    data = make_data(n_subjects=6, windows=3)
    x = data.features["windows"]
    one = EEGViewClassifier(synthesizer, **QUICK, random_state=7)
    a, b = (clone(one).fit(x, data.labels).predict_proba(x) for _ in range(2))
    assert (a == b).all()


def test_errors_say_what_is_wrong(synthesizer, make_data, tmp_path):
    data = make_data(n_subjects=4, windows=2)
    x, y = data.features["windows"], data.labels
    with pytest.raises(ValueError, match="frequencies and times"):
        EEGViewClassifier(synthesizer).fit(x[..., :3], y)
    with pytest.raises(ValueError, match="one group for each"):
        EEGViewClassifier(synthesizer).fit(x, y, groups=[1])
    with pytest.raises(ValueError, match="four axes"):
        EEGViewClassifier(synthesizer).fit(x[..., 0], y)
    with pytest.raises(CheckpointError):
        EEGViewClassifier(tmp_path).fit(x, y)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_recommended_synthesiser_is_looked_at_as_in_a_classification(recommended, make_data, n_classes):
    data = make_data(effect=2.0, own=0.2, n_subjects=12, n_classes=n_classes)
    test = np.isin(data.subjects, [f"s{k:02d}" for k in range(4)])
    rows = data.features["rows"]
    model = EEGViewClassifier(recommended, strength=1e-2)
    model.fit(rows[~test], data.labels[~test], groups=data.subjects[~test])
    (method,) = make_methods(
        ClassifyConfig.make({"methods": ["view"], "view": {"encoder": "frozen"}}), recommended, None
    )
    expected, _ = method.final(data, np.flatnonzero(~test), np.flatnonzero(test), (("strength", 1e-2),), 0)
    np.testing.assert_allclose(model.predict_proba(rows[test]), expected, atol=1e-4)
    assert model.view(rows[test]).shape == (1 if n_classes == 2 else 3, test.sum(), *recommended.config.volume_shape)


def test_amplitudes_are_taken_as_they_are(recommended, make_data):
    data = make_data(effect=2.0, own=0.2)
    x = GroupFrame.of(data.features["rows"], data.subjects).windows(data.features["rows"])
    model = EEGViewClassifier(recommended).fit(x, data.labels)
    assert model.score(x, data.labels) > 0.8
    with pytest.raises(ValueError, match="electrodes, bands and times"):
        EEGViewClassifier(recommended).fit(x[:, :-1], data.labels)
    with pytest.raises(ValueError, match="5 features"):
        model.predict(data.features["rows"])


def test_a_loaded_synthesiser_is_as_good_as_its_folder(synthesizer, make_data, tmp_path):
    data = make_data(n_subjects=6, windows=3)
    x = data.features["windows"]
    synthesizer.save_pretrained(tmp_path / "run")
    loaded = Synthesizer(load(tmp_path / "run"))
    given = (synthesizer, tmp_path / "run", loaded)
    a, b, c = (EEGViewClassifier(one, **QUICK).fit(x, data.labels).predict_proba(x) for one in given)
    assert (a == b).all()
    assert (a == c).all()
