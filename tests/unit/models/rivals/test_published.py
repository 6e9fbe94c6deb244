"""Sizes and shapes that the authors state, on the meta device: nothing is computed."""

import pytest
import torch

from eeg2fmri.models.capabilities import HasDepth, HasLoss, StartsFromWeights, block_of
from eeg2fmri.models.presets import model_config, rival_presets, training_of, with_preset
from eeg2fmri.models.registry import build, kinds
from eeg2fmri.models.rivals.published import TRAINED, rival, rivals
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.steps.optimiser import make_optimiser

#: Windows and targets as published.
SPECTRA, SLICES = (64, 249, 20), (64, 64, 30)
SIZES = {
    "e2fnet": (SPECTRA, SLICES),
    "e2fgan": (SPECTRA, SLICES),
    "spec2vol": (SPECTRA, SLICES),
    "neurobolt": ((26, 1, 3200), (1, 1, 1)),
    "boldflow": ((26, 1, 6400), (64, 1, 1)),
    "nt_vit": ((63, 1, 1106), SLICES),
    "eeg2bold": ((26, 1, 3200), (64, 1, 1)),
}


def _published(kind):
    eeg, volume = SIZES[kind]
    with torch.device("meta"):
        block = {"block": 4} if kind == "boldflow" else {}
        return build({"kind": kind, "eeg_shape": eeg, "volume_shape": volume, **block}).eval()


def _count(*modules):
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def test_every_published_model_is_of_the_registry_and_declares_its_facts():
    found = rivals()
    assert set(TRAINED) <= set(kinds())
    assert set(found) == {*TRAINED, "electrical_fingerprint"}
    for kind, facts in found.items():
        assert facts.kind == kind
        assert facts.paper
        assert facts.licence
        assert facts.changed
        assert (facts.recipe is None) == facts.baseline
        told = facts.model_dump(mode="json")
        assert type(facts).make(told).model_dump(mode="json") == told


def test_the_fingerprint_is_the_baseline_of_that_name():
    from eeg2fmri.models.baselines import all_baselines

    assert "electrical_fingerprint" in {baseline.name for baseline in all_baselines()}


def test_parameters_of_e2fnet_are_those_stated():
    model = _published("e2fnet")
    assert _count(model) == rival("e2fnet").parameters == 19_152_030
    assert _count(model.unet) == 18_372_608
    gan = _published("e2fgan")
    assert _count(gan) - _count(gan.critic) == 19_152_030


def test_parameters_of_neurobolt_are_those_stated():
    model = _published("neurobolt")
    assert _count(model) == rival("neurobolt").parameters == 7_906_985
    assert _count(model.temporal.blocks) == 12 * 482_480
    assert _count(model.temporal) == 12 * 482_480 + 30_176
    assert _count(model.spectral.blocks) == 1_928_000
    assert _count(model.spectral) == 1_928_000 + 158_848


def test_parameters_of_boldflow_are_those_stated_but_for_the_flow():
    model = _published("boldflow")
    temporal = _count(model.temporal, model.pooling, model.pooled) + model.query.numel()
    assert round(temporal / 1e6, 1) == 70.2
    assert round(_count(model.spectral) / 1e6, 1) == 13.0
    # 13.0 M are stated for the flow: the stated layers have 13.16 M, and so the whole .25 % more
    assert _count(model.velocity) == 13_160_192
    assert _count(model) == 96_644_480
    assert _count(model) == pytest.approx(rival("boldflow").parameters, rel=0.003)


def test_parameters_of_spec2vol_are_one_per_cent_below_those_stated():
    # 45.9 M are stated; the stated layers have 45.47 M
    model = _published("spec2vol")
    assert _count(model) == 45_466_686
    assert _count(model) == pytest.approx(rival("spec2vol").parameters, rel=0.01)


def test_parameters_of_nt_vit_lack_one_layer_of_each_part():
    # 13.26, 7.21 and 27.7 M are stated; a linear layer from 2048 to 256 features more in each part makes up for it
    model, layer = _published("nt_vit"), 2048 * 256 + 256
    assert _count(model.encoder) == 12_738_560
    assert round((_count(model.encoder) + layer) / 1e6, 2) == 13.26
    positions = model.decoder.position.numel()
    assert round((_count(model.decoder) - positions + layer) / 1e6, 2) == 7.21
    assert _count(model) + 3 * layer == pytest.approx(rival("nt_vit").parameters, rel=0.003)


@pytest.mark.parametrize("kind", TRAINED)
def test_published_sizes_give_a_volume(kind):
    model = _published(kind)
    eeg, volume = SIZES[kind]
    with torch.no_grad():
        out = model(torch.empty(2, *eeg, device="meta"))
    assert out.volume.shape == (2, block_of(model) * volume[0], *volume[1:])


@pytest.mark.parametrize("kind", TRAINED)
@pytest.mark.parametrize("volume", [(1, 1, 1), (5, 1, 1), (13, 7, 3)])
def test_laptop_sizes_fit_any_electrodes_and_targets(kind, volume):
    if kind in ("e2fnet", "e2fgan", "spec2vol") and volume == (1, 1, 1):
        volume = (2, 3, 1)
    eeg = (3, 1, 800) if rival(kind).inputs.kind == "raw" else (3, 17, 4)
    config = model_config({"preset": rival(kind).small}, eeg, volume)
    with torch.device("meta"):
        model = build(config)
    assert model.eval()(torch.empty(2, *eeg, device="meta")).volume.shape == (2, *volume)


def test_every_preset_has_a_training_that_its_model_can_take():
    for name, (kind, _) in rival_presets().items():
        values = with_preset({"model": {"preset": name}})
        config = TrainConfig.make(values)
        assert config.loss.reconstruction == "own"
        assert config.pairs.block == rival(kind).target.block == (4 if kind == "boldflow" else 1)
        assert config.optimiser.learning_rate == rival(kind).recipe.learning_rate
        eeg = (3, 1, 800) if rival(kind).inputs.kind == "raw" else (3, 17, 4)
        with torch.device("meta"):
            model = build(model_config({"preset": rival(kind).small}, eeg, (6, 7, 3)))
        assert isinstance(model, HasLoss)
        make_optimiser(model, config.optimiser)
    assert training_of("no such preset") == {}


def test_pretrained_encoders_can_be_read_where_the_facts_name_one():
    for kind in TRAINED:
        with torch.device("meta"):
            model = build(model_config({"preset": f"{kind}_small"}, (3, 1, 800), (6, 7, 3)))
        assert isinstance(model, StartsFromWeights) == bool(rival(kind).pretrained)


def test_learning_rates_of_neurobolt_follow_the_depth():
    model = _published("neurobolt")
    assert isinstance(model, HasDepth)
    assert model.layers_above("head.weight") == model.layers_above("spectral.channel") == 0
    assert model.layers_above("temporal.blocks.11.attn.qkv.weight") == 1
    assert model.layers_above("temporal.blocks.0.norm1.weight") == 12
    assert model.layers_above("temporal.pos_embed") == 13
