"""Two processes give the weights of one process with the same global batch, for a model without batch norm."""

import json
import os
import subprocess
import sys

import torch
from safetensors.torch import load_file

from eeg2fmri.models.registry import build
from eeg2fmri.models.saving.hub import load
from eeg2fmri.train import run
from eeg2fmri.train.run import train_run
from eeg2fmri.train.steps import loop
from eeg2fmri.train.steps.engine import make_fabric


def train_in_two(store, folder, settings):
    config = folder.with_suffix(".json")
    config.write_text(json.dumps(settings))
    # alone on this machine, the processes meet at a port that their launcher holds from the start
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*start, "-m", "eeg2fmri", "train", str(store), str(folder), "--config", str(config)]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return load_file(folder / "weights.safetensors")


def test_two_processes_agree_with_one(small_store, small_settings, tmp_path):
    plain = {"blocks": {"batch_norm": False}}
    model = {
        **small_settings["model"],
        "encoder": plain,
        "volume_encoder": {**plain, "dropout": 0.0},
    }
    # 20 training pairs: the global batches of 4 divide among two processes without a remainder
    pairs = {"window": 4, "skip_volumes": 6}
    settings = {**small_settings, "model": model, "pairs": pairs, "optimiser": {"learning_rate": 1e-3}}
    one = load_file(train_run(small_store, tmp_path / "one", {**settings, "batch_size": 4}).run / "weights.safetensors")
    two = train_in_two(small_store, tmp_path / "two", {**settings, "batch_size": 2, "devices": 2})
    assert one.keys() == two.keys()
    # the sums of a batch are taken in another order; Adam divides by the size of the gradient
    names = [name for name in one if not name.startswith("statistics.")]
    apart = torch.cat([(one[name].double() - two[name].double()).abs().flatten() for name in names])
    assert apart.quantile(0.99).item() < 1e-6
    assert apart.max().item() < 1e-4  # a tenth of one step, of weights whose gradient is about 0
    start = build(load(tmp_path / "one").card.model).state_dict()
    moved = max((one[name] - value).abs().max().item() for name, value in start.items())
    assert moved > 1e-3


def test_states_stay_until_every_process_has_read_them(small_store, small_settings, tmp_path, monkeypatch):
    told = []

    def watched(config):
        fabric = make_fabric(config)
        monkeypatch.setattr(fabric, "barrier", lambda: told.append("all are here"))
        return fabric

    monkeypatch.setattr(run, "make_fabric", watched)
    monkeypatch.setattr(run, "remove_states", lambda folder: told.append("removed"))
    read = loop.read_best
    monkeypatch.setattr(loop, "read_best", lambda *arguments: told.append("read") or read(*arguments))
    run.train_run(small_store, tmp_path / "run", small_settings)
    assert told[-3:] == ["read", "all are here", "removed"]
