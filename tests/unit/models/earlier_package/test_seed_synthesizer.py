"""Each of the 26 attributes of the seed's synthesiser has its effect; contradictions are refused, all at once."""

from __future__ import annotations

import inspect

import pytest
import torch

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models import EEG_to_fMRI
from eeg2fmri.models.documented.na_spec import NASpec
from eeg2fmri.models.earlier_package.flag_fmri import FMRI_DEFAULTS
from eeg2fmri.nn.convolution.conv import LocallyConnected3d
from eeg2fmri.nn.dct import DCT3d, InverseDCT3d
from eeg2fmri.nn.dense import Dense
from eeg2fmri.nn.fourier import FourierFeatures, RandomFourierFeatures
from eeg2fmri.nn.variational.dct import VariationalInverseDCT3d
from eeg2fmri.nn.variational.dense import DenseFlipout, DenseVariational

EEG, VOLUME, LATENT = (6, 12, 5), (9, 8, 7), (2, 3, 2)
SPEC = ([(2, 3, 2)], [(1, 2, 1)], True, (2, 2, 1), (1, 1, 1))
FMRI_SPEC = ([(2, 3, 2)], [(1, 2, 1)], True, (2, 2, 2), (1, 1, 1))
FMRI = {"input_shape": VOLUME, "na_spec": FMRI_SPEC, "dropout": False}
SOURCE = torch.Generator().manual_seed(2)
X, Y = torch.randn(3, *EEG, generator=SOURCE), torch.randn(3, *VOLUME, generator=SOURCE)

RANDOM = {"fourier_features": True, "random_fourier": True}
LOW = {"low_resolution_decoder": True, "resolution_decoder": (3, 4, 2)}
IDFT = {**LOW, "inverse_DFT": True, "DFT": True}
VARIATIONAL = {**IDFT, "variational_iDFT": True, "variational_coefs": (2, 1, 3)}
STYLE = {"topographical_attention": True, "conditional_attention_style": True}
PRIOR = {"conditional_attention_style": True, "conditional_attention_style_prior": True}


def build(**flags):
    return EEG_to_fMRI(**{"latent_shape": LATENT, "input_shape": EEG, "na_spec": SPEC, "fmri_args": FMRI, **flags})


def dropped():
    a, b = build(dropout=True), build()
    return not torch.equal(a(X).volume, a(X).volume) and torch.equal(b(X).volume, b(X).volume)


EFFECTS = {
    "latent_shape": lambda: build(latent_shape=(3, 2, 2))(X).z_eeg.shape == (3, 3, 2, 2),
    "input_shape": lambda: build(input_shape=(7, 12, 5, 1)).config.eeg_shape == (7, 12, 5),
    "na_spec": lambda: build().config.encoder.blocks.na_spec == NASpec.of(SPEC),
    "n_channels": lambda: build(n_channels=6).eeg_encoder.blocks.blocks[0].conv2.weight.shape[0] == 6,
    "weight_decay": lambda: build().regularization() == 0 < build(weight_decay=0.1).regularization(),
    "skip_connections": lambda: build(skip_connections=False).eeg_encoder.blocks.blocks[0].skip_conv is None,
    "batch_norm": lambda: not any("norm" in n for n, _ in build(batch_norm=False).eeg_encoder.named_parameters()),
    "dropout": dropped,
    "local": lambda: isinstance(build(local=False).eeg_encoder.blocks.blocks[0].conv1, LocallyConnected3d),
    "fourier_features": lambda: isinstance(build(fourier_features=True).projection.layer, FourierFeatures),
    "random_fourier": lambda: isinstance(build(**RANDOM).projection.layer, RandomFourierFeatures),
    "conditional_attention_style": lambda: build(**STYLE).style.attention is not None,
    "conditional_attention_style_prior": lambda: build(**PRIOR).style.prior is not None,
    "inverse_DFT": lambda: isinstance(build(inverse_DFT=True).head.up, InverseDCT3d),
    "DFT": lambda: isinstance(build(**IDFT).head.transform, DCT3d),
    "variational_iDFT": lambda: isinstance(build(**VARIATIONAL).head.up, VariationalInverseDCT3d),
    "aleatoric_uncertainty": lambda: (
        build(aleatoric_uncertainty=True)(X).scale.shape == Y.shape
        and isinstance(build(aleatoric_uncertainty=True).head.up, DenseFlipout)
        and isinstance(build(aleatoric_uncertainty=True, **IDFT).head.low, DenseVariational)
        and isinstance(build(aleatoric_uncertainty=True, **VARIATIONAL).head.low, Dense)
    ),
    "variational_coefs": lambda: build(**VARIATIONAL).head.up.coefficients == (2, 1, 3),
    "variational_dist": lambda: (
        build(**VARIATIONAL).head.up.distribution == "von_mises"
        and build(**VARIATIONAL, variational_dist="Normal").head.up.distribution == "normal"
    ),
    "variational_iDFT_dependent": lambda: (
        build(**VARIATIONAL).head.up.mixing is None
        and build(**VARIATIONAL, variational_iDFT_dependent=True).head.up.mixing is not None
    ),
    "variational_iDFT_dependent_dim": lambda: (
        len(build(**VARIATIONAL, variational_iDFT_dependent=True, variational_iDFT_dependent_dim=4).head.up.loc) == 4
    ),
    "resolution_decoder": lambda: (
        build(**LOW).head.grid == (3, 4, 2)
        and build(low_resolution_decoder=True, resolution_decoder=2.0).head.grid == (4, 4, 3)
    ),
    "low_resolution_decoder": lambda: isinstance(build(**LOW).head.low, Dense) and build().head.low is None,
    "topographical_attention": lambda: build(topographical_attention=True)(X).attention.shape == (3, 6, 6),
    "seed": lambda: (
        torch.equal(build(seed=1).head.up.kernel, build(seed=1).head.up.kernel)
        and not torch.equal(build(seed=1).head.up.kernel, build(seed=2).head.up.kernel)
    ),
    "fmri_args": lambda: build().config.volume_encoder.blocks.na_spec == NASpec.of(FMRI_SPEC),
}
ADDED = {
    "organize_channels": lambda: (
        build(topographical_attention=True, organize_channels=True).config.encoder.attention.organisation == 1
    ),
    "attention_scores": lambda: (
        build(topographical_attention=True, attention_scores="sparsemax")(3 * X).attention == 0
    ).any(),
    "fourier_normalization": lambda: (
        build(**RANDOM, fourier_normalization="tanh").projection.layer.normalization == "tanh"
    ),
    "batch_norm_reg": lambda: build(**RANDOM, batch_norm_reg=True).projection.layer.centring > 0,
    "variational_random_padding": lambda: (
        len(build(**VARIATIONAL, variational_random_padding=True).head.up.places) == 3
        and build(**VARIATIONAL, variational_random_padding=True).head.transform is None
    ),
    "random_padding_positions": lambda: (
        build(
            **VARIATIONAL,
            variational_random_padding=True,
            random_padding_positions=[[0, 1, 4], [0, 2, 3, 4], [0, 4]],
        ).config.head.up.positions
        == ((0, 1, 4), (0, 2, 3, 4), (0, 4))
    ),
}


def test_the_tables_have_every_argument():
    assert len(EFFECTS) == 26
    assert set(EFFECTS) | set(ADDED) == set(inspect.signature(EEG_to_fMRI).parameters)


@pytest.mark.parametrize("attribute", [*EFFECTS, *ADDED])
def test_attribute_has_its_effect(attribute):
    assert bool((EFFECTS | ADDED)[attribute]())


def test_the_example_of_the_page():
    model = EEG_to_fMRI(
        LATENT,
        EEG,
        SPEC,
        n_channels=4,
        fourier_features=True,
        random_fourier=True,
        topographical_attention=True,
        conditional_attention_style=True,
        fmri_args=FMRI,
    )
    out = model(X, Y)
    assert out.volume.shape == Y.shape
    assert model(X).z_fmri is None


def test_fmri_args_is_a_dict_or_the_tuple():
    values = {**FMRI_DEFAULTS, **FMRI, "latent_shape": LATENT, "outfilter": 2, "n_channels": 5, "seed": 9}
    as_dict, as_tuple = build(fmri_args=values), build(fmri_args=tuple(values.values()))
    assert as_dict.config == as_tuple.config
    assert as_dict.config.output_filter == "local"
    assert as_dict.config.volume_encoder.blocks.channels == 5
    assert as_dict.config.volume_encoder_seed == 9
    assert build(fmri_args=values, seed=4).config.seed == 4
    whole = build(fmri_args=values)
    assert torch.equal(whole.fmri_encoder.dense.kernel, build(fmri_args=values, seed=4).fmri_encoder.dense.kernel)


def test_the_default_specifications_are_the_published_ones():
    with torch.device("meta"):
        model = EEG_to_fMRI((7, 7, 7), (64, 134, 10, 1))
    assert model.config.encoder.blocks.na_spec == NASpec.of("eeg-2")
    assert model.config.volume_encoder.blocks.na_spec == NASpec.of("fmri-2")
    assert model.config.volume_shape == (64, 64, 30)


CONTRADICTIONS = [
    ({"random_fourier": True}, ["random_fourier", "fourier_features"]),
    ({"conditional_attention_style": True}, ["conditional_attention_style", "topographical_attention"]),
    (
        {"conditional_attention_style_prior": True},
        ["conditional_attention_style_prior", "conditional_attention_style"],
    ),
    ({"organize_channels": True}, ["organize_channels", "topographical_attention"]),
    ({"attention_scores": "sparsemax"}, ["attention_scores", "topographical_attention"]),
    ({"variational_iDFT": True, "variational_coefs": (1, 1, 1)}, ["variational_iDFT", "inverse_DFT"]),
    ({**IDFT, "variational_iDFT": True}, ["variational_iDFT", "variational_coefs"]),
    ({**IDFT, "variational_coefs": (1, 1, 1)}, ["variational_coefs", "variational_iDFT"]),
    ({"variational_iDFT_dependent": True}, ["variational_iDFT_dependent", "variational_iDFT"]),
    ({**VARIATIONAL, "variational_iDFT_dependent_dim": 3}, ["variational_iDFT_dependent_dim", "variational_iDFT_dep"]),
    ({**VARIATIONAL, "variational_coefs": (6, 1, 1)}, ["variational_coefs", "resolution_decoder", "0 < R < M - N"]),
    ({**VARIATIONAL, "variational_coefs": (0, 1, 1)}, ["variational_coefs", "0 < R < M - N"]),
    ({**VARIATIONAL, "variational_dist": "Gamma"}, ["variational_dist", "Normal or VonMises"]),
    ({"low_resolution_decoder": True}, ["low_resolution_decoder", "resolution_decoder"]),
    ({"resolution_decoder": 2.0}, ["resolution_decoder", "low_resolution_decoder"]),
    ({"low_resolution_decoder": True, "resolution_decoder": 1.0}, ["resolution_decoder", "above 1"]),
    ({"low_resolution_decoder": True, "resolution_decoder": 8.0}, ["resolution_decoder", "input_shape", "(1, 1, 0)"]),
    ({**IDFT, "resolution_decoder": (10, 2, 2)}, ["inverse_DFT", "resolution_decoder", "larger than the volume"]),
    ({"inverse_DFT": True, "latent_shape": (2, 3, 8)}, ["inverse_DFT", "latent_shape"]),
    ({**VARIATIONAL, "random_padding_positions": [[0]]}, ["random_padding_positions", "variational_random_padding"]),
    ({"fourier_features": True, "fourier_normalization": "tanh"}, ["fourier_normalization", "random_fourier"]),
    ({"batch_norm_reg": True}, ["batch_norm_reg", "random_fourier"]),
    ({"fmri_args": {**FMRI, "latent_shape": (3, 3, 3)}}, ["latent_shape", "fmri_args: latent_shape"]),
    ({"fmri_args": (1, 2, 3)}, ["fmri_args", "17", "_build_decoder"]),
    ({"fmri_args": {**FMRI, "n_chanels": 3}}, ["fmri_args: n_chanels"]),
    ({"na_spec": ([(9, 3, 2)], [(1, 2, 1)], True, (2, 2, 1), (1, 1, 1))}, ["EEG encoder, block 1", "9 x 3 x 2"]),
]


@pytest.mark.parametrize(("flags", "words"), CONTRADICTIONS)
def test_contradictions_name_both_options(flags, words):
    with pytest.raises(ConfigError) as caught:
        build(**flags)
    assert all(word in str(caught.value) for word in words)


def test_all_contradictions_are_told_at_once():
    with pytest.raises(ConfigError) as caught:
        build(
            random_fourier=True,
            conditional_attention_style=True,
            low_resolution_decoder=True,
            resolution_decoder=0.5,
            na_spec=([(9, 3, 2)], [(1, 2, 1)], True, (2, 2, 1), (1, 1, 1)),
            fmri_args={**FMRI, "outfilter": 3, "na_spec": ([(2, 3, 8)], [(1, 2, 1)], True, (2, 2, 2), (1, 1, 1))},
        )
    text = str(caught.value)
    assert "6 problems" in text
    for word in ("random_fourier", "conditional_attention_style", "above 1", "EEG enc", "outfilter", "fMRI encoder"):
        assert word in text


@pytest.mark.parametrize(
    "flags",
    [
        {},
        RANDOM,
        PRIOR,
        {**STYLE, **RANDOM},
        {**LOW, "aleatoric_uncertainty": True},
        {"DFT": True},
        {"inverse_DFT": True},
        {**IDFT, **STYLE},
        {**VARIATIONAL, "aleatoric_uncertainty": True, "variational_iDFT_dependent": True},
        {**VARIATIONAL, "variational_random_padding": True, "variational_dist": "Normal"},
        {"local": False, "skip_connections": False, "batch_norm": False, "dropout": True},
    ],
)
def test_variants_train(flags):
    model = build(**flags)
    out = model(X, Y)
    loss = (out.volume - Y).abs().mean() + out.z_eeg.mean() + out.z_fmri.mean() + 1e-3 * model.kl()
    if out.scale is not None:
        loss = loss + out.scale.mean()
    loss.backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())
