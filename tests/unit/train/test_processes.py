"""Two processes, as two machines of one device each, take the steps of one process; what they end with is the same."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def processes(toy):
    spec = importlib.util.spec_from_file_location("processes", HERE / "processes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(torch.cuda.device_count() < 2, reason="fewer than two CUDA devices"),
        ],
    ),
]


@pytest.fixture(scope="module", params=DEVICES)
def made(request, tmp_path_factory):
    """Folder of what two processes left: machines of one CPU each (gloo), or GPUs of one machine (NCCL)."""
    folder = tmp_path_factory.mktemp("two")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = [str(HERE / "processes.py"), str(folder), request.param]
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    if request.param == "cpu":
        # what torchrun gives to the process of each of two machines; its agents wait for each other at the end, and a
        # busy machine can leave one of them waiting for minutes
        machine = {"WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "GROUP_WORLD_SIZE": "2"}
        run = {**machine, "TORCHELASTIC_RUN_ID": "two", "TORCHELASTIC_RESTART_COUNT": "0"}
        commands = [([sys.executable, *script], {**run, "RANK": str(k), "GROUP_RANK": str(k)}) for k in (0, 1)]
    else:
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--master-port", str(port), "--nproc-per-node", "2"]
        commands = [([*torchrun, *script], {})]
    started = [
        subprocess.Popen(
            command,
            env={**os.environ, **address, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for command, own in commands
    ]
    said = [process.communicate(timeout=550)[0] for process in started]
    assert not any(process.returncode for process in started), "\n".join(text[-3000:] for text in said)
    return folder


def tensors(folder, name, kind="weights", rank=0):
    found = load_file(folder / f"{kind}-{rank}.safetensors")
    return {key.removeprefix(f"{name}."): value for key, value in found.items() if key.startswith(f"{name}.")}


def difference(a, b):
    assert a.keys() == b.keys()
    return max((a[key].double() - b[key].double()).abs().max().item() for key in a)


@pytest.mark.parametrize(
    ("name", "most"), [("plain", 1e-6), ("grouped", 1e-6), ("normalised", 1e-5), ("normalised, bf16-mixed", 1e-2)]
)
def test_two_processes_take_the_steps_of_one(made, processes, toy_training, name, most):
    one = toy_training("one", **processes.settings_of(name))
    start = {key: value.clone() for key, value in one.raw.state_dict().items()}
    fitted = one.run()
    assert difference(fitted.weights, tensors(made, name)) < most
    assert difference(fitted.weights, start) > 5 * most
    history = json.loads((made / f"{name}-0.json").read_text())
    for row, expected in zip(history, fitted.history, strict=True):
        assert row["train_loss"] == pytest.approx(expected["train_loss"], rel=100 * most)
        assert row["validation_loss"] == pytest.approx(expected["validation_loss"], rel=100 * most)


def test_statistics_of_each_process_alone_train_another_model(made, processes, toy_training):
    one = toy_training("one", **processes.settings_of("apart")).run()
    together, apart = (difference(one.weights, tensors(made, name)) for name in ("normalised", "apart"))
    assert apart > 100 * together


@pytest.mark.parametrize("name", ["plain", "grouped", "normalised", "normalised, bf16-mixed", "apart"])
def test_it_does_not_matter_which_process_saves(made, name):
    ends = [tensors(made, name, "ends", rank) for rank in (0, 1)]
    assert difference(*ends) == 0
    histories = [json.loads((made / f"{name}-{rank}.json").read_text()) for rank in (0, 1)]
    losses = [[row["validation_loss"] for row in history] for history in histories]
    assert losses[0] == losses[1]


def test_two_processes_resume_to_the_same_weights(made):
    assert difference(tensors(made, "whole"), tensors(made, "resumed")) == 0


def test_the_layer_normalises_as_over_the_whole_batch(made, processes):
    norm, x, slope = processes.layer_case()
    x.requires_grad_()
    out = norm(x)
    (out * slope).sum().backward()
    parts = [tensors(made, "layer", rank=rank) for rank in (0, 1)]
    assert torch.allclose(torch.cat([part["out"] for part in parts]), out, atol=1e-10)
    assert torch.allclose(torch.cat([part["x"] for part in parts]), x.grad, atol=1e-10)
    for part in parts:
        assert torch.allclose(part["mean"], norm.running_mean, atol=1e-12)
        assert torch.allclose(part["var"], norm.running_var, atol=1e-12)
