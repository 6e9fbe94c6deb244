"""Each of the 17 attributes of the seed's autoencoder has its effect."""

from __future__ import annotations

import inspect

import pytest
import torch

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.models import fMRI_AE
from eeg2fmri.models.documented.na_spec import NASpec
from eeg2fmri.models.earlier_package.flag_fmri import FMRI_DEFAULTS
from eeg2fmri.nn.convolution.conv import LocallyConnected3d

SHAPE, LATENT = (9, 8, 7), (2, 3, 2)
SPEC = ([(2, 3, 2), (2, 1, 2)], [(1, 2, 1), (1, 1, 1)], True, (2, 2, 2), (1, 1, 1))
Y = torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(2))


def build(**flags):
    return fMRI_AE(**{"latent_shape": LATENT, "input_shape": SHAPE, "na_spec": SPEC, "dropout": False, **flags})


def blocks_of(model):
    return list(model.encoder.blocks.blocks)


def test_positional_order_is_that_of_the_earlier_package():
    page = """latent_shape input_shape kernel_size stride_size n_channels max_pool batch_norm weight_decay
    skip_connections n_stacks local local_attention outfilter dropout seed _build_decoder na_spec"""
    names = page.split()
    parameters = inspect.signature(fMRI_AE).parameters
    assert list(parameters) == list(FMRI_DEFAULTS) == names
    assert {name: p.default for name, p in parameters.items()} == FMRI_DEFAULTS
    values = (LATENT, (*SHAPE, 1), 2, 1, 5, True, False, 0.1, True, 2, True, False, 0, False, 3, True, SPEC)
    model = fMRI_AE(*values)
    assert model.config == fMRI_AE(**dict(zip(names, values, strict=True))).config
    assert model.config.encoder.blocks.channels == 5
    assert model(Y).shape == Y.shape


EFFECTS = {
    "latent_shape": lambda: build(latent_shape=(3, 2, 4)).encoder(Y).shape == (3, 3, 2, 4),
    "input_shape": lambda: build(input_shape=(8, 8, 7, 1)).config.volume_shape == (8, 8, 7),
    "kernel_size": lambda: blocks_of(build(na_spec=None, kernel_size=(3, 2, 4)))[0].kernel == (3, 2, 4),
    "stride_size": lambda: blocks_of(build(na_spec=None, stride_size=2))[0].stride == (2, 2, 2),
    "n_stacks": lambda: len(blocks_of(build(na_spec=None, kernel_size=2, n_stacks=3))) == 3,
    "n_channels": lambda: blocks_of(build(n_channels=6))[1].conv1.weight.shape[:2] == (6, 6),
    "max_pool": lambda: blocks_of(build(max_pool=False))[0].pool is None and blocks_of(build())[0].pool is not None,
    "batch_norm": lambda: not any("norm" in name for name, _ in build(batch_norm=False).named_parameters()),
    "weight_decay": lambda: build().regularization() == 0 < build(weight_decay=0.1).regularization(),
    "skip_connections": lambda: not any("skip" in name for name, _ in build(skip_connections=False).named_parameters()),
    "local": lambda: isinstance(blocks_of(build(local=False))[0].conv1, LocallyConnected3d),
    "local_attention": lambda: (
        not torch.allclose(build().eval().encoder(Y), build(local_attention=True).eval().encoder(Y), atol=1e-3)
    ),
    "outfilter": lambda: (
        [sum(p.numel() for p in build(outfilter=n).output_filter.parameters()) for n in (0, 1, 2)]
        == [0, 2, 2 * 9 * 8 * 7]
    ),
    "dropout": lambda: (build(dropout=True).encoder(Y) == 0).any() and not (build().encoder(Y) == 0).any(),
    "seed": lambda: (
        torch.equal(build(seed=1).decoder.kernel, build(seed=1).decoder.kernel)
        and not torch.equal(build(seed=1).decoder.kernel, build(seed=2).decoder.kernel)
    ),
    "_build_decoder": lambda: build(_build_decoder=False).decoder is None,
    "na_spec": lambda: build().config.encoder.blocks.na_spec == NASpec.of(SPEC),
}


def test_the_table_has_every_attribute():
    assert set(EFFECTS) == set(FMRI_DEFAULTS)


@pytest.mark.parametrize("attribute", EFFECTS)
def test_attribute_has_its_effect(attribute):
    assert bool(EFFECTS[attribute]())


@pytest.mark.parametrize(
    "flags",
    [
        {"local": False},
        {"skip_connections": False},
        {"batch_norm": False},
        {"max_pool": False},
        {"local_attention": True},
        {"na_spec": None, "kernel_size": 3, "stride_size": 1, "n_stacks": 2},
    ],
)
def test_variants_reconstruct_and_pass_gradients(flags):
    model = build(**flags)
    loss = (model(Y) - Y).square().mean()
    loss.backward()
    assert model(Y).shape == Y.shape
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


def test_the_default_specification_is_the_published_one():
    with torch.device("meta"):
        assert fMRI_AE().config.encoder.blocks.na_spec == NASpec.of("fmri-2")


def test_all_wrong_arguments_are_told_at_once():
    with pytest.raises(ConfigError) as caught:
        fMRI_AE((2, 3), (9, 8, 7, 2), outfilter=4, na_spec="fmri-99")
    text = str(caught.value)
    for word in ("4 problems", "latent_shape", "input_shape", "outfilter", "fmri-99"):
        assert word in text
    with pytest.raises(ConfigError, match="block 1 of 1"):
        build(na_spec=None, kernel_size=9)
