"""Costs are counted by hand, of models that hand their own parameters from layer to layer too."""

import json
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from eeg2fmri.compare import cost as module
from eeg2fmri.compare.cost import measure_cost


class Pooling(nn.Module):
    """Two products: of the EEG (6 x 8 values) with 5 weights each, and of a learned query, which asks for gradients."""

    def __init__(self):
        super().__init__()
        self.query, self.first, self.second = nn.Parameter(torch.ones(1, 8)), nn.Linear(8, 5), nn.Linear(8, 5)

    def forward(self, x):
        return self.first(x[:, :, 0]) + self.second(self.query.expand(x.shape[0], -1))[:, None]


def test_multiply_adds_parameters_and_what_is_kept(tmp_path, monkeypatch):
    loaded = SimpleNamespace(model=Pooling(), card=SimpleNamespace(model={"eeg_shape": (6, 1, 8)}))
    monkeypatch.setattr(module, "load", lambda run: loaded)
    (tmp_path / "environment.json").write_text(json.dumps({"seconds": 3.5, "peak_memory_mb": 412, "device": "cpu"}))
    (tmp_path / "history.csv").write_text("epoch,train_loss,validation_loss,seconds\n1,1,1,2.0\n2,1,1,2.5\n")
    found = measure_cost(tmp_path)
    assert found["multiply_adds"] == 6 * 8 * 5 + 8 * 5
    assert found["parameters"] == 8 + 2 * (8 * 5 + 5)
    assert (found["epochs"], found["training_seconds"]) == (2, pytest.approx(4.5))
    assert found["seconds_a_volume"] > 0
    monkeypatch.setattr(module, "load", lambda run: pytest.fail("measured again"))
    assert measure_cost(tmp_path) == found
