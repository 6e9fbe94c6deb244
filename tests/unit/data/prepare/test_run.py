"""Preparing, and every bad input that a user can give it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError, InputError, StoreError
from eeg2fmri.data.bold.image import BoldImage
from eeg2fmri.data.bold.regrid import regrid, regrid_affine
from eeg2fmri.data.features.spectrogram import spectrogram
from eeg2fmri.data.prepare import one_recording as conversion
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.writer import ArrayWriter


def make(bids: Any, **settings: object) -> Any:
    return prepare(bids.root, bids.root.parent / "out" / "store", PrepareConfig.make(settings))


def refused(bids: Any, **settings: object) -> str:
    """Give the message, after checking that nothing was written."""
    with pytest.raises((InputError, StoreError)) as caught:
        make(bids, **settings)
    out = bids.root.parent / "out"
    assert not out.exists() or list(out.iterdir()) == []
    return str(caught.value)


def test_preparing_starts_without_what_few_recordings_need() -> None:
    """Their import takes longer than preparing a recording."""
    slow = {"scipy.signal", "scipy.stats", "scipy.sparse", "nilearn", "torch", "matplotlib"}
    code = f"import sys, eeg2fmri.data.prepare.run; print(*sorted({slow!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("at_once", [2, 100])
def test_a_store_holds_the_aligned_arrays(two: Any, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eeg2fmri.data.bold.image.BLOCK", at_once * 7 * 6 * 5)
    store = make(two)
    assert [recording.id for recording in store.recordings] == ["sub-01_task-rest", "sub-02_task-rest"]
    assert store.electrodes == ("Fz", "Cz", "Pz", "O1")
    assert (store.tr, store.grid, store.space) == (2.0, (7, 6, 5), "native")
    np.testing.assert_allclose(store.affine, two.affine)
    np.testing.assert_allclose(store.frequencies, np.arange(1, 50) / 2)
    for k, subject in enumerate(("01", "02")):
        recording = store.recordings[k]
        np.testing.assert_allclose(recording.onsets, two.onset_samples() / 100)
        volumes = np.moveaxis(two.volumes(subject), -1, 0)
        np.testing.assert_array_equal(store.bold(k), volumes)
        np.testing.assert_allclose(store.voxel_mean(k), volumes[3:].mean(0, dtype=float), rtol=1e-6)
        np.testing.assert_allclose(store.voxel_std(k), volumes[3:].std(0, dtype=float), rtol=1e-5)
        theirs, _ = spectrogram(two.eeg_signal(subject)[:4], 100.0, recording.onsets, 2.0)
        np.testing.assert_allclose(store.eeg(k), theirs, atol=1e-9)
        assert store.mask(k).sum() == 5 * 4 * 3
        assert recording.quality["marker"] == "Comment/R128"
        assert recording.quality["tsnr_median"] == pytest.approx(100, rel=0.2)
        assert recording.quality["warnings"] == []
        assert "sub-01/eeg/sub-01_task-rest_eeg.eeg" in store.recordings[0].sources
    store.verify()


def test_the_hash_follows_settings_and_sources(two: Any, tmp_path: Path) -> None:
    first = prepare(two.root, tmp_path / "1")
    assert prepare(two.root, tmp_path / "2").hash == first.hash
    assert prepare(two.root, tmp_path / "3", PrepareConfig(n_bins=20)).hash != first.hash
    two.bold("02", volumes=two.volumes("02") + 1)
    assert prepare(two.root, tmp_path / "4").hash != first.hash


def test_a_store_that_is_older_than_its_data_is_stale(two: Any) -> None:
    store = make(two)
    store.compare_with_sources(two.root)
    two.bold("02", volumes=two.volumes("02") + 1)
    (two.root / "sub-01" / "eeg" / "sub-01_task-rest_eeg.vmrk").unlink()
    with pytest.raises(StoreError, match="stale") as caught:
        store.compare_with_sources(two.root)
    assert "sub-02_task-rest_bold.nii.gz" in str(caught.value)
    assert "sub-01_task-rest_eeg.vmrk" in str(caught.value)
    assert len(caught.value.problems) == 2


def test_a_grid_of_the_users_choice(two: Any) -> None:
    store = make(two, grid=[5, 7, 4], mask="varying")
    assert store.grid == (5, 7, 4)
    np.testing.assert_allclose(store.affine, regrid_affine(two.affine, (7, 6, 5), (5, 7, 4)))
    np.testing.assert_allclose(store.bold(1)[8], regrid(two.volumes("02")[..., 8], (5, 7, 4)), rtol=1e-4)
    assert store.recordings[0].quality["warnings"] == ["volumes brought from 7 x 6 x 5 to 5 x 7 x 4 voxels"]


def test_a_recording_sampled_faster_keeps_the_same_frequencies(two: Any) -> None:
    two.sfreq = 250.0
    two.eeg("02")
    store = make(two)
    assert store.eeg(0).shape == store.eeg(1).shape == (17, 4, 49)
    assert [recording.sfreq for recording in store.recordings] == [100.0, 250.0]


def test_recordings_without_markers_start_where_the_user_says(two: Any) -> None:
    for subject in ("01", "02"):
        two.eeg(subject, markers=np.array([], int))
    store = make(two, first_volume_s=1.5)
    np.testing.assert_allclose(store.recordings[0].onsets, 1.5 + np.arange(17) * 2)
    assert store.recordings[0].quality["marker"] is None


def test_the_order_of_electrodes_is_that_of_the_first_recording_by_name(two: Any) -> None:
    signal = two.eeg_signal("02")
    two.eeg("02", signal=signal[[2, 0, 1, 3, 4]], names=("Pz", "Fz", "Cz", "O1", "ECG"))
    store = make(two)
    onsets = store.recordings[1].onsets
    np.testing.assert_allclose(store.eeg(1), spectrogram(signal[:4], 100.0, onsets, 2.0)[0], atol=1e-9)
    assert "electrodes reordered by name: the file has 'Pz'" in store.recordings[1].quality["warnings"][0]


def test_the_electrodes_that_all_have(two: Any) -> None:
    two.eeg("02", names=("Fz", "Cz", "Oz", "O1", "ECG"))
    store = make(two, channels="intersection")
    assert store.electrodes == ("Fz", "Cz", "O1")
    assert "left out: Pz" in store.recordings[0].quality["warnings"][0]
    assert "left out: Oz" in store.recordings[1].quality["warnings"][0]


def test_excluded_electrodes_are_left_out(two: Any) -> None:
    signal = two.eeg_signal("02")
    signal[1] = 3e-6
    two.eeg("02", signal=signal)
    assert "EEG channels are constant" in refused(two)
    assert make(two, exclude=["Cz"]).electrodes == ("Fz", "Pz", "O1")


def test_progress_and_no_global_randomness(two: Any, tmp_path: Path) -> None:
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    told: list[tuple[str, float, float]] = []
    prepare(two.root, tmp_path / "store", progress=lambda *step: told.append(step))
    assert told[-1] == ("Preparing", 2, 2)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


# bad input ------------------------------------------------------------------------------------------------------


def test_no_pairs(bids: Any) -> None:
    bids.eeg("01")
    bids.bold("02")
    assert "no EEG file belongs to a BOLD file" in refused(bids)


@pytest.mark.parametrize(("datatype", "name"), [("eeg", "EEG"), ("func", "BOLD")])
def test_one_side_is_missing(two: Any, datatype: str, name: str) -> None:
    for subject in ("01", "02"):
        shutil.rmtree(two.root / f"sub-{subject}" / datatype)
    assert f"there is no {name} in the BIDS folder" in refused(two)


def test_eeg_shorter_than_the_bold_run(two: Any) -> None:
    samples = two.onset_samples()
    two.eeg("01", signal=two.eeg_signal("01")[:, : samples[-3]], markers=samples[:-3])
    text = refused(two)
    assert "fewer volume markers than volumes" in text
    assert "14 markers" in text
    assert "17 volumes" in text
    two.eeg("01", signal=two.eeg_signal("01")[:, : samples[-1] + 150])
    text = refused(two)
    assert "the EEG does not cover every volume" in text
    assert "1 of 17 volumes lie outside, first volume 16 at 33.500 s" in text
    assert "sub-01_task-rest_eeg.vhdr" in text
    text = refused(two, first_volume_s=3.0)
    assert "the EEG does not cover every volume" in text


def test_eeg_much_shorter_without_markers_says_both(two: Any) -> None:
    two.eeg("01", signal=two.eeg_signal("01")[:, :900], markers=np.array([], int))
    text = refused(two)
    assert "no volume markers" in text
    assert "the EEG does not cover every volume" in text


def test_too_few_doubled_and_no_markers_are_all_told(two: Any) -> None:
    samples = two.onset_samples()
    two.bold("03")
    two.eeg("01", markers=np.delete(samples, 5))
    two.eeg("02", markers=np.sort(np.append(samples, samples[8] + 3)))
    two.eeg("03", markers=np.array([], int))
    text = refused(two)
    assert text.startswith("3 problems")
    assert "1 volume marker is missing" in text
    assert "gaps after index 4 at 9.500 s" in text
    assert "doubled" in text
    assert "index 9 at 17.530 s" in text
    assert "no volume markers in the EEG" in text


def test_truncated_files_of_both_kinds(two: Any) -> None:
    image = two.bold("01", extension=".nii.gz")
    image.write_bytes(image.read_bytes()[:-2000])
    data = two.root / "sub-02" / "eeg" / "sub-02_task-rest_eeg.eeg"
    data.write_bytes(data.read_bytes()[:-4321])
    text = refused(two)
    assert "the EEG data file is truncated" in text
    assert "the BOLD image is truncated" in text  # though headers were wrong elsewhere, contents were read


def test_nan_volumes_and_nan_samples(two: Any) -> None:
    volumes = two.volumes("01")
    volumes[2, 2, 2, 5] = np.nan
    two.bold("01", volumes=volumes)
    signal = two.eeg_signal("02")
    signal[2, 1234] = np.nan
    two.eeg("02", signal=signal)
    text = refused(two)
    assert "volumes 5 of 17" in text
    assert "first in Pz at 12.340 s" in text


def test_a_constant_channel(two: Any) -> None:
    signal = two.eeg_signal("01")
    signal[3] = 0
    two.eeg("01", signal=signal)
    text = refused(two)
    assert "EEG channels are constant" in text
    assert "O1" in text
    assert "'exclude'" in text


def test_electrodes_missing_or_renamed(two: Any) -> None:
    two.recording("03")
    two.eeg("02", names=("FZ", "Cz", "P9", "O1", "ECG"))
    text = refused(two, channels="same")
    assert "electrodes are missing" in text
    assert "sub-02_task-rest_eeg.vhdr" in text
    assert "no Fz, Pz among 4 channels" in text
    assert "the file has 'FZ' for 'Fz'" in text


def test_an_electrode_that_only_one_recording_has(two: Any) -> None:
    two.recording("03")
    signal = np.vstack([two.eeg_signal("01"), two.eeg_signal("01")[:1]])
    two.eeg("01", signal=signal, names=("Fz", "Cz", "Pz", "O1", "ECG", "O2"))
    text = refused(two, channels="same")
    assert "electrodes that the other recordings do not have" in text
    assert "O2" in text


def test_by_default_the_electrodes_that_all_have_are_kept_by_name(two: Any) -> None:
    """Another order, another set and another spelling: never by place in the file."""
    two.eeg("02", names=("Cz", "FZ", "O1", "Pz", "ECG"))
    store = prepare(two.root, two.root.parent / "out")
    assert store.electrodes == ("Cz", "Pz", "O1")
    segment = two.eeg_signal("02")[3, two.onset_samples()[0] :][:200]
    expected = np.abs(np.fft.rfft(segment))[1 : len(store.frequencies) + 1]
    np.testing.assert_allclose(store.eeg(1)[0, 1], expected, rtol=1e-3, atol=1e-9)
    told = [warning for recording in store.recordings for warning in recording.quality["warnings"]]
    assert any("left out: Fz (elsewhere FZ)" in text for text in told)
    assert any("left out: FZ (elsewhere Fz)" in text for text in told)
    assert any("reordered by name" in text for text in told)


def test_excluding_what_is_not_there(two: Any) -> None:
    assert "'exclude' names an electrode that no recording has" in refused(two, exclude=["Xz"])


def test_no_electrode_in_common(two: Any) -> None:
    two.eeg("02", names=("A1", "A2", "A3", "A4", "ECG"))
    assert "no electrode in common" in refused(two, channels="intersection")


def test_a_recording_without_eeg_channels(two: Any) -> None:
    table = two.root / "sub-01" / "eeg" / "sub-01_task-rest_channels.tsv"
    table.write_text(table.read_text().replace("EEG", "MISC"))
    assert "the file has no EEG channels" in refused(two)


def test_microvolts_stored_as_volts(two: Any) -> None:
    header = two.root / "sub-01" / "eeg" / "sub-01_task-rest_eeg.vhdr"
    header.write_text(header.read_text(encoding="utf-8").replace("µV", "V"), encoding="utf-8")
    text = refused(two)
    assert "implausible for volts" in text
    assert "microvolts" in text
    assert "sub-01_task-rest_eeg.vhdr" in text


def test_tr_of_sidecar_and_header_disagree(two: Any) -> None:
    two.bold("01", sidecar={"RepetitionTime": 2000.0})
    two.bold("02", header_tr=2.5)
    text = refused(two)
    assert "sidecar 2000 s, header 2 s: the sidecar is in milliseconds" in text
    assert "sidecar 2 s, header 2.5 s" in text
    assert make(two, tr=2.0).tr == 2.0


def test_the_tr_is_not_the_interval_of_the_markers(two: Any) -> None:
    two.bold("01", sidecar={"RepetitionTime": 3.0}, header_tr=3.0)
    assert "the interval of the volume markers is not the TR" in refused(two)


def test_recordings_of_different_tr(two: Any) -> None:
    two.recording("03")
    two.tr = 2.5
    two.recording("02")
    text = refused(two)
    assert "the TR differs from that of the other recordings" in text
    assert "sub-02_task-rest_bold" in text


def test_recordings_of_different_grids(two: Any) -> None:
    two.shape = (6, 6, 5)
    two.bold("02")
    text = refused(two)
    assert "different grids" in text
    assert "7 x 6 x 5: sub-01_task-rest; 6 x 6 x 5: sub-02_task-rest" in text
    assert "grid: [7, 6, 5]" in text
    assert make(two, grid=[6, 6, 5]).grid == (6, 6, 5)


def test_recordings_of_different_orientation(two: Any) -> None:
    flip = np.diag([-1.0, 1, 1, 1])
    two.bold("02", affine=two.affine @ flip)
    assert "the voxel axes have other directions" in refused(two)


def test_a_sampling_rate_that_gives_other_frequencies(bids: Any) -> None:
    bids.recording("01")
    bids.sfreq = 20.25  # 40.5 samples a TR, rounded
    bids.recording("02")
    assert "give other frequencies" in refused(bids)


def test_more_frequencies_than_a_window_has(two: Any) -> None:
    assert "101 frequencies of a window of 200 samples" in refused(two, n_bins=101)


def test_a_bold_run_that_is_too_short(bids: Any) -> None:
    bids.n_volumes = 4
    bids.recording("01")
    text = refused(bids)
    assert "the BOLD run is too short" in text
    assert "4 volumes" in text


def test_a_run_shorter_than_the_default_window_is_noted(bids: Any) -> None:
    bids.n_volumes = 9
    bids.recording("01")
    assert "shorter than one window" in make(bids).recordings[0].quality["warnings"][0]


def test_no_brain(two: Any) -> None:
    two.bold("01", volumes=np.full((7, 6, 5, 17), 3.0, np.float32))
    assert "no brain was found" in refused(two)


def test_two_clocks_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match=r"give one of 'marker'(.|\n)*'first_volume_s'"):
        PrepareConfig.make({"marker": "R128", "first_volume_s": 0})


def test_the_output_exists(two: Any, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    with pytest.raises(StoreError, match="exists already"):
        prepare(two.root, tmp_path / "store")
    with pytest.raises(StoreError, match="exists already"):  # told before anything else is looked at
        prepare(two.root / "nothing", tmp_path / "store")


def full_disk(self: ArrayWriter, rows: np.ndarray) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ArrayWriter, "append", full_disk)
    text = refused(two)
    assert "the disk is full" in text
    assert "out/store" in text


def test_a_disk_that_will_not_hold_the_store_is_told_before(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9e9, 9e9, 100))
    assert "too little space" in refused(two)


def test_a_folder_that_may_not_be_written(two: Any, open_folder: Path, as_somebody_else: Any) -> None:
    shutil.copytree(two.root, open_folder / "bids")
    prepare(open_folder / "bids", open_folder / "warm")  # imports what the other user may not see
    (open_folder / "locked").mkdir(mode=0o555)

    def work() -> str:
        try:
            prepare(open_folder / "bids", open_folder / "locked" / "store")
        except StoreError as error:
            return str(error)
        return "written"

    told = as_somebody_else(work)
    assert "cannot be written" in told
    assert str(open_folder / "locked") in told
    assert not list((open_folder / "locked").iterdir())


def test_who_stops_does_not_wait_for_the_volumes(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, read = threading.Event(), []

    def slow(self: BoldImage, notes: list[str]) -> Iterator[np.ndarray]:
        for index in range(100_000):
            read.append(index)
            reading.set()
            yield np.ones((1, *self.shape), np.float32)

    def stopped(*_: Any) -> Any:
        assert reading.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr(BoldImage, "blocks", slow)
    monkeypatch.setattr(conversion, "_write_eeg", stopped)
    with pytest.raises(KeyboardInterrupt):
        make(two)
    assert len(read) < 100_000
    assert list((two.root.parent / "out").iterdir()) == []
