"""A published network is trained, saved, loaded and exported like any other."""

import csv
import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from eeg2fmri.compare.run import compare
from eeg2fmri.core.errors import CheckpointError, ConfigError
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.prepare.run import PrepareConfig, prepare
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.methods import predict_with_model, targets_of
from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.models.capabilities import block_of
from eeg2fmri.models.presets import model_config, with_preset
from eeg2fmri.models.registry import build
from eeg2fmri.models.rivals.published import TRAINED, rival
from eeg2fmri.models.saving.hub import load
from eeg2fmri.models.synthesis import synthesize
from eeg2fmri.predict.synthesizer import Synthesizer
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


def test_boldflow_predicts_blocks_of_four_and_averages_their_estimates(raw_store, small_bids, tmp_path):
    settings = with_preset(_settings("boldflow"))
    settings["model"] = {"kind": "parcelled", "regions": 5, "inner": settings["model"]}
    settings["pairs"]["target"] = "dynamics"
    run = train_run(raw_store, tmp_path / "run", settings).run
    loaded, opened = load(run), open_run(run, raw_store)
    store, pairs = Store.open(raw_store), loaded.card.pairs
    assert (pairs.block, block_of(loaded.model)) == (4, 4)
    (name,) = opened.split.test
    cut = PairDataset(store, [name], pairs)
    windows = torch.stack([cut[k].x for k in range(len(cut))])
    with torch.no_grad():
        blocks = loaded.model(windows).volume.numpy().reshape(len(windows), 4, *store.grid)
    n = len(blocks)
    by_hand = np.stack([np.mean([blocks[k + j, 3 - j] for j in range(min(4, n - k))], axis=0) for k in range(n)])
    made = predict_with_model(opened, name, "cpu", lambda *told: None)
    assert [*targets_of(opened, name)] == [*range(store.recordings[0].n_volumes - n, store.recordings[0].n_volumes)]
    np.testing.assert_allclose(made, opened.scaler.unscale(by_hand), rtol=1e-4)
    eeg = next(small_bids.rglob(f"{name}_eeg.vhdr"))
    np.testing.assert_allclose(Synthesizer(loaded).predict_volumes(eeg).volumes, made, rtol=1e-3)


def test_runs_of_boldflow_without_blocks_stay_what_they_are(raw_store, tmp_path):
    settings = with_preset(_settings("boldflow"))
    del settings["pairs"]["block"]
    settings["model"] = {"kind": "boldflow", **rival("boldflow").laptop, **SIZES["boldflow"]}
    run = train_run(raw_store, tmp_path / "run", settings).run
    assert '"block"' not in (run / "config.json").read_text()  # as before there were any
    loaded = load(run)
    loaded.model.save_pretrained(tmp_path / "again")
    assert (loaded.card.pairs.block, block_of(loaded.model)) == (1, 1)
    assert loaded.model.guess.mean.out_features == np.prod(Store.open(raw_store).grid)


def test_blocks_are_refused_where_the_model_gives_one_volume(raw_store, tmp_path):
    settings = _settings("neurobolt")
    settings["pairs"] = {**settings["pairs"], "block": 4}
    with pytest.raises(ConfigError, match=r"as many volumes(.|\n)*pairs.block(.|\n)*1, those of the model"):
        train_run(raw_store, tmp_path / "run", settings)
    assert not (tmp_path / "run").exists()


def test_the_table_has_boldflow_with_its_blocks(raw_store, tmp_path):
    settings = {**SETTINGS, "pairs": {"window_s": 8.0}, "split": {"train": 1, "validation": 1, "test": 1, "seed": 1}}
    done = compare(raw_store, tmp_path / "table", ["boldflow"], settings, device="cpu")
    run = tmp_path / "table" / "runs" / "boldflow"
    card = load(run).card
    assert (card.pairs.block, card.model["inner"]["block"], card.model["regions"]) == (4, 4, 32)
    assert done.evaluation is not None
    assert np.isfinite(done.evaluation.score("model", "temporal_r_mean"))
    assert "Block" not in done.evaluation.facts["changed"]["BOLDFlow"]
    assert load(run).model.state_dict()["inner.guess.mean.weight"].shape[0] == 4 * 32


def test_the_brain_of_every_volume_of_a_block_counts_in_a_loss(raw_store, tmp_path, monkeypatch):
    class SeenError(Exception):
        pass

    def training(*given):
        raise SeenError(given[-1])

    monkeypatch.setattr("eeg2fmri.train.run.Training", training)
    with pytest.raises(SeenError) as seen:
        train_run(
            raw_store, tmp_path / "run", _settings("boldflow", loss={"reconstruction": "squared", "voxels": "brain"})
        )
    chosen = seen.value.args[0].chosen.reshape(4, -1)
    voxels = int(np.prod(Store.open(raw_store).grid))
    assert 0 < chosen.shape[1] < voxels
    assert torch.equal(chosen, chosen[0] + voxels * torch.arange(4)[:, None])
