"""A published network is trained, saved, loaded and exported like any other."""

import csv
import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from eeg2fmri.core.errors import CheckpointError, ConfigError
from eeg2fmri.data.prepare.run import PrepareConfig, prepare
from eeg2fmri.models.presets import model_config
from eeg2fmri.models.registry import build
from eeg2fmri.models.rivals.published import TRAINED, rival
from eeg2fmri.models.saving.hub import load
from eeg2fmri.models.synthesis import synthesize
from eeg2fmri.train.run import train_run

#: Smaller than `_small`: a step of each takes a blink.
SIZES = {
    "e2fnet": {"widths": [8, 8, 8, 16]},
    "e2fgan": {"widths": [8, 8, 8, 16], "critic_widths": [2, 2, 3, 3]},
    "spec2vol": {"width": 8, "branch": 3, "heads": 2, "unet_width": 8, "depths": [1, 1]},
    "neurobolt": {"depth": 1, "spectral_depth": 1, "scales": [50, 100]},
    "boldflow": {"depth": 1, "scales": [50, 100], "steps": 3, "ensemble": 4},
    "nt_vit": {},
    "eeg2bold": {},
}
SETTINGS = {"epochs": 1, "batch_size": 16, "accelerator": "cpu", "split": {"seed": 1}}


@pytest.fixture(scope="module")
def raw_store(small_bids, tmp_path_factory):
    config = PrepareConfig.make({"raw": {"rate": 100}})
    return prepare(small_bids, tmp_path_factory.mktemp("rivals") / "store", config).path


def _settings(kind, **changes):
    pairs = {"window_s": 6.0} if rival(kind).inputs.window_s else {}
    if rival(kind).inputs.kind == "rectangular":
        pairs = {"window": 4, "bins": 30}
    return {**SETTINGS, "pairs": pairs, "model": {"preset": rival(kind).small, **SIZES[kind]}, **changes}


@pytest.mark.parametrize("kind", TRAINED)
def test_every_published_network_takes_its_own_training(kind, raw_store, tmp_path):
    run = train_run(raw_store, tmp_path / "run", _settings(kind)).run
    (row,) = csv.DictReader((run / "history.csv").read_text().splitlines())
    assert 0 <= float(row["validation_reconstruction"]) < 100
    model = load(run).model
    assert type(model) is type(build(model.config))
    window = np.zeros(model.config.eeg_shape, np.float32)
    (volume,) = synthesize(model, [window])
    assert volume.shape == model.config.volume_shape
    assert np.isfinite(volume).all()
    started = json.loads((run / "environment.json").read_text()).get("encoder")
    assert started == ("random" if rival(kind).pretrained else None)


def test_an_encoder_starts_from_a_file_and_the_run_says_which(raw_store, tmp_path):
    settings = _settings("neurobolt")
    run = train_run(raw_store, tmp_path / "first", settings).run
    encoder = load(run).model.temporal.state_dict()
    save_file(encoder, tmp_path / "labram.safetensors")
    again = {**settings, "encoder_weights": str(tmp_path / "labram.safetensors")}
    again["optimiser"] = {"learning_rate": 1e-9, "floor": 0.0, "warmup_epochs": 0}
    second = train_run(raw_store, tmp_path / "second", again).run
    for name, tensor in load(second).model.temporal.state_dict().items():
        torch.testing.assert_close(tensor, encoder[name], rtol=0, atol=1e-6)
    assert json.loads((second / "environment.json").read_text())["encoder"].startswith("labram.safetensors, SHA-256 ")
    with pytest.raises(CheckpointError, match="no such file"):
        train_run(raw_store, tmp_path / "third", {**settings, "encoder_weights": "absent.pth"})
    assert not (tmp_path / "third").exists()
    with pytest.raises(ConfigError, match="no encoder that starts from a file"):
        train_run(raw_store, tmp_path / "third", {**_settings("e2fnet"), "encoder_weights": "absent.pth"})


def test_presets_with_a_typing_error_are_told():
    with pytest.raises(ConfigError, match="did you mean 'e2fnet'"):
        model_config({"preset": "e2fnett"}, (3, 17, 4), (6, 7, 3))
