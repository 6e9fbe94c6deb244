"""Files of a run are read, and damage becomes a problem that the page can show."""

from __future__ import annotations

import json

import numpy as np
import pytest

from eeg2fmri.report import RunResults


@pytest.fixture
def run(tmp_path):
    (tmp_path / "train.yaml").write_text("epochs: 3\nseed: 4\n", encoding="utf-8")
    (tmp_path / "split.json").write_text(
        json.dumps({"test": ["sub-3"], "train": ["sub-1"], "validation": ["sub-2"], "store_hash": "ab"}),
        encoding="utf-8",
    )
    (tmp_path / "history.csv").write_text(
        "epoch,train_loss,validation_loss,reconstruction,learning_rate,seconds\n"
        "1,2.0,1.5,1.2,0.003,10\n2,1.5,1.1,1.0,0.003,11\n3,1.2,,0.9,0.003,12\n",
        encoding="utf-8",
    )
    (tmp_path / "environment.json").write_text('{"seed": 4}', encoding="utf-8")
    return tmp_path


def test_files_of_a_training(run):
    results = RunResults.read(run)
    assert results.settings["seed"] == 4
    assert list(results.split) == ["train", "validation", "test"]
    assert results.split["test"] == ("sub-3",)
    assert results.history.best_epoch == 2
    assert list(results.history.losses) == ["training", "validation", "reconstruction"]
    np.testing.assert_array_equal(results.history.losses["validation"], [1.5, 1.1, np.nan])
    assert results.history.seconds == 33
    assert results.evaluation is None
    assert results.problems == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [("split.json", "{"), ("train.yaml", "- 1\n"), ("history.csv", "epoch,train_loss\none,2\n"), ("config.json", "{")],
)
def test_a_damaged_file_is_named(run, name, content):
    (run / name).write_text(content, encoding="utf-8")
    problems = RunResults.read(run).problems
    assert len(problems) == 1
    assert problems[0].startswith(f"{name}: ")


def test_a_history_without_rows(run):
    (run / "history.csv").write_text("epoch,train_loss\n", encoding="utf-8")
    assert RunResults.read(run).history.best_epoch is None
