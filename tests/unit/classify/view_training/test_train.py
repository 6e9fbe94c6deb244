import copy

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from eeg2fmri.classify.view_training.normalisation import retake_statistics
from eeg2fmri.classify.view_training.train import ViewTraining, positive_probability, train_view
from eeg2fmri.models.classifiers.view import ViewClassifier
from eeg2fmri.nn.norm import BatchNorm

QUICK = ViewTraining(epochs=3, pairs=16, batch_size=8, learning_rate=0.01)


def test_what_the_synthesiser_lends_stays_and_the_encoder_and_classifier_learn(synthesizer, make_data):
    data = make_data()
    model = ViewClassifier.from_synthesizer(synthesizer, seed=1)
    before = copy.deepcopy(model.state_dict())
    train_view(model, data.features["windows"], data.labels, QUICK, seed=0, groups=data.subjects)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert not {n for n in changed if n.split(".")[0] in {"projection", "style", "head", "output_filter"}}
    assert {n.split(".")[0] for n in changed} == {"encoder", "classifier"}


def test_the_loss_is_the_published_one(synthesizer, make_data):
    """Contrastive on the angle with margin pi, both cross entropies, L1 on the classifier: written out once more."""
    data = make_data()
    settings = QUICK.model_copy(update={"epochs": 1, "pairs": 8, "batch_size": 8, "learning_rate": 1e-12})
    seen = {}
    model = ViewClassifier.from_synthesizer(synthesizer, seed=1, penalty_factor=0.02)
    wrapped = model.pair

    def pair(first, second, *, generator=None):
        out = wrapped(first, second, generator=generator)
        seen.update(out=out, first=first, second=second)
        return out

    model.pair = pair
    (loss,) = train_view(model, data.features["windows"], data.labels, settings, seed=0, groups=data.subjects)
    windows = torch.from_numpy(data.features["windows"])
    labels = [
        torch.tensor([data.labels[int((windows == w).flatten(1).all(1).nonzero()[0])] for w in seen[part]]).float()
        for part in ("first", "second")
    ]
    out, same = seen["out"], (labels[0] == labels[1]).float()[:, None]
    distance = out.distance
    expected = (same * distance + (1 - same) * (distance - np.pi).abs()).mean(1)
    for one, label in ((out.first, labels[0]), (out.second, labels[1])):
        p = torch.sigmoid(one.logit[:, 0])
        expected = expected - label * p.log() - (1 - label) * (1 - p).log()
    weights = next(p for n, p in model.classifier.named_parameters() if "bias" not in n)
    expected = expected.mean() + 0.02 * weights.abs().sum() + model.encoder.regularization()
    assert loss == pytest.approx(float(expected.detach()), rel=1e-4)


@pytest.mark.parametrize("settings", [{"layer": "dense_variational"}, {"scale": "exponential"}, {"degree": 3}])
def test_every_variant_learns_a_strong_difference(synthesizer, make_data, settings):
    data = make_data(effect=3.0, own=0.2)
    model = ViewClassifier.from_synthesizer(synthesizer, seed=1, penalty_factor=1e-4, **settings)
    training = ViewTraining(epochs=12, pairs=32, batch_size=16, learning_rate=0.01)
    train_view(model, data.features["windows"], data.labels, training, seed=0, groups=data.subjects)
    other = make_data(effect=3.0, own=0.2, seed=9)

    def auc(one):
        p = positive_probability(one, other.features["windows"], passes=3 if "layer" in settings else 1)
        return roc_auc_score(other.labels, p)

    # without a step of the encoder, or of the classifier, or with classes dealt out to other subjects, it stays below
    assert auc(model) > 0.9
    idle = ViewClassifier.from_synthesizer(synthesizer, seed=1, penalty_factor=1e-4, **settings)
    retake_statistics(idle, torch.from_numpy(data.features["windows"]))
    assert auc(idle) < 0.75


def test_the_same_seed_trains_the_same_model(synthesizer, make_data):
    data = make_data()

    def trained(seed):
        model = ViewClassifier.from_synthesizer(synthesizer, seed=1)
        train_view(model, data.features["windows"], data.labels, QUICK, seed=seed, groups=data.subjects)
        return positive_probability(model, data.features["windows"])

    assert (trained(3) == trained(3)).all()
    assert not (trained(3) == trained(4)).all()


def test_statistics_are_those_of_all_windows_without_dropout(synthesizer, make_data):
    model = ViewClassifier.from_synthesizer(synthesizer, seed=1)
    x = torch.from_numpy(make_data().features["windows"])
    retake_statistics(model, x, batch_size=len(x))
    layer = next(part for part in model.modules() if isinstance(part, BatchNorm))
    seen = []
    handle = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model(x)
    handle.remove()
    flat = seen[0].movedim(1, 0).flatten(1)
    torch.testing.assert_close(layer.running_mean, flat.mean(1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(layer.running_var, flat.var(1), rtol=1e-4, atol=1e-6)
    assert not model.training
