"""Costs are counted by hand, of models that hand their own parameters from layer to layer too."""

import json
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from eeg2fmri.compare import cost as module
from eeg2fmri.compare.cost import measure_cost
from eeg2fmri.nn.tokens.attention import Attention


class Pooling(nn.Module):
    """Two products: of the EEG (6 x 8 values) with 5 weights each, and of a learned query, which asks for gradients."""

    def __init__(self):
        super().__init__()
        self.query, self.first, self.second = nn.Parameter(torch.ones(1, 8)), nn.Linear(8, 5), nn.Linear(8, 5)

    def forward(self, x):
        return self.first(x[:, :, 0]) + self.second(self.query.expand(x.shape[0], -1))[:, None]


@pytest.fixture
def run_of(tmp_path, monkeypatch):
    """Make a run of a model that takes windows of a shape."""

    def make(model, shape):
        loaded = SimpleNamespace(model=model, card=SimpleNamespace(model={"eeg_shape": shape}))
        monkeypatch.setattr(module, "load", lambda run: loaded)
        (tmp_path / "environment.json").write_text(json.dumps({"seconds": 3.5, "peak_memory_mb": 412, "device": "cpu"}))
        (tmp_path / "history.csv").write_text("epoch,train_loss,validation_loss,seconds\n1,1,1,2.0\n2,1,1,2.5\n")
        return tmp_path

    return make


def test_multiply_adds_parameters_and_what_is_kept(run_of, tmp_path, monkeypatch):
    found = measure_cost(run_of(Pooling(), (6, 1, 8)))
    assert found["multiply_adds"] == 6 * 8 * 5 + 8 * 5
    assert found["parameters"] == 8 + 2 * (8 * 5 + 5)
    assert (found["epochs"], found["training_seconds"]) == (2, pytest.approx(4.5))
    assert found["seconds_a_volume"] > 0
    monkeypatch.setattr(module, "load", lambda run: pytest.fail("measured again"))
    assert measure_cost(tmp_path) == found


class Attending(nn.Module):
    """Seven tokens of 8 features: queries, keys and values, products of every pair of tokens twice, one layer more."""

    def __init__(self):
        super().__init__()
        self.attention = Attention(8, 2)

    def forward(self, x):
        return self.attention(x[:, :, 0])


def test_the_products_of_attention_count_on_a_processor_too(run_of):
    found = measure_cost(run_of(Attending(), (7, 1, 8)))
    assert found["multiply_adds"] == 7 * 8 * 24 + 2 * 7 * 7 * 8 + 7 * 8 * 8


def test_a_cost_that_an_earlier_version_counted_is_counted_again(run_of):
    run = run_of(Pooling(), (6, 1, 8))
    (run / "cost.json").write_text(json.dumps({"multiply_adds": 1, "parameters": 1}))
    assert measure_cost(run)["multiply_adds"] == 6 * 8 * 5 + 8 * 5
