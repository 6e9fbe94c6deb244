"""A run for each fold, each tested once, in one table: for people and for minutes; killed, resumed, refused."""

from __future__ import annotations

import csv
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eeg2fmri.cli.console import ProgressLines
from eeg2fmri.cli.main import run as command_line
from eeg2fmri.core.disk.lock import locked
from eeg2fmri.core.errors import CheckpointError, ConfigError, InputError, LeakageError
from eeg2fmri.crossvalidate import run as module
from eeg2fmri.crossvalidate.run import cross_validate
from eeg2fmri.data.splits.make import read_split
from eeg2fmri.evaluate.run import evaluate_run

#: Seconds for all folds: the closed form, and windows of six volumes.
SETTINGS: dict[str, Any] = {
    "model": {"preset": "recommended"},
    "pairs": {"window": 6},
    "accelerator": "cpu",
    "split": {"folds": "leave-one-out"},
}


def read(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def done(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cross-validation of three subjects."""
    out = tmp_path_factory.mktemp("crossvalidation") / "cv"
    assert cross_validate(small_store, out, SETTINGS).evaluation is not None
    return out


@pytest.fixture
def copied(done: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(done, tmp_path / "cv"))


def test_every_subject_is_tested_by_the_run_that_has_not_seen_it(done: Path, small_store: Path) -> None:
    scores = read(done / "scores.json")
    assert scores["protocol"] == "leave-one-subject-out"
    assert scores["protocol_label"].startswith("leave one subject out, 3 folds together: the model has seen nothing")
    assert sorted(scores["subjects"]) == ["01", "02", "03"]
    for fold in (1, 2, 3):
        run = done / f"fold-{fold:02d}"
        split, _ = read_split(run)
        assert (split.fold, split.folds, len(split.test)) == (fold, 3, 1)
        assert len(read(run / "evaluation" / "reads.json")) == 1
        own = read(run / "evaluation" / "scores.json")
        assert own["protocol_label"] == split.label
        subject = own["subjects"][0]
        for row in own["scores"]:
            pooled = next(r for r in scores["scores"] if (r["method"], r["subject"]) == (row["method"], subject))
            assert pooled["temporal_r"] == pytest.approx(row["temporal_r"], abs=1e-12)
    model = [row["temporal_r"] for row in scores["scores"] if row["method"] == "model"]
    mean = next(row for row in scores["pooled"] if row["method"] == "model")["temporal_r"]
    assert mean["mean"] == pytest.approx(np.mean(model))
    assert mean["low"] <= mean["mean"] <= mean["high"]
    assert [one["times_read"] for one in scores["each_fold"]] == [1, 1, 1]
    with (done / "scores.csv").open() as stream:
        assert {row["protocol"] for row in csv.DictReader(stream)} == {"leave-one-subject-out"}
    # a fold is a run like any other, and reading it again is written down
    again = evaluate_run(shutil.copytree(done / "fold-01", done.parent / "again"), small_store)
    assert again.facts["times_read"] == 2


def test_what_is_done_is_neither_trained_nor_read_again(
    copied: Path, small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(copied / "scores.json")
    monkeypatch.setattr(module, "train_run", lambda *a, **k: pytest.fail("trained again"))
    monkeypatch.setattr(module, "evaluate_run", lambda *a, **k: pytest.fail("read again"))
    assert cross_validate(small_store, copied, SETTINGS).left == ()
    after = read(copied / "scores.json")
    assert after["scores"] == before["scores"]
    assert after["significance"] == before["significance"]


def test_a_killed_fold_goes_on(copied: Path, small_store: Path, done: Path) -> None:
    # killed in the training of the second fold, and in the evaluation of the third
    run = copied / "fold-02"
    (run / "weights.safetensors").unlink()
    (run / "config.json").unlink()
    (run / "states").mkdir()
    shutil.rmtree(run / "evaluation")
    (copied / "fold-03" / "evaluation" / "scores.json").unlink()
    for name in ("scores.json", "scores.csv", "recordings.npz"):
        (copied / name).unlink()
    found = cross_validate(small_store, copied, SETTINGS, only=[2])
    assert (found.left, found.evaluation) == ((3,), None)
    assert not (copied / "scores.json").exists()
    said: list[str] = []
    told: list[str] = []
    progress = ProgressLines(told.append, itertools.count(0, 60).__next__)
    assert cross_validate(small_store, copied, SETTINGS, say=said.append, progress=progress).left == ()
    assert {line.split(":")[0] for line in told} == {"Folds"}  # nothing of what is within a fold
    assert said[0].startswith("Fold 3 of 3: tests sub-")
    before, after = read(done / "scores.json"), read(copied / "scores.json")
    assert after["scores"] == before["scores"]
    assert [one["times_read"] for one in after["each_fold"]] == [1, 1, 2]
    assert any("fold 3 2 times" in note for note in after["notes"])


def test_a_folder_that_another_process_works_in_is_refused(copied: Path, small_store: Path) -> None:
    before = read(copied / "scores.json")
    with locked(copied, "somebody else's work"), pytest.raises(InputError, match="together is under way in another"):
        cross_validate(small_store, copied, SETTINGS)
    shutil.rmtree(copied / "fold-02" / "evaluation")
    with locked(copied / "fold-02-work", "another fold"), pytest.raises(InputError, match="fold 2 of this"):
        cross_validate(small_store, copied, SETTINGS, only=[2])
    assert read(copied / "scores.json") == before


def test_a_leak_that_comes_in_later_is_refused(copied: Path, small_store: Path) -> None:
    path = copied / "fold-02" / "split.json"
    facts = read(path)
    path.write_text(json.dumps(facts | {"test": facts["train"]}))
    shutil.rmtree(copied / "fold-02" / "evaluation")
    with pytest.raises(LeakageError, match="in both train and test"):
        cross_validate(small_store, copied, SETTINGS)


def test_another_store_or_setting_is_refused(copied: Path, small_store: Path, tmp_path: Path) -> None:
    changed = {**SETTINGS, "pairs": {"window": 5}, "split": {"folds": 3}}
    with pytest.raises(InputError) as error:
        cross_validate(small_store, copied, changed)
    assert "another setting pairs" in str(error.value)
    assert "another setting split" in str(error.value)
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="holds no cross-validation"):
        cross_validate(small_store, tmp_path / "other", SETTINGS)
    with pytest.raises(InputError, match="no such fold"):
        cross_validate(small_store, tmp_path / "new", SETTINGS, only=[4])
    with pytest.raises(ConfigError, match="needs a number of folds"):
        cross_validate(small_store, tmp_path / "new", {**SETTINGS, "split": {"folds": 3, "fold": 1}})
    assert not (tmp_path / "new").exists()


def test_damaged_scores_of_a_fold_are_named(copied: Path, small_store: Path) -> None:
    (copied / "fold-01" / "evaluation" / "recordings.npz").write_bytes(b"PK")
    with pytest.raises(CheckpointError, match=r"damaged(.|\n)*fold-01"):
        cross_validate(small_store, copied, SETTINGS)


def test_wrong_folds_are_told_before_anything_is_made(
    small_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "settings.yaml").write_text("pairs: {window: 1, skip_volumes: 0}\naccelerator: cpu\n")
    options = ["--preset", "recommended", "--by", "block", "--folds", "2", "--config", str(tmp_path / "settings.yaml")]
    assert command_line(["crossvalidate", str(small_store), str(tmp_path / "cv"), *options]) == 1
    assert "at least 3" in capsys.readouterr().err
    options[5] = "9"
    assert command_line(["crossvalidate", str(small_store), str(tmp_path / "cv"), *options]) == 1
    assert "too short for a test block" in capsys.readouterr().err
    assert not (tmp_path / "cv").exists()
    cross = ["crossvalidate", str(small_store), str(tmp_path / "cv"), "--folds"]
    assert command_line([*cross, "some"]) == 1
    assert command_line([*cross, "leave-one-out", "--by", "session"]) == 1
    assert "too few sessions" in capsys.readouterr().err
    with pytest.warns(FutureWarning, match="--folds leave-one-out --by session"):
        assert command_line([*cross, "leave-one-session-out"]) == 1
    assert "too few sessions" in capsys.readouterr().err
    with pytest.warns(FutureWarning, match="leave-one-session-out"):
        assert command_line([*cross, "leave-one-session-out", "--by", "block"]) == 1
    assert "contradict" in capsys.readouterr().err
