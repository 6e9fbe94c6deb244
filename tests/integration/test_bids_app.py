"""The BIDS App: its two levels, its options, and the recipe of its image."""

import re
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from eeg2fmri.cli import bids_app, main
from eeg2fmri.data.bids import validator
from eeg2fmri.data.store.store import Store
from eeg2fmri.results.predictions import Predictions

ROOT = Path(__file__).parents[2]


@pytest.fixture
def app(monkeypatch):
    """Return the app as a function of its arguments, which returns the exit status."""
    for name in ("TMPDIR", "JOBLIB_TEMP_FOLDER"):
        monkeypatch.setenv(name, "unset")
        monkeypatch.delenv(name)
    monkeypatch.setattr(tempfile, "tempdir", None)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["eeg2fmri-bids", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            bids_app.main()
        return ended.value.code or 0

    return call


def test_participants_are_predicted_and_the_group_sums_them_up(app, small_bids, small_run, tmp_path, capsys):
    out, work = tmp_path / "out", tmp_path / "work"
    given = ("--participant_label", "01", "sub-03", "--task-label", "rest", "-w", work, "--skip-bids-validation")
    assert app(small_bids, out, "participant", "--model", small_run, *given, "--mem_mb", "4000", "-v") == 0
    assert [one.labels["sub"] for one in Predictions.read(out).done] == ["01", "03"]
    assert tempfile.gettempdir() == str(work.resolve())
    for made in ("recordings.tsv", "index.html"):
        (out / made).unlink()
    assert app(small_bids, out, "group") == 0
    assert (out / "index.html").is_file()
    assert len((out / "recordings.tsv").read_text().splitlines()) == 3


def test_participants_are_prepared_where_there_is_no_model(app, small_bids, tmp_path):
    out = tmp_path / "out"
    assert app(small_bids, out, "participant", "--skip-bids-validation", "--participant-label", "01", "02") == 0
    assert [one.subject for one in Store.open(out / "store").recordings] == ["01", "02"]
    assert len(list((out / "figures").glob("*.png"))) == 2
    (out / "recordings.tsv").unlink()
    assert app(small_bids, out, "group") == 0
    assert len((out / "recordings.tsv").read_text().splitlines()) == 3


def test_wrong_input_is_told(app, small_bids, tmp_path, capsys):
    assert app(small_bids, tmp_path / "out", "group") == 1
    assert app(small_bids, tmp_path / "out", "participants") == 2
    wrong = ("--skip-bids-validation", "--participant-label", "77")
    assert app(small_bids, tmp_path / "out", "participant", *wrong) == 1
    said = capsys.readouterr().err
    assert "sub-77" in said
    assert app(small_bids, tmp_path / "out", "participant", "--version") == 0
    assert re.fullmatch(r"eeg2fmri \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_errors_of_the_validator_are_told_unless_it_is_skipped(app, small_bids, small_run, tmp_path, capsys):
    if validator.find_validator() is None:
        pytest.skip("there is no BIDS validator")
    shutil.copytree(small_bids, tmp_path / "bids", ignore=shutil.ignore_patterns("derivatives"))
    (tmp_path / "bids" / "sub-01" / "eeg" / "nonsense.txt").touch()
    given = (tmp_path / "bids", tmp_path / "out", "participant", "--model", small_run, "--participant-label", "01")
    assert app(*given) == 1
    assert "nonsense.txt" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert app(*given, "--skip-bids-validation") == 0


def test_a_missing_or_broken_validator_is_said_and_stops_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(validator, "find_validator", lambda: None)
    bids_app.validated(tmp_path, skip=False)
    assert "was not validated" in capsys.readouterr().err
    monkeypatch.setattr(validator, "find_validator", lambda: "/bin/true")
    assert validator.check_bids(tmp_path) is False


def test_memory_and_processors_bound_the_recordings_at_the_same_time(capsys):
    assert bids_app.jobs(8, 3100, 1500) == 2
    assert bids_app.jobs(2, 31000, 1500) == 2
    assert bids_app.jobs(2, 100, 1500) == 1
    assert "may be too little" in capsys.readouterr().err


def test_the_command_is_one_of_eeg2fmri_too(small_bids, tmp_path):
    assert main.run(["bids-app", str(small_bids), str(tmp_path / "out"), "group"]) == 1


def test_the_images_are_made_by_the_same_steps_and_the_readme_has_the_installation():
    docker = (ROOT / "Dockerfile").read_text().splitlines()
    recipe = (ROOT / "Apptainer.def").read_text()
    steps = [line.removeprefix("RUN ") for line in docker if line.startswith("RUN ")]
    inside = recipe.split("%post\n")[1].split("\n\n")[0].splitlines()
    assert [line.strip() for line in inside] == steps
    assert f"From: {docker[1].removeprefix('FROM ')}" in recipe
    readme = (ROOT / "README.md").read_text()
    installation = next(line for line in steps if "pip install" in line).replace("'/opt/source[bids]'", "'.[bids]'")
    assert re.sub(r"/opt/\w+/bin/|/opt/source/|--no-cache-dir ", "", installation) in readme
