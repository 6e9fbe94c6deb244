"""The whole way on a data set of a second: what the demo promises is there when it ends."""

import json

import nibabel
import pytest

from eeg2fmri.cli.commands import demo
from eeg2fmri.cli.main import run


@pytest.fixture
def small(monkeypatch, small_simulation, small_settings):
    monkeypatch.setattr(demo, "SIMULATION", small_simulation)
    monkeypatch.setattr(demo, "TRAINING", small_settings)


def test_the_demo_ends_by_naming_a_report_that_exists(small, tmp_path, capsys):
    out = tmp_path / "demo"
    assert run(["demo", str(out)]) == 0
    shown = capsys.readouterr().out
    page = out / "run" / "report.html"
    assert (out / "run-recommended" / "report.html").exists()
    assert shown.rstrip().endswith(f"Open {page} in a browser.")
    assert page.stat().st_size > 100_000
    (image,) = (out / "predicted").glob("*.nii.gz")
    assert image.name.endswith("_desc-synthesised_bold.nii.gz")
    subject = image.name.split("_")[0]
    assert subject in json.loads((out / "run" / "split.json").read_text())["test"][0]
    assert nibabel.load(image).ndim == 4
    scores = json.loads((out / "run" / "evaluation" / "scores.json").read_text())
    assert scores["verdict"] in shown
    for words in ("temporal r", "mean training volume", "own mean", "ridge", "EEG shifted"):
        assert words in shown


def test_the_demo_does_not_overwrite(tmp_path, capsys):
    (tmp_path / "demo").mkdir()
    assert run(["demo", str(tmp_path / "demo")]) == 1
    assert "exists already" in capsys.readouterr().err
