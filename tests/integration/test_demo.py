"""The whole way on data sets of a second: what the demo promises is there when it ends."""

import json

import joblib
import nibabel
import pytest

from eeg2fmri.cli.commands import demo
from eeg2fmri.cli.main import run


@pytest.fixture
def small(monkeypatch, small_simulation, small_settings):
    split = {"by": "subject", "test": 1}
    monkeypatch.setattr(joblib, "cpu_count", lambda: 1)  # processes would have to import everything
    monkeypatch.setattr(demo, "SIMULATION", {**small_simulation, "derivatives": "fmriprep"})
    monkeypatch.setattr(demo, "SPLIT", split)
    monkeypatch.setattr(demo, "WORLDS", (demo.WORLDS[0], demo.WORLDS[2]))
    monkeypatch.setattr(demo, "DOCUMENTED", {**small_settings, "pairs": {"target": "dynamics"}, "split": split})


def test_the_demo_ends_by_naming_one_page_that_compares_what_it_made(small, tmp_path, capsys):
    out = tmp_path / "demo"
    assert run(["demo", str(out), "--documented"]) == 0
    shown = capsys.readouterr().out
    page = out / "index.html"
    assert shown.rstrip().endswith(f"Open {page} in a browser.")
    text = page.read_text(encoding="utf-8")
    for name in ("focal", "nothing", "documented"):
        assert (out / name / "report.html").stat().st_size > 100_000
        assert f"./{name}/report.html" in text
        assert json.loads((out / name / "evaluation" / "scores.json").read_text())["verdict"] in shown
    (image,) = (out / "predicted").glob("*.nii.gz")
    subject = image.name.split("_")[0]
    assert subject in json.loads((out / "focal" / "split.json").read_text())["test"][0]
    assert nibabel.load(image).ndim == 4
    assert "MNI152NLin2009cAsym" in shown


def test_the_demo_does_not_overwrite(tmp_path, capsys):
    (tmp_path / "demo").mkdir()
    assert run(["demo", str(tmp_path / "demo")]) == 1
    assert "exists already" in capsys.readouterr().err
