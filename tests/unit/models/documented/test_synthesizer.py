from __future__ import annotations

import copy

import pytest
import torch

from eeg2fmri.core.errors import ConfigError, ShapeError
from eeg2fmri.models.documented.na_spec import NASpec
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork

EEG, VOLUME, LATENT = (6, 12, 5), (7, 6, 5), (2, 3, 2)
SOURCE = torch.Generator().manual_seed(2)
X, Y = torch.randn(3, *EEG, generator=SOURCE), torch.randn(3, *VOLUME, generator=SOURCE)


def config(**changes) -> SynthesizerConfig:
    return SynthesizerConfig.documented(EEG, VOLUME, latent_shape=LATENT, **changes)


def test_training_and_inference():
    model = SynthesizerNetwork(config())
    out = model(X, Y)
    assert out.volume.shape == Y.shape
    assert out.z_eeg.shape == out.z_fmri.shape == (3, *LATENT)
    assert out.attention.shape == (3, 6, 6)
    assert out.scale is None
    alone = model.eval()(X)
    assert alone.z_fmri is None
    assert torch.equal(alone.volume, model(X, Y).volume)


def test_documented_settings_and_their_changes():
    published = SynthesizerConfig.documented((64, 134, 10), (64, 64, 30))
    assert published.latent_shape == (7, 7, 7)
    assert published.encoder.blocks.na_spec == NASpec.of("eeg-2")
    assert published.volume_encoder.blocks.na_spec == NASpec.of("fmri-2")
    assert published.volume_encoder.dropout == 0.5
    assert (published.projection.kind, published.style, published.head.up.kind) == (
        "random_fourier",
        "attention",
        "dense",
    )
    changed = config(encoder={"blocks": {"channels": 7}}, projection={"normalization": "tanh"}, seed=9)
    assert changed.encoder.blocks.channels == 7
    assert changed.encoder.blocks.na_spec == config().encoder.blocks.na_spec
    assert changed.encoder.attention is not None
    assert changed.projection.normalization == "tanh"
    assert config(projection={"kind": "dense"}).projection.kind == "dense"
    assert config(head=config().head).head == config().head
    with pytest.raises(ConfigError, match="did you mean 'channels'"):
        config(encoder={"blocks": {"chanels": 7}})


def test_contradictions_and_shapes_are_told_at_once():
    with pytest.raises(ConfigError) as caught:
        config(
            encoder={"attention": None, "blocks": {"na_spec": {"kernels": [(9, 2, 2)], "strides": [(1, 1, 1)]}}},
            volume_encoder={"blocks": {"na_spec": {"kernels": [(2, 2, 6)], "strides": [(1, 1, 1)]}}},
            head={"up": {"kind": "variational_dct", "coefficients": (5, 1, 1)}},
        )
    text = str(caught.value)
    for word in ("style", "encoder.attention", "EEG encoder, block 1", "fMRI encoder, block 1", "R = (5, 1, 1)"):
        assert word in text
    with pytest.raises(ShapeError, match="spectrum is larger"):
        config(head={"up": {"kind": "padded_dct"}, "low_resolution": {"grid": (8, 2, 2)}})
    with pytest.raises(ShapeError, match="axis 1"):
        config(
            head={
                "up": {"kind": "variational_dct", "coefficients": (1, 1, 1), "positions": [[0, 1], [0, 1], [0, 2]]},
            }
        )


HEADS = {
    "dense": {},
    "flipout": {"up": {"kind": "dense", "layer": "dense_flipout"}},
    "low": {"low_resolution": {"grid": (3, 2, 2)}},
    "low variational": {"low_resolution": {"grid": (3, 2, 2), "layer": "dense_variational"}},
    "padded": {"transform": "dct", "up": {"kind": "padded_dct"}},
    "spectrum": {"up": {"kind": "padded_dct"}},
    "normal": {"up": {"kind": "variational_dct", "coefficients": (1, 2, 1), "distribution": "normal"}},
    "von Mises": {"up": {"kind": "variational_dct", "coefficients": (1, 2, 1), "heads": 2}},
}
VARIATIONAL = {"flipout", "low variational", "normal", "von Mises"}


@pytest.mark.parametrize("name", HEADS)
def test_each_head_gives_a_volume_and_its_divergence(name):
    model = SynthesizerNetwork(config(head=HEADS[name], volume_encoder={"dropout": 0.0}))
    volume = model(X).volume
    assert volume.shape == Y.shape
    assert (model.kl().item() > 0) == (name in VARIATIONAL)
    # draws differ from each other in training, and only where something is variational
    assert (not torch.equal(volume, model(X).volume)) == (name in VARIATIONAL)
    model.eval()
    assert torch.equal(model(X).volume, model(X).volume)
    passes = [model(X, generator=torch.Generator().manual_seed(seed)).volume for seed in (1, 1, 2)]
    assert torch.equal(passes[0], passes[1])
    assert torch.equal(passes[0], passes[2]) == (name not in VARIATIONAL)


def test_projections_and_styles_differ():
    volumes = []
    for projection in ("dense", "fourier", "random_fourier"):
        for style in ("none", "attention", "prior"):
            model = SynthesizerNetwork(config(projection={"kind": projection}, style=style)).eval()
            if style == "prior":
                with torch.no_grad():
                    model.style.prior.weight += torch.linspace(-1, 1, 12)
            volumes.append(model(X).volume)
    distinct = {tuple(v.flatten()[:50].tolist()) for v in volumes}
    assert len(distinct) == 9


def test_scale_is_the_exponential_of_the_volume():
    model = SynthesizerNetwork(config(scale="exponential", dropout=0.5)).eval()
    out = model(X)
    assert torch.allclose(out.scale, torch.exp(out.volume * model.scale.weight + model.scale.bias))


def test_dropout_on_the_styled_latent():
    model = SynthesizerNetwork(config(dropout=0.5, volume_encoder={"dropout": 0.0}))
    a, b = model(X), model(X)
    assert not torch.equal(a.volume, b.volume)
    assert torch.equal(a.z_eeg, b.z_eeg)
    assert torch.equal(model.eval()(X).volume, model(X).volume)


def test_training_starts_its_own_draws_from_the_seed():
    def volumes(seed):
        model = SynthesizerNetwork(config(dropout=0.5, seed=seed))
        return [model(X).volume for _ in range(2)]

    first, again = volumes(4), volumes(4)
    assert torch.equal(torch.stack(first), torch.stack(again))


def test_penalties_of_all_parts():
    base = config(
        encoder={"blocks": {"weight_decay": 0.1}, "attention": {"organisation": 0.2}},
        volume_encoder={"blocks": {"weight_decay": 0.3}},
        projection={"centring": 0.4},
    )
    model = SynthesizerNetwork(base)
    model(X, Y)
    parts = [model.eeg_encoder.regularization(), model.projection.regularization(), model.fmri_encoder.regularization()]
    assert all(part > 0 for part in parts)
    assert torch.allclose(model.regularization(), torch.stack(parts).sum())
    copy.deepcopy(model)
    assert SynthesizerNetwork(config()).regularization().item() == 0


def test_a_seed_of_its_own_for_the_volume_encoder():
    a, b = SynthesizerNetwork(config(seed=1)), SynthesizerNetwork(config(seed=1, volume_encoder_seed=2))
    assert torch.equal(a.eeg_encoder.dense.kernel, b.eeg_encoder.dense.kernel)
    assert not torch.equal(a.fmri_encoder.dense.kernel, b.fmri_encoder.dense.kernel)


def test_counts_of_the_documented_model():
    with torch.device("meta"):
        model = SynthesizerNetwork(SynthesizerConfig.documented((64, 134, 10), (64, 64, 30)))
    counts = {name: sum(t.numel() for t in part.state_dict().values()) for name, part in model.named_children()}
    assert counts["eeg_encoder"] == 489_503
    assert counts["fmri_encoder"] == 575_327
    assert sum(counts.values()) - counts["fmri_encoder"] == 44_283_832
    tensors = [*model.parameters(), *model.buffers()]
    assert sum(t.numel() for t in tensors) == sum(counts.values()) == 44_859_159
