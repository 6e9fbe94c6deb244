"""What lies in a folder decides which page is written."""

from __future__ import annotations

import json

import pytest

from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.report import write_page
from eeg2fmri.report.read.folders import kind_of


def test_kinds(tmp_path):
    assert kind_of(tmp_path) == "run"
    (tmp_path / "trials.json").write_text("[]", encoding="utf-8")
    assert kind_of(tmp_path) == "search"
    for written, kind in (
        ("eeg2fmri classification scores", "classification"),
        ("eeg2fmri evaluation", "benchmark"),
    ):
        (tmp_path / "scores.json").write_text(json.dumps({"format": written}), encoding="utf-8")
        assert kind_of(tmp_path) == kind
    (tmp_path / "scores.json").write_text("damaged", encoding="utf-8")
    assert kind_of(tmp_path) == "search"


def test_each_kind_gets_its_page(tmp_path):
    with pytest.raises(CheckpointError, match="holds no run"):
        write_page(tmp_path)
    trial = {"number": 0, "state": "complete", "score": 1.0, "params": {}, "error": ""}
    (tmp_path / "trials.json").write_text(json.dumps([trial]), encoding="utf-8")
    assert write_page(tmp_path) == tmp_path / "search.html"
    for written, what in (
        ("eeg2fmri classification scores", "classification"),
        ("eeg2fmri evaluation", "another version"),
    ):
        (tmp_path / "scores.json").write_text(json.dumps({"format": written}), encoding="utf-8")
        with pytest.raises(InputError, match=what):
            write_page(tmp_path)
    (tmp_path / "scores.json").unlink()
    (tmp_path / "trials.json").unlink()
    (tmp_path / "train.yaml").write_text("epochs: 2\n", encoding="utf-8")
    assert write_page(tmp_path) == tmp_path / "report.html"
