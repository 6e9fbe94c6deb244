from __future__ import annotations

import resource

import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import CheckpointError, ConfigError
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.files import WEIGHTS, file_digest, write_files
from eeg2fmri.models.saving.hub import load, save


def test_model_card_and_statistics_come_back(synthesizer, synthesizer_card, group, windows, tmp_path):
    save(tmp_path / "run", synthesizer, synthesizer_card, group)
    loaded = load(tmp_path / "run")
    assert loaded.card == synthesizer_card
    assert loaded.digest == file_digest(tmp_path / "run" / WEIGHTS)
    for name, array in group.arrays().items():
        again = loaded.statistics.arrays()[name]
        assert again.dtype == array.dtype
        assert np.array_equal(again, array)
    x = torch.from_numpy(windows)
    with torch.no_grad():
        assert torch.equal(loaded.model(x).volume, synthesizer(x).volume)
    assert loaded.model.card == synthesizer_card
    assert loaded.model.statistics is loaded.statistics


def test_scaler_brings_outputs_to_bold_units(synthesizer, synthesizer_card, group, tmp_path):
    save(tmp_path / "with", synthesizer, synthesizer_card, group)
    scaler = load(tmp_path / "with").scaler()
    assert scaler.unscale(np.array(2.0)) == pytest.approx(2.0 * group.std + group.mean)
    save(tmp_path / "without", synthesizer, synthesizer_card)
    loaded = load(tmp_path / "without")
    assert loaded.statistics is None
    with pytest.raises(CheckpointError, match="no statistics"):
        loaded.scaler()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_float_type_comes_back_for_tables_too(synthesizer, synthesizer_card, dtype, tmp_path):
    save(tmp_path / "run", synthesizer.to(dtype), synthesizer_card)
    model = load(tmp_path / "run").model
    assert {tensor.dtype for tensor in [*model.parameters(), *model.buffers()]} == {dtype}


def test_a_reloaded_model_trains(synthesizer, synthesizer_card, windows, tmp_path):
    save(tmp_path / "run", synthesizer, synthesizer_card)
    model = load(tmp_path / "run").model.train()
    model(torch.from_numpy(windows), generator=torch.Generator().manual_seed(0)).volume.sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    # the file is not the memory of the weights
    again = load(tmp_path / "run").model
    assert torch.equal(again.head.up.bias, synthesizer.head.up.bias)
    assert not torch.equal(again.head.up.bias, model.head.up.bias)


def test_card_of_another_model_is_refused(synthesizer, synthesizer_config, tmp_path):
    other = ModelCard.of_model(synthesizer_config.model_copy(update={"seed": 1}))
    with pytest.raises(ConfigError, match="card is not of this model"):
        save(tmp_path / "run", synthesizer, other)
    with pytest.raises(ConfigError, match="card is not of this model"):
        save(tmp_path / "run", synthesizer.eeg_encoder, other)
    assert not (tmp_path / "run").exists()


def _write(folder, model, card, **changes):
    tensors = {**model.state_dict(), **changes}
    write_files(folder, card.model_dump(mode="json"), {k: v for k, v in tensors.items() if v is not None}, {})


def test_all_tensors_that_do_not_fit_are_named(synthesizer, synthesizer_card, tmp_path):
    changes = {
        "output_filter.gain": None,
        "head.up.bias": torch.zeros(3),
        "strange": torch.zeros(1),
        "scale.bias": torch.zeros(1, dtype=torch.int64),
    }
    _write(tmp_path / "run", synthesizer, synthesizer_card, **changes)
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path / "run")
    found = {problem.where.split(": ")[1]: problem.what for problem in caught.value.problems}
    assert found == {
        "head.up.bias": "a tensor has the wrong shape",
        "output_filter.gain": "a tensor is missing",
        "scale.bias": "a tensor has the wrong type",
        "strange": "a tensor is unknown to the model",
    }


def test_mixed_float_types_are_refused(synthesizer, synthesizer_card, tmp_path):
    _write(tmp_path / "run", synthesizer, synthesizer_card, **{"scale.bias": torch.zeros(1, dtype=torch.float64)})
    with pytest.raises(CheckpointError, match="not of one float type"):
        load(tmp_path / "run")


def test_settings_that_are_wrong_are_checkpoint_errors(synthesizer, synthesizer_card, tmp_path):
    values = synthesizer_card.model_dump(mode="json")
    values["model"] = {**values["model"], "style": "baroque", "latent": 3}
    write_files(tmp_path / "run", values, synthesizer.state_dict(), {})
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path / "run")
    assert len(caught.value.problems) == 2
    values["model"] = {"kind": "transformer"}
    write_files(tmp_path / "run", values, synthesizer.state_dict(), {})
    with pytest.raises(CheckpointError, match="no such kind"):
        load(tmp_path / "run")
    write_files(tmp_path / "run", {"colour": "red"}, synthesizer.state_dict(), {})
    with pytest.raises(CheckpointError, match="unknown setting"):
        load(tmp_path / "run")


def test_statistics_on_another_grid_or_incomplete_are_refused(synthesizer, synthesizer_card, group, tmp_path):
    values = synthesizer_card.model_dump(mode="json")
    statistics = {name: torch.from_numpy(np.array(array)) for name, array in group.arrays().items()}
    wrong = {**statistics, "voxel_std": torch.ones(2, 2, 2), "mask": torch.ones(6, 4, dtype=torch.bool)}
    write_files(tmp_path / "run", values, synthesizer.state_dict(), wrong)
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path / "run")
    assert [problem.where.split(": ")[1] for problem in caught.value.problems] == ["voxel_std", "mask"]
    del statistics["mean"]
    write_files(tmp_path / "run", values, synthesizer.state_dict(), statistics)
    with pytest.raises(CheckpointError, match="statistics are damaged"):
        load(tmp_path / "run")


def test_weights_are_as_readable_as_the_config(synthesizer, synthesizer_card, tmp_path):
    save(tmp_path, synthesizer, synthesizer_card)
    assert (tmp_path / WEIGHTS).stat().st_mode == (tmp_path / "config.json").stat().st_mode


def test_weights_that_are_not_finite_are_named(synthesizer, synthesizer_card, tmp_path):
    nan = torch.full_like(synthesizer.state_dict()["head.up.bias"], torch.nan)
    _write(tmp_path / "run", synthesizer, synthesizer_card, **{"head.up.bias": nan})
    with pytest.raises(CheckpointError, match=r"not finite(.|\n)*head\.up\.bias"):
        load(tmp_path / "run")
    with torch.no_grad():
        synthesizer.head.up.bias[0] = torch.inf
    with pytest.raises(CheckpointError, match=r"not finite(.|\n)*head\.up\.bias"):
        save(tmp_path / "other", synthesizer, synthesizer_card)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("size", [10**6, 10**10, 2**62])
def test_settings_of_another_size_are_refused_before_memory_is_taken(synthesizer, synthesizer_card, tmp_path, size):
    values = synthesizer_card.model_dump(mode="json")
    values["model"] = {**values["model"], "volume_shape": [size, 6, 4]}
    write_files(tmp_path / "run", values, synthesizer.state_dict(), {})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError):
        load(tmp_path / "run")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB
