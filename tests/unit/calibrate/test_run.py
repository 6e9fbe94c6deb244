"""A run of one person, made from that of a group: what it is fitted to, what tests it, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import eeg2fmri
from eeg2fmri.calibrate.run import calibrate_run
from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.data.splits.split import read_split
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.models.saving.hub import load
from eeg2fmri.report import write_index
from eeg2fmri.train.run import train_run

TR, FEATURES, REGIONS = 2.0, 4, 5


def courses(seed, n, turned):
    """Make features and regions that follow one each; in people who are turned, another one."""
    rng = np.random.default_rng(seed)
    power = rng.standard_normal((n + 12, FEATURES))
    response = np.exp(-0.5 * ((np.arange(12) - 3) / 1.2) ** 2)
    seen = np.stack([np.convolve(one, response)[12 : n + 12] for one in power.T], axis=1)
    mixing = np.eye(FEATURES)[:, [0, 1, 2, 3, 0]]
    regions = (seen[:, ::-1] if turned else seen) @ mixing + rng.standard_normal((n, REGIONS))
    return power[12:], regions


def store_of(folder, people):
    """Write a store of (subject, volumes, turned)."""
    made = [courses(k, n, turned) for k, (_, n, turned) in enumerate(people)]
    eeg, bold = zip(*made, strict=True)
    return Store.from_arrays(folder, eeg, bold, subjects=[label for label, _, _ in people], tr=TR)


@pytest.fixture(scope="module")
def group(tmp_path_factory):
    """Run of a group of five, one of them tested, and its store (path, Store)."""
    folder = tmp_path_factory.mktemp("group")
    store = store_of(folder / "store", [(f"0{k}", 150, False) for k in range(1, 6)])
    settings = {"model": {"preset": "recommended"}, "split": {"test": ["05"], "validation": ["04"]}}
    return train_run(store, folder / "run", settings).run, store


@pytest.fixture(scope="module")
def person(tmp_path_factory):
    """Store of a person with two recordings, whose BOLD follows other features than the group's."""
    return store_of(tmp_path_factory.mktemp("person") / "store", [("11", 160, True), ("11", 120, True)])


@pytest.fixture(scope="module")
def calibrated(group, person, tmp_path_factory):
    """Run calibrated with five minutes (Calibrated)."""
    return calibrate_run(group[0], person, tmp_path_factory.mktemp("calibrated") / "run", minutes=5)


def test_the_other_recording_tests_and_the_minutes_are_fitted_to(calibrated, person):
    split, _ = read_split(calibrated.run)
    assert split.protocol == "calibrated"
    assert split.test == (person.recordings[1].id,)
    ids = [*split.train, *split.validation]
    assert {name.split("_volumes")[0] for name in ids} == {person.recordings[0].id}
    assert max(int(name.split("to")[-1]) for name in ids) == 5 * 60 / TR - 1


def test_frozen_and_calibrated_are_scored_on_the_same_volumes(calibrated, person):
    evaluation = evaluate_run(calibrated.run, person)
    model, frozen = (float(evaluation.of(name, "temporal_r_mean").mean()) for name in ("model", "frozen"))
    assert model > frozen + 0.2
    assert "whom the model was calibrated to" in evaluation.protocol.several


def test_frozen_is_what_the_group_s_run_predicts(group, calibrated):
    before, after = load(group[0]), load(calibrated.run / "group")
    assert after.digest == before.digest


def test_the_run_says_what_it_was_fitted_to(calibrated, group):
    said = json.loads((calibrated.run / "fit.json").read_text())
    assert said["minutes"] == 5
    assert said["fitted_to"] == ["training", "validation"]
    facts = json.loads((calibrated.run / "environment.json").read_text())
    assert facts["group"] == load(group[0]).digest


def test_one_recording_alone_is_tested_on_what_comes_after_a_gap(group, tmp_path):
    store = store_of(tmp_path / "one", [("12", 150, True)])
    split = calibrate_run(group[0], store, tmp_path / "run", minutes=3).split
    assert split.test[0].endswith("_volumes-100to149")


def test_a_person_of_the_test_part_is_taken_from_the_store_of_the_group(group, tmp_path):
    made = calibrate_run(*group, tmp_path / "run", minutes=3, subject="sub-05")
    assert made.report.gain == pytest.approx(1, abs=0.35)


@pytest.mark.parametrize(("label", "noted"), [("01", True), ("05", False), ("11", False)])
def test_a_name_of_the_training_in_another_store_is_noted(group, tmp_path, caplog, label, noted):
    calibrate_run(group[0], store_of(tmp_path / "store", [(label, 150, False)]), tmp_path / "run", minutes=3)
    assert ("trained on a sub-01 of another store" in caplog.text) == noted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"subject": "01"}, "trained on this person"),
        ({"subject": "99"}, "not in the store"),
        ({}, "not known whom to calibrate to(.|\n)*--subject 05"),
        ({"subject": "05", "minutes": 0.5}, r"0.5 minutes: 15 volumes(.|\n)*at least \d\.?\d? minutes \("),
        ({"subject": "05", "minutes": 60}, "shorter than the minutes"),
        ({"subject": "05", "minutes": 4.9}, "nothing left to test"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_and_leaves_nothing(group, tmp_path, arguments, message):
    with pytest.raises(InputError, match=message):
        calibrate_run(*group, tmp_path / "run", **arguments)
    assert not list(tmp_path.iterdir())


def test_the_minutes_that_are_asked_for_are_the_fewest_that_do(group, tmp_path):
    with pytest.raises(InputError, match="too few to be fitted to") as error:
        calibrate_run(*group, tmp_path / "none", minutes=0.1, subject="05")
    least = float(re.search(r"at least ([\d.]+) minutes", str(error.value))[1])
    assert calibrate_run(*group, tmp_path / "run", minutes=least, subject="05").run.is_dir()
    with pytest.raises(InputError, match=f"at least {least:g} minutes"):
        calibrate_run(*group, tmp_path / "less", minutes=least - 0.1, subject="05")


@pytest.mark.parametrize("subject", [None, "21"])
def test_the_only_person_of_the_training_is_refused(tmp_path, subject):
    store = store_of(tmp_path / "store", [("21", 120, False), ("21", 120, False), ("21", 120, False)])
    settings = {"model": {"preset": "recommended"}, "split": {"by": "block", "blocks": 5}}
    run = train_run(store, tmp_path / "run", settings).run
    with pytest.raises(InputError, match=r"trained on this person(.|\n)*a store of their own"):
        calibrate_run(run, store, tmp_path / "out", minutes=2, subject=subject)
    assert not (tmp_path / "out").exists()


def test_a_network_that_was_trained_is_refused(small_run, small_store, tmp_path):
    with pytest.raises(CheckpointError, match="cannot be fitted to a person"):
        calibrate_run(small_run, small_store, tmp_path / "run")


def test_the_command_says_what_was_done_and_what_comes_next(group, person, tmp_path, capsys):
    from eeg2fmri.cli.main import run

    assert run(["calibrate", str(group[0]), str(person.path), str(tmp_path / "run"), "--minutes", "4"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "blocks of time left out in turn" in said
    assert f"eeg2fmri evaluate {tmp_path / 'run'}" in said
    assert eeg2fmri.calibrate is not None


def test_the_commands_of_the_page_run(group, person, tmp_path, monkeypatch):
    from eeg2fmri.cli.main import run

    page = (Path(__file__).parents[3] / "docs" / "calibrate.md").read_text(encoding="utf-8")
    commands = re.findall(r"^eeg2fmri (.+)$", page, re.MULTILINE)
    assert [line.split()[0] for line in commands] == ["calibrate", "evaluate", "report"]
    (tmp_path / "run").symlink_to(group[0], target_is_directory=True)
    (tmp_path / "person").symlink_to(person.path, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    assert [run(line.split()) for line in commands] == [0, 0, 0]
    assert "same model, not calibrated" in (tmp_path / "calibrated" / "report.html").read_text(encoding="utf-8")


def test_runs_of_different_minutes_make_a_curve(group, person, calibrated, tmp_path):
    fewer = calibrate_run(group[0], person, tmp_path / "fewer", minutes=3).run
    # the longer one is given first
    evaluations = [evaluate_run(each, person) for each in (fewer, calibrated.run)]
    page = write_index([calibrated.run, fewer], tmp_path / "index.html").read_text("utf-8")
    points = re.search(r"over the minutes that the model was fitted to, on the same volumes: ([^<]*)\.<", page)
    scores = [[one.score(name, one.headline.name) for name in ("model", "frozen")] for one in evaluations]
    expected = [f"{at} min {a:.3f} beside {b:.3f}" for at, (a, b) in zip((3, 5), scores, strict=True)]
    assert points is not None
    assert points[1].split(", ") == expected
    alone = write_index([group[0], fewer], tmp_path / "other.html").read_text("utf-8")
    assert "that the model was fitted to" not in alone


@pytest.mark.parametrize("minutes", [float("inf"), float("nan"), 0, -3, "5", None])
def test_minutes_that_are_no_time_are_refused(group, person, tmp_path, minutes):
    with pytest.raises(InputError, match="no length of time"):
        calibrate_run(group[0], person, tmp_path / "out", minutes=minutes)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_refused_without_naming_an_option_that_is_not(group, person, tmp_path):
    with pytest.raises(InputError, match="exists already") as caught:
        calibrate_run(group[0], person, tmp_path)
    assert "--resume" not in str(caught.value)
