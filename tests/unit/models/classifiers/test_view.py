from __future__ import annotations

import pytest
import torch

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models import ViewLatentContrastiveClassifier, view_EEG_classifier
from eeg2fmri.models.classifiers.view import ViewClassifier
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork

EEG, VOLUME, LATENT = (6, 12, 5), (7, 6, 5), (2, 3, 2)
NAMES = ("Fz", "Cz", "Pz", "Oz", "C3", "C4")
SPEC = {"kernels": [(3, 3, 2)], "strides": [(2, 2, 1)], "pool_kernel": (2, 2, 1)}
SOURCE = torch.Generator().manual_seed(2)
X = torch.randn(4, *EEG, generator=SOURCE)

VARIANTS = {
    "documented": {},
    "prior": {"style": "prior"},
    "no attention": {"style": "none", "encoder": {"attention": None}},
    "dense": {"projection": {"kind": "dense"}},
    "fourier": {"projection": {"kind": "fourier"}, "output_filter": "local"},
    "padded": {"head": {"transform": "dct", "up": {"kind": "padded_dct"}}},
    "flipout": {"head": {"up": {"kind": "dense", "layer": "dense_flipout"}}, "scale": "exponential"},
    "von Mises": {"head": {"up": {"kind": "variational_dct", "coefficients": (1, 2, 1), "heads": 2}}},
}


def trained(**changes) -> SynthesizerNetwork:
    """Weights that differ from those of the seed, as training leaves them."""
    blocks = {"encoder": {"blocks": {"na_spec": SPEC}, **changes.pop("encoder", {})}}
    model = SynthesizerNetwork(SynthesizerConfig.documented(EEG, VOLUME, latent_shape=LATENT, **blocks, **changes))
    with torch.no_grad():
        for p in model.parameters():
            p += 0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel()))
    return model


@pytest.mark.parametrize("name", VARIANTS)
def test_what_is_lent_is_copied_and_frozen(name):
    synthesizer = trained(**VARIANTS[name])
    model = ViewClassifier.from_synthesizer(synthesizer)
    for part in ("projection", "style", "head", "output_filter"):
        theirs, mine = getattr(synthesizer, part).state_dict(), getattr(model, part).state_dict()
        assert all(torch.equal(value, mine[key]) for key, value in theirs.items())
        assert not any(p.requires_grad for p in getattr(model, part).parameters())
    assert not torch.equal(model.encoder.dense.kernel, synthesizer.eeg_encoder.dense.kernel)
    # with the encoder of the synthesiser, the view is what it synthesises
    model.encoder.load_state_dict(synthesizer.eeg_encoder.state_dict())
    model.eval()
    synthesizer.eval()
    assert torch.allclose(model.view(X), synthesizer(X).volume, atol=1e-6)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    optimiser = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    pair = model.train().pair(X, X.flip(0))
    (pair.first.logit.mean() + pair.distance.mean() + model.regularization()).backward()
    optimiser.step()
    changed = {key.split(".")[0] for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {"encoder", "classifier"}


def test_dropout_behind_each_block_of_the_encoder_alone():
    model = ViewClassifier.from_synthesizer(trained())
    assert model.encoder.blocks.dropout.p == 0.5
    assert not torch.equal(model(X).logit, model(X).logit)
    model.eval()
    assert torch.equal(model(X).logit, model(X).logit)


def test_classifier_of_the_view_and_of_its_powers():
    synthesizer = trained()
    model = view_EEG_classifier(synthesizer, degree=3, n_classes=2, aleatoric=True, variational=True).eval()
    out = model(X)
    assert out.logit.shape == out.scale.shape == (4, 2)
    assert model.classifier.degree == 3
    assert model.kl() > 0
    linear = view_EEG_classifier(synthesizer, (*EEG, 1), regularizer="L2", regularizer_const=0.2).eval()
    assert torch.allclose(
        linear(X).logit, linear.view(X).flatten(1) @ linear.classifier.layer.kernel + linear.classifier.layer.bias
    )
    assert torch.allclose(linear.classifier.regularization(), 0.2 * linear.classifier.layer.kernel.square().sum())
    assert ViewLatentContrastiveClassifier is view_EEG_classifier


def test_activation_of_the_latent():
    synthesizer = trained()
    angles = [view_EEG_classifier(synthesizer, activation=name).eval().angle(X) for name in ("linear", "relu", "tanh")]
    assert not torch.allclose(angles[0], angles[1])
    assert not torch.allclose(angles[0], angles[2])


def test_distance_of_a_pair_is_between_angles():
    model = ViewClassifier.from_synthesizer(trained()).eval()
    pair = model.pair(X, X.flip(0))
    assert torch.allclose(pair.distance, (model.angle(X) - model.angle(X.flip(0))).abs(), atol=1e-6)
    assert torch.equal(model.pair(X, X).distance, torch.zeros(4, 12))


def test_seed_draws_what_is_trained_anew():
    synthesizer = trained()
    kernels = [view_EEG_classifier(synthesizer, seed=seed).encoder.dense.kernel for seed in (1, 1, 2)]
    assert torch.equal(kernels[0], kernels[1])
    assert not torch.equal(kernels[0], kernels[2])


def test_electrodes_are_picked_by_name():
    synthesizer = trained()
    recorded = ("T7", *reversed(NAMES), "T8")
    model = ViewClassifier.from_synthesizer(
        synthesizer, (8, *EEG[1:]), trained_electrodes=NAMES, electrodes=recorded
    ).eval()
    plain = ViewClassifier.from_synthesizer(synthesizer).eval()
    plain.encoder.load_state_dict(model.encoder.state_dict())
    wide = torch.randn(4, 8, *EEG[1:], generator=torch.Generator().manual_seed(1))
    wide[:, 1:7] = X.flip(1)
    assert torch.allclose(model.view(wide), plain.view(X), atol=1e-6)


def test_other_numbers_of_electrodes_change_the_first_stride():
    synthesizer = trained(style="prior")
    for n, stride in ((12, 4), (6, 2), (4, 1)):
        model = ViewClassifier.from_synthesizer(synthesizer, (n, *EEG[1:])).eval()
        assert model.encoder.blocks.blocks[0].stride == (stride, 2, 1)
        assert model.view(torch.ones(2, n, *EEG[1:])).shape == (2, *VOLUME)


def test_scores_of_common_electrodes_take_their_places():
    synthesizer = trained()
    recorded = ("Oz", "T7", "Cz")
    model = ViewClassifier.from_synthesizer(
        synthesizer, (3, *EEG[1:]), trained_electrodes=NAMES, electrodes=recorded
    ).eval()
    placed = model._placed(torch.arange(9.0).reshape(1, 3, 3))
    assert placed[0, 3, 1].item() == 2
    assert placed[0, 1, 3].item() == 6
    assert placed[0, 3, 3].item() == 0
    assert placed[0, 1, 1].item() == 8
    assert placed.count_nonzero() == 3
    assert model.view(torch.ones(2, 3, *EEG[1:])).shape == (2, *VOLUME)


@pytest.mark.parametrize(
    ("shape", "names", "words"),
    [
        ((5, *EEG[1:]), None, ["style", "5 electrodes, 6 in the synthesiser, no names"]),
        ((3, *EEG[1:]), ("A", "B", "C"), ["no common name"]),
        ((3, *EEG[1:]), ("Fz", "Cz"), ["electrodes.recorded", "2 names"]),
    ],
)
def test_electrodes_that_do_not_fit(shape, names, words):
    with pytest.raises(ConfigError) as caught:
        ViewClassifier.from_synthesizer(trained(), shape, trained_electrodes=NAMES, electrodes=names)
    assert all(word in str(caught.value) for word in words)


def test_names_without_those_of_the_synthesiser_are_refused():
    with pytest.raises(ConfigError, match="trained_electrodes"):
        view_EEG_classifier(trained(), electrodes=NAMES)


def test_deprecated_arguments_warn_and_change_nothing():
    synthesizer = trained()
    plain = view_EEG_classifier(synthesizer)
    for name in ("feature_selection", "segmentation_mask", "siamese_projection", "siamese_projection_dimension"):
        with pytest.warns(DeprecationWarning, match=f"{name} has no effect"):
            model = view_EEG_classifier(synthesizer, **{name: 3})
        assert model.config == plain.config


def test_a_folder_gives_model_and_electrodes(synthesizer, synthesizer_card, tmp_path):
    from eeg2fmri.models.saving.hub import save

    save(tmp_path / "model", synthesizer, synthesizer_card)
    names = synthesizer_card.electrodes
    model = view_EEG_classifier(tmp_path / "model", electrodes=tuple(reversed(names)))
    assert model.config.electrodes.trained == tuple(names)
    assert model.config.electrodes.selection() == list(reversed(range(len(names))))
    assert torch.equal(model.head.up.kernel, synthesizer.head.up.kernel)
