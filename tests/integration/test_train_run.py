"""From a store to a run folder that explains itself, and back after a kill."""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest
import torch
import yaml

from eeg2fmri.core.disk.lock import locked
from eeg2fmri.core.errors import CheckpointError, ConfigError, Eeg2FmriError, InputError
from eeg2fmri.data.prepare.run import PrepareConfig, prepare
from eeg2fmri.data.store.store import Store
from eeg2fmri.train.run import train_run


def test_a_run_explains_itself(small_run, small_store):
    store = Store.open(small_store)
    assert sorted(path.name for path in small_run.iterdir()) == [
        "config.json",
        "environment.json",
        "history.csv",
        "recordings.json",
        "split.json",
        "train.yaml",
        "weights.safetensors",
    ]
    split = json.loads((small_run / "split.json").read_text())
    assert split["store_hash"] == store.hash
    parts = [set(split[part]) for part in ("train", "validation", "test")]
    assert set.union(*parts) == {recording.id for recording in store.recordings}
    assert sum(map(len, parts)) == 3
    assert yaml.safe_load((small_run / "train.yaml").read_text())["pairs"]["window"] == 4
    quality = {entry["id"]: entry["quality"] for entry in json.loads((small_run / "recordings.json").read_text())}
    assert quality == {recording.id: recording.quality for recording in store.recordings}
    environment = json.loads((small_run / "environment.json").read_text())
    assert environment["packages"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert environment["peak_memory_mb"] > 50
    assert environment["store_hash"] == store.hash
    assert environment["data_config_hash"] == store.config.fingerprint()
    assert environment["seeds"] == {"training": 0, "split": 1, "model": 0}
    assert environment["seconds"] >= environment["timings"]["training"] + environment["timings"]["validation"] > 0
    assert environment["timings"]["training"] > environment["timings"]["loading"] > 0
    header, row = (small_run / "history.csv").read_text().splitlines()
    assert {"epoch", "train_loss", "train_latent", "validation_loss", "seconds"} <= set(header.split(","))
    assert {"seconds_loading", "seconds_validation"} <= set(header.split(","))
    assert row.startswith("1,")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_run_names_the_commit_of_its_data(small_bids, small_settings, tmp_path):
    bids = shutil.copytree(small_bids, tmp_path / "bids")

    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        return subprocess.run(["git", *who, "-C", bids, *words], check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "data")
    prepare(bids, tmp_path / "store", PrepareConfig())
    run = train_run(tmp_path / "store", tmp_path / "run", small_settings).run
    data = json.loads((run / "environment.json").read_text())["data"]
    assert data == {"commit": git("rev-parse", "HEAD").strip(), "changed": False}


def test_progress_tells_loss_and_rate(small_store, small_settings, tmp_path):
    said = []
    train_run(
        small_store, tmp_path / "run", small_settings, progress=lambda what, *numbers: said.append((what, *numbers))
    )
    text, done, total = said[-1]
    assert re.fullmatch(r"Epoch 1/1, loss \d+\.\d{4}, [\d.e+]+ pairs/s", text)
    assert done == total == len(said)


def test_the_statistics_are_those_of_the_training_part_alone(small_run, small_store):
    from eeg2fmri.models.saving.hub import load

    split = json.loads((small_run / "split.json").read_text())
    store = Store.open(small_store)
    expected = store.voxel_mean(split["train"][0])
    assert torch.allclose(torch.tensor(load(small_run).statistics.voxel_mean), torch.tensor(expected), rtol=1e-6)


def test_the_same_seed_gives_the_same_weights(small_run, small_store, small_settings, tmp_path):
    again = train_run(small_store, tmp_path / "again", small_settings).run
    other = train_run(small_store, tmp_path / "other", {**small_settings, "seed": 5}).run
    name = "weights.safetensors"
    assert (again / name).read_bytes() == (small_run / name).read_bytes()
    assert (other / name).read_bytes() != (small_run / name).read_bytes()


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_leaves_a_usable_run_and_goes_on(asked, small_store, small_settings, tmp_path):
    def interrupt(what, done, total):
        if done == 2:
            os.kill(os.getpid(), asked)

    result = train_run(small_store, tmp_path / "run", small_settings, progress=interrupt)
    assert result.interrupted
    assert result.fitted.signal == asked
    assert "not validated" in result.summary()
    assert (tmp_path / "run" / "weights.safetensors").exists()
    assert not train_run(small_store, tmp_path / "run", resume=True).interrupted


def test_an_interrupted_training_goes_on_by_the_same_settings_and_by_no_others(small_store, small_settings, tmp_path):
    def interrupt(what, done, total):
        if done == 2:
            os.kill(os.getpid(), signal.SIGINT)

    given = {**small_settings, "seed": 3}
    assert train_run(small_store, tmp_path / "run", given, progress=interrupt).interrupted
    with pytest.raises(InputError, match=r"settings cannot change(.|\n)*got: +seed"):
        train_run(small_store, tmp_path / "run", {**given, "seed": 4}, resume=True)
    changed = {"batch_size": 3, "pairs": {**small_settings["pairs"], "window": 9}}
    with pytest.raises(InputError, match=r"settings cannot change(.|\n)*got: +batch_size, pairs"):
        train_run(small_store, tmp_path / "run", {**given, **changed}, resume=True)
    assert not train_run(small_store, tmp_path / "run", given, resume=True).interrupted


def test_an_existing_run_is_not_overwritten(small_run, small_store, small_settings):
    with pytest.raises(InputError, match="exists already"):
        train_run(small_store, small_run, small_settings)


def test_a_complete_run_cannot_be_resumed(small_run, small_store):
    with pytest.raises(InputError, match="is complete"):
        train_run(small_store, small_run, resume=True)


def test_nothing_to_resume_is_said(small_store, tmp_path):
    with pytest.raises(InputError, match="no training to go on with"):
        train_run(small_store, tmp_path / "nowhere", resume=True)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"epoch": 3}, ConfigError, "did you mean 'epochs'"),
        ({"model": {"preset": "documentd"}}, ConfigError, "did you mean 'documented'"),
        ({"model": {"preset": "documented", "latent": [2, 2, 2]}}, ConfigError, "latent"),
        ({"pairs": {"window": 400}}, InputError, "shorter than one window"),
        ({"split": {"test": ["09"]}}, InputError, "09"),
        ({"optimiser": {"betas": [2, 2]}}, ConfigError, "less than 1"),
        ({"optimiser": {"learning_rate": 1e30}}, Eeg2FmriError, "lower optimiser.learning_rate"),
        ({"optimiser": {"layer_decay": 0.5}}, ConfigError, "have no depth"),
        ({"workers": 2**70}, ConfigError, "less than or equal to 1024"),
        *(({"model": {"preset": name}}, ConfigError, "the model has no name") for name in (None, [], {}, ["text", 1])),
    ],
)
def test_wrong_settings_leave_nothing_behind(small_store, small_settings, tmp_path, change, error, message):
    with pytest.raises(error, match=message):
        train_run(small_store, tmp_path / "run", {**small_settings, **change})
    assert not list(tmp_path.iterdir())


def test_any_error_before_the_first_state_leaves_nothing(small_store, small_settings, tmp_path):
    def broken(what, done, total):
        raise RuntimeError("the bar broke")

    with pytest.raises(RuntimeError, match="the bar broke"):
        train_run(small_store, tmp_path / "run", small_settings, progress=broken)
    assert not list(tmp_path.iterdir())


def test_one_training_at_a_time_writes_to_a_run(small_store, small_settings, tmp_path):
    with (
        locked(tmp_path / "run", "a training of this run"),
        pytest.raises(InputError, match="a training of this run is under way"),
    ):
        train_run(small_store, tmp_path / "run", small_settings)


def test_a_run_is_not_resumed_on_another_store(small_store, small_settings, small_bids, tmp_path):
    def interrupt(what, done, total):
        if done == 1:
            os.kill(os.getpid(), signal.SIGINT)

    train_run(small_store, tmp_path / "run", small_settings, progress=interrupt)
    prepare(small_bids, tmp_path / "other", PrepareConfig(n_bins=20))
    with pytest.raises(CheckpointError, match="another store"):
        train_run(tmp_path / "other", tmp_path / "run", resume=True)


def test_epochs_are_written_down_while_the_training_runs(small_store, small_settings, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run, seen = tmp_path / "run", []
    settings = {**small_settings, "epochs": 2, "logs": ["csv", "tensorboard"]}
    result = train_run(
        small_store,
        run,
        settings,
        on_epoch=lambda row: seen.append(len((run / "history.csv").read_text().splitlines())),
    )
    assert seen == [2, 3]
    events = EventAccumulator(str(run / "tensorboard")).Reload()
    losses = [event.value for event in events.Scalars("validation/loss")]
    assert losses == pytest.approx([row["validation_loss"] for row in result.fitted.history], rel=1e-6)
