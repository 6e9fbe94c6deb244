"""Files of a run are read, and damage becomes a problem that the page can show."""

from __future__ import annotations

import json

import numpy as np
import pytest

from eeg2fmri.report import RunResults
from eeg2fmri.report.read.run_files import RunFiles


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


def test_quality_of_recordings_has_units_and_parts(run):
    quality = {
        "trigger_jitter_s": 0.0015,
        "eeg_std_v": 2e-5,
        "bad_electrodes": ["T7"],
        "new_measure": 3,
        "warnings": ["w"],
    }
    recordings = [{"id": "sub-3", "quality": quality}, {"id": "sub-9", "quality": {}}]
    (run / "recordings.json").write_text(json.dumps(recordings), encoding="utf-8")
    test, other = RunResults.read(run).quality
    assert (test.id, test.part, other.part) == ("sub-3", "test", "unused")
    assert test.measures["Trigger jitter (ms)"] == pytest.approx(1.5)
    assert test.measures["EEG SD (\N{MICRO SIGN}V)"] == pytest.approx(20)
    assert test.measures["Bad electrodes"] == ["T7"]
    assert test.measures["new measure"] == 3
    assert test.warnings == ("w",)


def test_blocks_of_a_recording_may_be_in_several_parts(run):
    parts = {
        "train": ["sub-3_volumes-0to40", "sub-3_volumes-90to99"],
        "validation": [],
        "test": ["sub-3_volumes-50to80"],
    }
    (run / "split.json").write_text(json.dumps(parts), encoding="utf-8")
    (run / "recordings.json").write_text(json.dumps([{"id": "sub-3", "quality": {}}]), encoding="utf-8")
    assert RunResults.read(run).quality[0].part == "train, test"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("split.json", "{"),
        ("train.yaml", "- 1\n"),
        ("history.csv", "epoch,train_loss\none,2\n"),
        ("config.json", "{"),
        ("recordings.json", "{}x"),
    ],
)
def test_a_damaged_file_is_named(run, name, content):
    (run / name).write_text(content, encoding="utf-8")
    problems = RunResults.read(run).problems
    assert len(problems) == 1
    assert problems[0].startswith(f"{name}: ")


def test_a_history_without_rows(run):
    (run / "history.csv").write_text("epoch,train_loss\n", encoding="utf-8")
    assert RunResults.read(run).history.best_epoch is None


@pytest.mark.parametrize(("file", "key"), [("environment.json", "packages"), ("config.json", "pairs")])
def test_an_entry_that_is_no_mapping_is_left_out_and_named(run, file, key):
    (run / file).write_text(json.dumps({key: 10**9, "seed": 4}), encoding="utf-8")
    results = RunResults.read(run)
    assert results.problems == (f"{file}: {key} is no mapping (int)",)
    found = results.environment if file == "environment.json" else results.card
    assert found == {"seed": 4}


def test_recordings_nested_without_end_are_a_problem(run):
    (run / "recordings.json").write_text("[" * 5000 + "]" * 5000, encoding="utf-8")
    assert RunResults.read(run).problems == ("recordings.json: ValueError: nested too deeply",)


def test_numbers_of_json_are_numbers_however_they_are_written(tmp_path):
    (tmp_path / "config.json").write_text('{"tr": 1e+30, "model": {"rate": 1e-05}}')
    files = RunFiles(tmp_path)
    assert files.mapping("config.json") == {"tr": 1e30, "model": {"rate": 1e-5}}
    assert not files.problems


@pytest.mark.parametrize("content", ["[1]", "{", '{"tr": 1, "tr": 2}'])
def test_json_that_holds_no_mapping_is_a_problem_with_its_name(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    files = RunFiles(tmp_path)
    assert files.mapping("config.json") == {}
    assert [problem.split(":")[0] for problem in files.problems] == ["config.json"]
