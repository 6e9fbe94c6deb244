"""A training that the system kills at any moment goes on to the very weights of one that was left alone."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from eeg2fmri.core.errors import InputError
from eeg2fmri.train.run import train_run

SCRIPT = Path(__file__).with_name("killed.py")


@pytest.fixture(scope="module")
def settings(small_settings):
    return {**small_settings, "epochs": 2, "checkpoint_minutes": 1e-9}


@pytest.fixture(scope="module")
def whole(small_store, settings, tmp_path_factory):
    run = train_run(small_store, tmp_path_factory.mktemp("whole") / "run", settings).run
    return load_file(run / "weights.safetensors")


@pytest.fixture(scope="module")
def killed(small_store, settings, tmp_path_factory):
    """Folder with a run for each moment, and what the script said."""
    folder = tmp_path_factory.mktemp("killed")
    command = [sys.executable, str(SCRIPT), str(small_store), str(folder), json.dumps(settings)]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return folder, ended.stdout


def moments():
    spec = importlib.util.spec_from_file_location("killed", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    "moment", ["within_an_epoch", "between_epochs", "while_saving", "between_weights_and_record", "saving_the_run"]
)
def test_a_killed_training_goes_on_to_the_same_weights(killed, whole, small_store, moment):
    folder, _ = killed
    assert json.loads((folder / "ends.json").read_text())[moment] == -signal.SIGKILL
    assert not (folder / moment / "weights.safetensors").exists()
    assert json.loads((folder / moment / "environment.json").read_text())["seed"] == 0
    train_run(small_store, folder / moment, resume=True)
    assert same(load_file(folder / moment / "weights.safetensors"), whole)


def test_a_training_killed_before_it_began_leaves_no_run(killed, whole, small_store, settings):
    folder, _ = killed
    run = folder / "making_the_folder"
    assert json.loads((folder / "ends.json").read_text())[run.name] == -signal.SIGKILL
    assert not run.exists()
    train_run(small_store, run, settings)
    assert same(load_file(run / "weights.safetensors"), whole)
    assert not list(folder.glob(".making*"))


def test_a_training_killed_at_its_very_end_is_complete(killed, whole, small_store):
    folder, _ = killed
    run = folder / "removing_the_states"
    assert json.loads((folder / "ends.json").read_text())[run.name] == -signal.SIGKILL
    with pytest.raises(InputError, match="is complete"):
        train_run(small_store, run, resume=True)
    assert same(load_file(run / "weights.safetensors"), whole)


def test_a_training_that_cannot_write_ends_cleanly_and_goes_on(killed, whole, small_store):
    folder, said = killed
    run = folder / "disk_full"
    assert json.loads((folder / "ends.json").read_text())[run.name] == moments().REFUSED
    assert "cannot be written" in said
    assert "--resume" in said
    assert not list(run.rglob("*.part"))
    train_run(small_store, run, resume=True)
    assert same(load_file(run / "weights.safetensors"), whole)


def test_the_weights_of_a_best_epoch_that_are_gone_are_not_replaced_by_others(small_store, settings, tmp_path):
    import shutil

    from eeg2fmri.core.errors import CheckpointError

    class Cut(Exception):
        pass

    def cut(row):
        if row["epoch"] == 2:
            raise Cut

    with pytest.raises(Cut):
        train_run(small_store, tmp_path / "run", settings, on_epoch=cut)
    shutil.rmtree(tmp_path / "run" / "states" / "best")
    with pytest.raises(CheckpointError, match="best epoch are gone"):
        train_run(small_store, tmp_path / "run", resume=True)
