"""A BIDS folder of EEG to a derivative data set: what cannot be done is left out, what was done is kept."""

import json
import os
import shutil

import nibabel
import numpy as np
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError

from eeg2fmri import Synthesizer
from eeg2fmri.cli.main import run as command
from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.labels import Labels
from eeg2fmri.predict import folder as module
from eeg2fmri.predict.folder import predict_folder
from eeg2fmri.report import write_predictions
from eeg2fmri.results.files import AbsentResultError, ResultError
from eeg2fmri.results.predictions import Predictions

IMAGE = "sub-02_task-rest_desc-synthesised_bold.nii.gz"


@pytest.fixture
def patients(small_bids, tmp_path):
    """Return a BIDS folder of the EEG of three subjects, without BOLD (path)."""
    for file in ("dataset_description.json", "participants.tsv", "README"):
        if (small_bids / file).exists():
            tmp_path.joinpath("bids").mkdir(exist_ok=True)
            shutil.copy(small_bids / file, tmp_path / "bids" / file)
    for subject in small_bids.glob("sub-*"):
        shutil.copytree(subject / "eeg", tmp_path / "bids" / subject.name / "eeg")
    return tmp_path / "bids"


@pytest.fixture(scope="module")
def predicted(small_bids, small_run, tmp_path_factory):
    """Return the derivatives of all subjects, with their pages (path); nobody writes to them."""
    out = tmp_path_factory.mktemp("predicted") / "out"
    predict_folder(small_run, small_bids, out)
    write_predictions(out)
    return out


def test_the_bids_validator_accepts_the_data_set_and_refuses_a_wrong_name_in_it(predicted, bids_errors, tmp_path):
    assert bids_errors(predicted) == []
    shutil.copytree(predicted, tmp_path / "wrong")
    image = next((tmp_path / "wrong").glob("sub-02/func/*_bold.nii.gz"))
    image.rename(image.with_name("sub-02_desc-synthesised_task-rest_bold.nii.gz"))
    assert bids_errors(tmp_path / "wrong")


def test_the_data_set_says_what_made_it_of_what(predicted, small_bids, small_run):
    description = json.loads((predicted / "dataset_description.json").read_text())
    digest = Synthesizer.from_pretrained(small_run).loaded.digest
    assert description["DatasetType"] == "derivative"
    assert description["GeneratedBy"][0]["CheckpointSHA256"] == digest
    assert description["SourceDatasets"][0]["URL"] == small_bids.resolve().as_uri()
    facts = json.loads((predicted / "sub-02" / "func" / IMAGE.replace(".nii.gz", ".json")).read_text())
    assert facts["Sources"] == ["bids:raw:sub-02/eeg/sub-02_task-rest_eeg.vhdr"]
    assert facts["TaskName"] == "rest"
    assert 0 < facts["FluctuationRatio"] < 5


def test_each_image_is_what_one_prediction_gives(predicted, small_bids, small_run):
    raw = small_bids / "sub-02" / "eeg" / "sub-02_task-rest_eeg.vhdr"
    alone = Synthesizer.from_pretrained(small_run).predict(raw)
    image = nibabel.load(predicted / "sub-02" / "func" / IMAGE)
    np.testing.assert_array_equal(image.get_fdata(), alone.get_fdata())
    mask = nibabel.load(predicted / "sub-02" / "func" / "sub-02_task-rest_desc-brain_mask.nii.gz")
    assert mask.shape == image.shape[:3]
    assert set(np.unique(mask.dataobj)) == {0, 1}
    sidecar = json.loads((predicted / "sub-02/func/sub-02_task-rest_desc-brain_mask.json").read_text())
    assert sidecar["SpatialReference"] == "native"


def test_there_is_a_page_for_each_subject_and_an_index_that_leads_to_them(predicted):
    index = (predicted / "index.html").read_text()
    for name in ("sub-01", "sub-02", "sub-03"):
        assert f"./{name}.html" in index
        page = (predicted / f"{name}.html").read_text()
        assert f"{name}_task-rest" in page
        assert page.count("<img") == 2
        assert len(list((predicted / name / "figures").glob("*.png"))) == 2


def test_what_cannot_be_done_is_left_out_with_its_reason_and_the_others_go_on(patients, small_run, tmp_path, capsys):
    next(patients.glob("sub-01/eeg/*.eeg")).unlink()
    header = next(patients.glob("sub-03/eeg/*.vhdr"))
    shutil.copy(header, header.with_name("sub-03_task-rest_acq-b_space-CapTrak_eeg.vhdr"))
    shutil.copy(header, header.with_name("sub-03_task-rest_space-CapTrak_eeg.vhdr"))
    out = tmp_path / "out"
    assert command(["predict", str(small_run), str(patients), str(out)]) == 3
    said = capsys.readouterr()
    assert "3 of 5" not in said.out
    found = Predictions.read(out)
    assert [one.id for one in found.done] == ["sub-02_task-rest", "sub-03_task-rest_acq-b"]
    reasons = {one.id: one.reason for one in found.left_out}
    assert "does not exist" in reasons["sub-01_task-rest"]
    assert "several EEG files" in reasons["sub-03_task-rest"]
    assert "choose" in {one.id: one.hint for one in found.left_out}["sub-03_task-rest"]
    assert "2 of 4 recordings" in said.out
    assert "sub-01_task-rest" in said.out
    assert not (out / "sub-01").exists()
    table = (out / "recordings.tsv").read_text().splitlines()
    assert len(table) == 5
    assert len({line.count("\t") for line in table}) == 1
    assert "What to do" in (out / "sub-03.html").read_text()


def test_none_done_is_another_status_than_some(patients, small_run, tmp_path):
    for file in patients.glob("sub-*/eeg/*.eeg"):
        file.unlink()
    assert command(["predict", str(small_run), str(patients), str(tmp_path / "out")]) == 1


def test_a_second_call_does_what_is_left_and_keeps_the_rest(patients, small_run, tmp_path):
    out, file = tmp_path / "out", next(patients.glob("sub-01/eeg/*.eeg"))
    content = file.read_bytes()
    file.unlink()
    predict_folder(small_run, patients, out)
    before = (out / "sub-02" / "func" / IMAGE).stat().st_mtime_ns
    file.write_bytes(content)
    found = predict_folder(small_run, patients, out)
    assert len(found.done) == 3
    assert found.left_out == ()
    assert (out / "sub-02" / "func" / IMAGE).stat().st_mtime_ns == before


@pytest.mark.parametrize("change", ["settings", "sidecar", "samples"])
def test_what_changed_is_made_again(patients, small_run, tmp_path, change):
    out, only = tmp_path / "out", Labels(subjects=["02"])
    predict_folder(small_run, patients, out, labels=only)
    before = (out / "sub-02" / "func" / IMAGE).stat().st_mtime_ns
    settings = {"first_volume_s": 0.5} if change == "settings" else {}
    if change != "settings":
        file = next(patients.glob(f"sub-02/eeg/*{'channels.tsv' if change == 'sidecar' else '.eeg'}"))
        os.utime(file, ns=(0, file.stat().st_mtime_ns + 1000))
    predict_folder(small_run, patients, out, labels=only, settings=settings)
    assert (out / "sub-02" / "func" / IMAGE).stat().st_mtime_ns > before


def test_an_error_that_nobody_foresaw_stops_no_other_recording(patients, small_run, tmp_path, monkeypatch):
    real = Synthesizer.predict_volumes

    def breaks(self, recording, **more):
        if "sub-01" in str(recording):
            raise ZeroDivisionError("a defect")
        return real(self, recording, **more)

    monkeypatch.setattr(Synthesizer, "predict_volumes", breaks)
    found = predict_folder(small_run, patients, tmp_path / "out")
    assert [one.id for one in found.left_out] == ["sub-01_task-rest"]
    assert "ZeroDivisionError: a defect" in found.left_out[0].reason
    assert "breaks" in (tmp_path / "out" / "logs" / "sub-01_task-rest.json").read_text()


def test_a_process_that_is_killed_costs_its_own_recording_alone(patients, small_run, tmp_path, monkeypatch):
    def ended(work, jobs, n_jobs):
        """Do as joblib does where the first recording kills its process, without the seconds that processes take."""
        assert n_jobs == 2
        for (job,) in sorted(jobs, key=lambda one: "sub-01" in one[0].recording):
            if "sub-01" in job.recording:
                raise TerminatedWorkerError("ended")
            yield work(job)
            if "sub-02" in job.recording:
                raise TerminatedWorkerError("ended")

    monkeypatch.setattr(module, "run_jobs", ended)
    found = predict_folder(small_run, patients, tmp_path / "out", n_jobs=2)
    assert [one.id for one in found.done] == ["sub-02_task-rest", "sub-03_task-rest"]
    assert "ended from outside" in found.left_out[0].reason


def test_labels_choose_and_an_unknown_one_is_refused(small_bids, small_run, tmp_path):
    found = predict_folder(small_run, small_bids, tmp_path / "out", labels=Labels(["sub-02"], tasks=["rest"]))
    assert [one.id for one in found.done] == ["sub-02_task-rest"]
    with pytest.raises(InputError, match="sub-9"):
        predict_folder(small_run, small_bids, tmp_path / "out", labels=Labels(["9"]))
    with pytest.raises(InputError, match="ses-1"):
        predict_folder(small_run, small_bids, tmp_path / "out", labels=Labels(sessions=["1"]))


def test_nothing_else_is_written_over(small_bids, small_run, tmp_path, predicted):
    with pytest.raises(InputError, match="cannot go into the data set"):
        predict_folder(small_run, small_bids, small_bids)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(InputError, match="holds no predictions"):
        predict_folder(small_run, small_bids, tmp_path / "mine")
    shutil.copytree(predicted, tmp_path / "other")
    description = tmp_path / "other" / "dataset_description.json"
    content = json.loads(description.read_text())
    content["GeneratedBy"][0]["CheckpointSHA256"] = "0" * 64
    description.write_text(json.dumps(content))
    with pytest.raises(InputError, match="something else made"):
        predict_folder(small_run, small_bids, tmp_path / "other")


def test_damage_is_told_with_its_file(predicted, tmp_path):
    with pytest.raises(AbsentResultError, match="no predictions"):
        Predictions.read(tmp_path)
    shutil.copytree(predicted, tmp_path / "damaged")
    sidecar = tmp_path / "damaged" / "sub-02" / "func" / IMAGE.replace(".nii.gz", ".json")
    sidecar.write_text("{")
    with pytest.raises(ResultError, match=sidecar.name):
        Predictions.read(tmp_path / "damaged")


def test_an_image_that_is_damaged_costs_its_pictures_alone(predicted, tmp_path):
    shutil.copytree(predicted, tmp_path / "damaged")
    (tmp_path / "damaged" / "sub-02" / "func" / IMAGE).write_bytes(b"\x1f\x8b")
    write_predictions(tmp_path / "damaged")
    page = (tmp_path / "damaged" / "sub-02.html").read_text()
    assert "no picture of it could be drawn" in page
    assert (tmp_path / "damaged" / "sub-03.html").read_text().count("<img") == 2


def test_options_of_one_recording_and_of_a_folder_do_not_mix(small_bids, small_run, tmp_path, capsys):
    out = str(tmp_path / "out")
    assert command(["predict", str(small_run), str(small_bids), out, "--mean-image", "a.nii"]) == 1
    eeg = str(next(small_bids.glob("sub-01/eeg/*.vhdr")))
    assert command(["predict", str(small_run), eeg, f"{out}.nii", "--task-label", "rest"]) == 1
    said = capsys.readouterr().err
    assert "--mean-image" in said
    assert "--task-label" in said
