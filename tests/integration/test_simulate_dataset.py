"""A simulated data set as others meet it: a BIDS folder."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import mne
import mne_bids
import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.simulate import Truth, simulate_dataset, small_config
from eeg2fmri.simulate.write import images

TINY = small_config(subjects=1, volumes=4, electrodes=4, grid=(4, 5, 3), regions=2)


def _digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate_dataset(tmp_path_factory.mktemp("bids") / "study", small_config(seed=3, sfreq=125.0, tr=1.9))


def test_eeg_is_read_with_its_markers_electrodes_and_unit(root: Path) -> None:
    where = mne_bids.BIDSPath(root=root, subject="02", task="rest", datatype="eeg", suffix="eeg", extension=".vhdr")
    raw = mne_bids.read_raw_bids(where, verbose="error")
    config = Truth.open(root).config
    assert raw.info["sfreq"] == 125.0
    assert len(raw.ch_names) == 16
    assert "FCz" not in raw.ch_names
    assert set(raw.annotations.description) == {"Response/R128"}
    onsets = raw.annotations.onset
    np.testing.assert_allclose(onsets, config.lead_in + np.arange(40) * 1.9, atol=0.51 / 125)
    assert raw.times[-1] > onsets[-1] + 1.9 + 4
    assert np.isfinite([channel["loc"][:3] for channel in raw.info["chs"]]).all()
    assert 1e-6 < raw.get_data().std() < 1e-4

    # The markers stand in the file itself, not only in events.tsv, from which mne-bids takes them.
    plain = mne.io.read_raw_brainvision(where.fpath, verbose="error")
    assert set(plain.annotations.description) - {"New Segment/"} == {"Response/R128"}
    np.testing.assert_allclose(plain.annotations.onset[-40:], onsets, atol=1e-4)
    events = pd.read_csv(root / "sub-02/eeg/sub-02_task-rest_events.tsv", sep="\t")
    np.testing.assert_allclose(events["onset"], onsets, atol=1e-4)
    np.testing.assert_array_equal(events["sample"], np.round(onsets * 125))


def test_bold_has_affine_repetition_time_and_slice_times(root: Path) -> None:
    image = nib.load(root / "sub-01/func/sub-01_task-rest_bold.nii.gz")
    sidecar = json.loads((root / "sub-01/func/sub-01_task-rest_bold.json").read_text())
    assert image.shape == (16, 18, 14, 40)
    assert image.get_data_dtype() == np.int16
    assert image.header.get_zooms()[3] == pytest.approx(1.9) == sidecar["RepetitionTime"]
    assert image.header.get_xyzt_units() == ("mm", "sec")
    np.testing.assert_allclose(image.header.get_slice_times(), sidecar["SliceTiming"], atol=1e-5)
    assert image.header["qform_code"] == image.header["sform_code"] == 1
    np.testing.assert_allclose(image.affine, Truth.open(root).recording(0).affine)


def test_every_subject_has_its_own_head_and_row(root: Path) -> None:
    heads = [nib.load(root / f"sub-0{i}/anat/sub-0{i}_T1w.nii.gz").get_fdata() for i in (1, 2, 3)]
    assert np.corrcoef([head.ravel() for head in heads])[np.triu_indices(3, 1)].max() < 0.98
    people = pd.read_csv(root / "participants.tsv", sep="\t")
    assert list(people["participant_id"]) == ["sub-01", "sub-02", "sub-03"]


def test_same_seed_same_bytes_other_seed_other_data(root: Path, tmp_path: Path) -> None:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    again = simulate_dataset(tmp_path / "again", small_config(seed=3, sfreq=125.0, tr=1.9))
    other = simulate_dataset(tmp_path / "other", small_config(seed=4, sfreq=125.0, tr=1.9))
    assert random.getstate() == before[0]
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert _digests(again) == _digests(root)
    first, second = _digests(root), _digests(other)
    for name in first:
        if name.endswith((".eeg", ".nii.gz", "power.npy", "regional_bold.npy", "lead_field.npy")):
            assert first[name] != second[name], name


def test_sessions_tasks_and_runs_have_files_and_truth(tmp_path: Path) -> None:
    config = small_config(
        subjects=2, sessions=2, tasks=("rest", "oddball"), runs=2, volumes=8, electrodes=5, grid=(7, 8, 6), regions=4
    )
    told: list[tuple[str, float, float]] = []
    root = simulate_dataset(tmp_path / "study", config, progress=lambda *step: told.append(step))
    truth = Truth.open(root)
    assert len(truth.recordings) == 16
    assert told[0][1:] == (0, 16)
    assert told[-1][1:] == (16, 16)
    for name in truth.recordings:
        sub, ses, *_ = name.split("_")
        folder = root / sub / ses
        assert (folder / "eeg" / f"{name}_eeg.vhdr").exists()
        assert (folder / "func" / f"{name}_bold.nii.gz").exists()
        assert truth.recording(name).noiseless_bold().shape == (8, 7, 8, 6)
    one, same_cap, next_session = (
        truth.recording(f"sub-01_ses-{ses}_task-{task}_run-01").lead_field
        for ses, task in (("01", "rest"), ("01", "oddball"), ("02", "rest"))
    )
    np.testing.assert_array_equal(one, same_cap)
    assert 0 < np.abs(one - next_session).max() < np.abs(one).max()


def test_output_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="exists already"):
        simulate_dataset(tmp_path, small_config())
    with pytest.raises(InputError, match="exists already"):
        simulate_dataset(tmp_path / "mine.txt", small_config())
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    target = tmp_path / "empty"
    target.mkdir()
    assert simulate_dataset(target, TINY) == target
    assert (target / "dataset_description.json").exists()


@pytest.mark.parametrize(
    ("stop", "told"), [(OSError(28, "No space left on device"), InputError), (KeyboardInterrupt(), KeyboardInterrupt)]
)
def test_nothing_half_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: BaseException, told: type[BaseException]
) -> None:
    def fail(*_: object) -> None:
        raise stop

    monkeypatch.setattr(images, "write_bold", fail)
    with pytest.raises(told):
        simulate_dataset(
            tmp_path / "study", small_config(subjects=1, volumes=4, electrodes=4, grid=(4, 5, 3), regions=2)
        )
    assert list(tmp_path.iterdir()) == []


def test_unknown_electrodes_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown electrode"):
        simulate_dataset(tmp_path / "study", small_config(electrodes=("Cz", "Pz", "Oz", "EEG1")))
    assert list(tmp_path.iterdir()) == []


def test_passes_the_bids_validator(root: Path) -> None:
    validator = shutil.which("bids-validator-deno") or str(Path(sys.executable).with_name("bids-validator-deno"))
    if not Path(validator).exists():
        pytest.skip("bids-validator-deno is not installed")
    result = subprocess.run([validator, str(root), "--format", "json"], capture_output=True, text=True, check=False)
    report = json.loads(result.stdout)
    issues = report["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    # Recommended fields of sidecars (makes and serial numbers of machines) do not exist here.
    other = {issue["code"] for issue in issues} - {"SIDECAR_KEY_RECOMMENDED", "JSON_KEY_RECOMMENDED"}
    assert other <= {"TOO_FEW_AUTHORS"}
    assert result.returncode == 0
    assert set(report["summary"]["dataTypes"]) == {"anat", "eeg", "func"}
