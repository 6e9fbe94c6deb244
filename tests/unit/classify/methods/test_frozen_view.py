"""Linear classifiers of the volumes that a synthesiser makes, which stays as it is."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eeg2fmri.classify.config import ClassifyConfig, ViewConfig
from eeg2fmri.classify.methods.choice import make_methods, untrained
from eeg2fmri.classify.methods.frame import GroupFrame
from eeg2fmri.classify.methods.linear_view_fit import fit_linear_views, views_of
from eeg2fmri.classify.relevance.decisions import explain_decisions
from eeg2fmri.core.errors import ConfigError


def frozen(synthesizer, **view):
    config = ClassifyConfig.make({"methods": ["view"], "view": {"encoder": "frozen", **view}})
    (method,) = make_methods(config, synthesizer, None)
    return method


def split(data):
    test = np.isin(data.subjects, [f"s{k:02d}" for k in range(6)])
    return np.flatnonzero(~test), np.flatnonzero(test)


def test_the_weights_are_those_of_a_regression_of_standardised_voxels(recommended, make_data):
    data = make_data(effect=1.0)
    train, test = split(data)
    views = views_of(recommended, GroupFrame.of(data.features["rows"], data.subjects).windows(data.features["rows"]))
    (fit,) = fit_linear_views(views[train].astype(np.float64), data.labels[train], 2, [0.05], 0)
    varied = views[train].std(axis=0) > 1e-6
    assert 0 < varied.sum() < len(varied)
    assert not fit.weight[0, ~varied].any()  # outside of the brain
    direct = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, class_weight="balanced", tol=1e-8))
    direct.fit(views[train][:, varied].astype(np.float64), data.labels[train])
    expected = direct.predict_proba(views[test][:, varied].astype(np.float64))
    np.testing.assert_allclose(fit.probabilities(views[test]), expected, atol=2e-3)


@pytest.mark.parametrize("kind", ["recommended", "synthesizer"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_models_go_from_windows_to_what_the_fold_gave(request, make_data, kind, n_classes):
    data = make_data(effect=2.0, own=0.2, n_subjects=15, n_classes=n_classes)
    train, test = split(data)
    method = frozen(request.getfixturevalue(kind))
    probability, trained = method.final(data, train, test, (("strength", 1e-2),), 0)
    assert probability.shape == (len(test), n_classes)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    assert len(trained.models) == (1 if n_classes == 2 else 3)
    x = torch.from_numpy(np.ascontiguousarray(trained.windows(data, test)))
    with torch.inference_mode():
        logits = np.stack([torch.sigmoid(m(x).logit[:, 0]).numpy() for m in trained.models])
    if n_classes == 2:
        np.testing.assert_allclose(logits[0], probability[:, 1], atol=1e-4)
    else:
        np.testing.assert_allclose(logits.T / logits.sum(axis=0)[:, None], probability, atol=1e-4)


def test_a_difference_of_amplitude_between_subjects_is_found_on_others(recommended, make_data):
    """What recentring by each recording's own covariance would have taken away."""
    data = make_data(effect=3.0, own=0.5, n_subjects=18)
    train, test = split(data)
    method = frozen(recommended)
    probability, _ = method.final(data, train, test, method.candidates()[0], 0)
    assert roc_auc_score(data.labels[test], probability[:, 1]) > 0.95
    alike = make_data(effect=0.0, own=0.5, n_subjects=18)
    nothing, _ = method.final(alike, train, test, method.candidates()[0], 0)
    assert roc_auc_score(alike.labels[test], nothing[:, 1]) < 0.9


def test_inner_folds_see_each_strength_once(recommended, make_data):
    data = make_data(effect=1.0)
    train, test = split(data)
    method = frozen(recommended, strengths=[1e-3, 1e-1])
    path = dict(method.paths(data, train, test, method.candidates(), 0))
    assert list(path) == method.candidates()
    for setting, probability in path.items():
        np.testing.assert_allclose(probability, method.final(data, train, test, setting, 0)[0], atol=1e-6)
    assert np.abs(path[method.candidates()[0]] - path[method.candidates()[1]]).max() > 1e-3


@pytest.mark.parametrize("kind", ["recommended", "synthesizer"])
def test_a_decision_is_shared_out_among_voxels_and_the_eeg(request, make_data, kind):
    data = make_data(effect=2.0)
    train, test = split(data)
    _, trained = frozen(request.getfixturevalue(kind)).final(data, train, test, (("strength", 1e-2),), 0)
    windows = trained.windows(data, test[:3])
    found = explain_decisions(trained.models[0], windows)
    assert found.eeg.shape == windows.shape
    bias = float(trained.models[0].classifier.layer.bias.detach())
    np.testing.assert_allclose(found.view.sum((1, 2, 3)) + bias, found.explained, rtol=1e-3, atol=1e-5)
    if kind == "recommended":  # linear from end to end: what is not the input's is the offsets'
        x = torch.zeros(1, *windows.shape[1:])
        with torch.inference_mode():
            fixed = float(trained.models[0](x).logit[0, 0])
        np.testing.assert_allclose(found.eeg.sum((1, 2, 3)) + fixed, found.explained, rtol=1e-3, atol=1e-4)


def test_the_untrained_control_has_its_own_weights_inside_the_same_brain(recommended):
    control = untrained(recommended)
    assert torch.equal(control.responses, recommended.responses)
    assert not torch.equal(control.filters, recommended.filters)
    assert not control.maps[:, 0].any()
    assert control.maps[:, 1:].all()


def test_settings_that_cannot_be_are_refused(recommended, synthesizer):
    with pytest.raises(ConfigError, match="no encoder to train"):
        make_methods(ClassifyConfig.make({"view": {"encoder": "anew"}}), recommended, None)
    recorded = {"electrodes": "recorded", "view": {"encoder": "frozen"}}
    with pytest.raises(ConfigError, match="trained anew"):
        make_methods(ClassifyConfig.make(recorded), synthesizer, None)
    with pytest.raises(ConfigError, match="no effect of degree"):
        ViewConfig(encoder="frozen", degree=2)


def test_an_encoder_may_start_from_that_of_the_synthesiser(synthesizer, make_data):
    data = make_data()
    train, test = split(data)
    training = {"epochs": 1, "pairs": 2, "batch_size": 2, "learning_rate": 1e-9}
    start = {}
    for encoder in ("synthesizer", "anew"):
        config = ClassifyConfig.make({"methods": ["view"], "view": {"encoder": encoder, "training": training}})
        (method,) = make_methods(config, synthesizer, None)
        _, trained = method.final(data, train, test, method.candidates()[0], 0)
        start[encoder] = trained.models[0].encoder.dense.kernel.detach()
    torch.testing.assert_close(start["synthesizer"], synthesizer.eeg_encoder.dense.kernel.detach())
    assert not torch.allclose(start["anew"], start["synthesizer"])
