from __future__ import annotations

import json

import pytest
import torch
import yaml

from eeg2fmri.core.errors import ConfigError, ShapeError
from eeg2fmri.models.documented.na_spec import NOMINAL_SHAPES, NASpec, preset_names
from eeg2fmri.models.documented.synthesizer import SynthesizerConfig, SynthesizerNetwork

SEED_EXAMPLE = ([(2, 2, 2), (2, 2, 2)], [(1, 1, 1), (1, 1, 1)], True, (2, 2, 2), (1, 1, 1))


def test_every_form_gives_the_same_specification(tmp_path):
    spec = NASpec.of(SEED_EXAMPLE)
    assert spec.kernels == ((2, 2, 2), (2, 2, 2))
    assert spec.pool == ((2, 2, 2), (1, 1, 1))
    assert NASpec.of(spec) is spec
    forms = {
        "mapping.json": json.dumps(spec.model_dump()),
        "tuple.json": json.dumps(SEED_EXAMPLE),
        "mapping.yaml": yaml.safe_dump(spec.model_dump(mode="json")),
        "tuple.yml": yaml.safe_dump(json.loads(json.dumps(SEED_EXAMPLE))),
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text)
        assert NASpec.of(tmp_path / name) == spec
        assert NASpec.of(str(tmp_path / name)) == spec


def test_presets_have_names():
    assert preset_names() == tuple(f"{kind}-{i}" for kind in ("eeg", "fmri") for i in range(1, 16))
    assert NASpec.of("eeg-2").kernels == ((7, 37, 2), (7, 7, 2))
    assert NASpec.of("fmri-2").strides == ((2, 1, 1), (1, 1, 1), (1, 1, 1))


@pytest.mark.parametrize("number", range(1, 16))
def test_presets_build_at_the_published_shapes(number):
    eeg, fmri = NOMINAL_SHAPES["eeg"], NOMINAL_SHAPES["fmri"]
    config = SynthesizerConfig.documented(
        eeg,
        fmri,
        encoder={"blocks": {"na_spec": f"eeg-{number}"}},
        volume_encoder={"blocks": {"na_spec": f"fmri-{number}"}},
    )
    assert config.encoder.blocks.na_spec == NASpec.of(f"eeg-{number}")
    # without memory: shapes are computed, weights are not
    with torch.device("meta"):
        model = SynthesizerNetwork(config).eval()
        out = model(torch.empty(2, *eeg), torch.empty(2, *fmri))
    assert out.volume.shape == (2, *fmri)
    assert out.z_eeg.shape == out.z_fmri.shape == (2, 7, 7, 7)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("eeg-16", ["eeg-16", "eeg-1 to eeg-15"]),
        (SEED_EXAMPLE[:4], ["4 parts", "pool_stride"]),
        ({"kernels": [(2, 2, 2)], "strides": [(1, 1, 1), (1, 1, 1)]}, ["1 kernels but 2 strides"]),
        ({"kernels": [(2, 0, 2)], "strides": [(1, 1, 1)]}, ["kernels.0.1", "greater than or equal to 1"]),
        ({"kernels": [], "strides": []}, ["kernels"]),
        ("nowhere.yaml", ["nowhere.yaml", "cannot be read"]),
        (7, ["na_spec"]),
    ],
)
def test_wrong_forms_are_named(value, words):
    with pytest.raises(ConfigError) as caught:
        NASpec.of(value)
    assert all(word in str(caught.value) for word in words)


def test_a_kernel_that_does_not_fit_names_block_input_kernel_and_stride():
    spec = NASpec(kernels=((3, 4, 2), (9, 2, 2)), strides=((2, 1, 1), (1, 3, 1)), pool_kernel=(2, 2, 1))
    with pytest.raises(ShapeError) as caught:
        spec.check((12, 10, 5), "EEG encoder")
    text = str(caught.value)
    for word in ("EEG encoder", "block 2 of 2", "input 4 x 6 x 4", "kernel 9 x 2 x 2", "stride 1 x 3 x 1"):
        assert word in text


def test_a_pooling_that_does_not_fit_is_named():
    spec = NASpec(kernels=((12, 4, 2),), strides=((2, 1, 1),), pool_kernel=(2, 2, 1))
    with pytest.raises(ShapeError, match="pooling kernel 2 x 2 x 1") as caught:
        spec.check((12, 10, 5))
    assert "convolution output 1 x 7 x 4" in str(caught.value)
    NASpec.of({**spec.model_dump(), "maxpool": False}).check((12, 10, 5))


@pytest.mark.parametrize("shape", [(64, 134, 10), (80, 140, 12), (19, 30, 10), (5, 9, 4), (3, 200, 2), (1, 1, 1)])
@pytest.mark.parametrize("preset", ["eeg-2", "eeg-13", "eeg-8"])
def test_a_preset_is_fitted_to_any_shape(shape, preset):
    spec = NASpec.for_shape(shape, preset)
    assert spec.problems(shape, "") == []
    if not NASpec.of(preset).problems(shape, ""):
        assert spec == NASpec.of(preset)


def test_a_fitted_preset_keeps_its_proportions():
    spec = NASpec.for_shape((32, 67, 10), "eeg-2")
    assert spec.kernels == ((4, 18, 2), (4, 4, 2))
    assert spec.strides == ((2, 2, 1), (1, 1, 1))
    assert spec.pool_kernel == (2, 2, 1)


def test_adapting_changes_the_first_stride_on_changed_axes_alone():
    spec = NASpec.of("eeg-2")
    more = spec.adapted((64, 134, 10), (128, 134, 10))
    assert more.strides == ((6, 5, 1), (2, 2, 1))
    assert more.kernels == spec.kernels
    assert spec.adapted((64, 134, 10), (64, 134, 10)) == spec
    fewer = spec.adapted((64, 134, 10), (19, 134, 10))
    assert fewer.problems((19, 134, 10), "") == []
    assert [k[1:] for k in fewer.kernels] == [k[1:] for k in spec.kernels]
