"""Public data sets of EEG with BOLD by their recipes: look-alikes with the lengths and traps of the real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
from tests import lookalikes_simultaneous as made
from tests.lookalikes_simultaneous import XP1, XP2, Written
from tests.written_eeg import write_edf, write_eeglab

from eeg2fmri.cli.main import run
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.public.download import download
from eeg2fmri.data.public.recipe import recipe, with_settings
from eeg2fmri.data.store.store import Store


def prepared(root: Path, name: str, **settings: Any) -> Store:
    out = root.with_name(f"{root.name}_{len(list(root.parent.iterdir()))}")
    return prepare(root, out, with_settings(name, {"grid": list(made.GRID), **settings}))


def by_id(store: Store) -> dict[str, int]:
    return {recording.id: index for index, recording in enumerate(store.recordings)}


def test_xp1_has_recordings_that_are_cut_and_one_that_is_not(tmp_path: Path) -> None:
    """The motor localiser begins before the scan, the others with its third second."""
    root = tmp_path / "xp1"
    uncut = made.neurofeedback(root, "xp101", "motorloc", XP1["motorloc"], lasts_s=336.94, lead_s=5.44)
    feedback = made.neurofeedback(root, "xp101", "eegNF", XP1["eegNF"], lasts_s=401, lead_s=0)
    imagery = made.neurofeedback(root, "xp102", "MIpre", XP1["MIpre"], lasts_s=202, lead_s=0)
    store = prepared(root, "ds002336")
    at = by_id(store)
    assert [recording.n_volumes for recording in store.recordings] == [200, 166, 101]
    uncut.check(store, at["sub-xp101_task-motorloc"], 0, 3.44)
    feedback.check(store, at["sub-xp101_task-eegNF"], 1, 0)
    imagery.check(store, at["sub-xp102_task-MIpre"], 1, 0)
    warnings = store.recordings[at["sub-xp101_task-eegNF"]].quality["warnings"]
    assert any("left out: 0, 201" in text for text in warnings)


def test_xp1_whose_table_has_spaces_and_quotes(tmp_path: Path) -> None:
    """That of the raw EEG, which the recipe does not read."""
    names = ["Fz", "Cz", "ECG"]
    root = made.description(tmp_path / "xp1")
    header = root / "sub-xp101/eeg/sub-xp101_task-MIpre_eeg.vhdr"
    made.brainvision(header, made.eeg("raw", 3, 200.0, names), names, 200.0, [])
    rows = "'Fz'   EEG   microV\n'Cz'   EEG   microV\n'ECG\u2019   ECG   microV\n"
    (root / "task-MIpre_channels.tsv").write_text(f"name   type   units\n{rows}")
    assert read_raw(header).get_channel_types() == ["eeg", "eeg", "ecg"]


@pytest.mark.parametrize(
    ("lasts_s", "lead_s", "trap", "message"),
    [
        (1100.56, 705.0, {"earlier": 700}, r"after the scan too(.|\n)*9 markers"),
        (336.94, 5.44, {"lost": (0,)}, r"seems to be missing(.|\n)*'Stimulus/S  2' at 25.440 s"),
        (297.0, -40.0, {}, r"ends long before the scan(.|\n)*33.000 s before"),
    ],
)
def test_xp1_whose_first_block_cannot_be_told(
    lasts_s: float, lead_s: float, trap: Any, message: str, tmp_path: Path
) -> None:
    root = tmp_path / "xp1"
    made.neurofeedback(root, "xp104", "motorloc", XP1["motorloc"], lasts_s=lasts_s, lead_s=lead_s, **trap)
    with pytest.raises(InputError, match=message) as caught:
        prepared(root, "ds002336")
    assert "first_volumes" in str(caught.value) or "first_volume_s" in str(caught.value)


@pytest.fixture(scope="module")
def xp2(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Written]]:
    """One recording of each kind that the set has."""
    root = tmp_path_factory.mktemp("xp2") / "xp2"
    plan = XP2["MIpre"]
    return root, {
        "cut": made.neurofeedback(root, "xp201", "MIpre", plan, lasts_s=320, lead_s=0),
        "second": made.neurofeedback(root, "xp203", "MIpre", plan, lasts_s=280, lead_s=-40),
        "whole": made.neurofeedback(root, "xp203", "1dNF", plan, lasts_s=347.62, lead_s=11.3, run="01"),
        "named": made.neurofeedback(
            root, "xp220", "1dNF", plan, lasts_s=320, lead_s=0, run="04", stem="d_sub-xp220_NF4"
        ),
    }


def test_xp2_that_was_cut_at_the_second_block_is_noticed(xp2: Any, tmp_path: Path) -> None:
    """Its S 99 is at the start as in the others: without the check every volume would be 40 s wrong."""
    root, written = xp2
    with pytest.raises(InputError, match=r"cut at a later marker(.|\n)*50.000 s before the end of the 332") as caught:
        prepared(root, "ds002338")
    assert "xp203_task-MIpre" in str(caught.value)
    assert "xp201" not in str(caught.value)
    store = prepared(root, "ds002338", problems="leave out")
    at = by_id(store)
    assert list(at) == ["sub-xp201_task-MIpre", "sub-xp203_task-1dNF_run-01"]
    written["cut"].check(store, 0, 2, 0)
    written["whole"].check(store, 1, 0, 9.3)
    manifest = (store.path / "manifest.json").read_text()
    assert "BOLD without EEG, left out: sub-xp220/func/sub-xp220_task-1dNF_run-04_bold.nii.gz" in manifest
    assert "left out: sub-xp203_task-MIpre: the EEG ends long before the scan" in manifest


def test_xp2_with_a_table_that_says_when_the_scan_began(xp2: Any) -> None:
    root, written = xp2
    table = root / "starts.tsv"
    table.write_text("recording\tfirst_volume_s\nsub-xp203_task-MIpre\t-42\nsub-xp201_task-MIpre\t-2\n")
    try:
        store = prepared(
            root, "ds002338", first_volumes={"table": "starts.tsv"}, leave_out=["task-1dNF"], triggers="trim"
        )
    finally:
        table.unlink()
    assert [recording.n_volumes for recording in store.recordings] == [320, 280]
    written["second"].check(store, 1, 42, 0)


def test_xp2_whose_file_lacks_its_task(xp2: Any, tmp_path: Path) -> None:
    """The way that the recipe names: the files are renamed."""
    root, written = xp2
    folder = tmp_path / "xp2/derivatives/sub-xp220/eeg_pp"
    folder.mkdir(parents=True)
    for file in (root / "derivatives/sub-xp220/eeg_pp").iterdir():
        (folder / file.name.replace("_NF4_", "_task-1dNF_run-04_")).write_bytes(file.read_bytes())
    image = tmp_path / "xp2/sub-xp220/func"
    image.mkdir(parents=True)
    for file in (root / "sub-xp220/func").iterdir():
        (image / file.name).write_bytes(file.read_bytes())
    store = prepared(tmp_path / "xp2", "ds002338", eeg={"links": "same name"})
    written["named"].check(store, 0, 2, 0)


def close_to(store: Store, index: int, sound: np.ndarray, sfreq: float, starts: np.ndarray) -> None:
    """Rows of EEG that was cleaned are more like the EEG of their own volume than that of any other."""
    samples = round(store.tr * sfreq)
    kept = slice(5, len(store.frequencies))
    truth = [np.abs(np.fft.rfft(sound[:, round(s * sfreq) :][:, :samples]))[:, 1:][:, kept] for s in starts]
    logs = np.log([each.ravel() for each in truth])
    rows = np.log(store.eeg(index)[:, :, kept].reshape(len(store.eeg(index)), -1))
    logs, rows = logs - logs.mean(0), rows - rows.mean(0)
    likeness = np.corrcoef(rows, logs)[: len(rows), len(rows) :]
    np.testing.assert_array_equal(likeness.argmax(1), np.arange(len(rows)))
    assert np.diag(likeness).min() > 0.6


def test_sleep(tmp_path: Path) -> None:
    """Raw EEG at 5 kHz with gradients, Sync On beside R128, EEG that ends before the scan, no tables."""
    root = made.description(tmp_path / "ds003768")
    names, tr = ["Fz", "Cz", "ECG"], 2.1
    runs = {"task-rest_run-1": (30, 30, 8.236), "task-sleep_run-2": (30, 27, 4.5)}
    sound = {}
    for name, (volumes, with_eeg, lead) in runs.items():
        stem = f"sub-01_{name}"
        data = made.eeg(name, lead + with_eeg * tr + 1, 5000.0, names)
        starts = lead + tr * np.arange(with_eeg)
        sound[stem] = (data, starts)
        sync = [("SyncStatus", "Sync On", float(t)) for t in np.arange(0, lead + with_eeg * tr, 2.0)]
        marked = [("Response", "R128", float(t)) for t in starts] + sync
        header = root / "sub-01/eeg" / f"{stem}_eeg.vhdr"
        made.brainvision(header, made.with_gradients(data, 5000.0, starts, tr), names, 5000.0, marked)
        sidecar = {"RepetitionTime": tr, "SliceTiming": [0.0, 1.05]}
        made.bold(root / "sub-01/func" / f"{stem}_bold.nii.gz", volumes, tr, sidecar=sidecar)
    (root / "sourcedata").mkdir()
    (root / "sourcedata/sub-01-sleep-stage.tsv").write_text("subject\tsession\n1\ttask-rest_run-1\n")
    with pytest.raises(InputError, match=r"fewer volume markers(.|\n)*volumes_before: 0"):
        prepared(root, "ds003768")
    store = prepared(root, "ds003768", count_from="first")
    assert store.electrodes == ("Fz", "Cz")
    assert [recording.n_volumes for recording in store.recordings] == [30, 27]
    for index, recording in enumerate(store.recordings):
        data, starts = sound[recording.id]
        np.testing.assert_allclose(recording.onsets, starts, atol=1 / 250)
        assert recording.sfreq == 250
        close_to(store, index, data[:2], 5000.0, starts)


def music(root: Path, task: str, *, pulses: list[float], volumes: int, lasts_s: int) -> Written:
    """A run of ds002725: a lone 47, its train at another phase, the scanner's pulses as code 10."""
    names = ["FP1", "FP2", "Fz", "Cz", "ECG", "ft_x", "music", "sams_valencert", "unnamed"]
    stem = f"sub-02_task-{task}"
    folder = root / "sub-02/eeg"
    folder.mkdir(parents=True, exist_ok=True)
    data = made.eeg(task, lasts_s, 1000.0, names)
    write_edf(folder / f"{stem}_eeg.edf", data, names, 1000, bdf=False)
    kinds = ["EEG"] * 4 + ["ECG", "reponse", "stimuli", "reponse"]
    rows = [f"{name}\t{kind}\tmicroV\tgood" for name, kind in zip(names, kinds, strict=False)]
    (folder / f"{stem}_channels.tsv").write_text("\n".join(["name\ttype\tunits\tstatus", *rows]) + "\n")
    events = [(0.001, 1), (0.001, 47), (0.001, 1283), *((t, 10) for t in pulses)]
    events += [(t, 47) for t in np.arange(0.061, lasts_s - 1.9, 2.0)] + [
        (t, 265) for t in np.arange(0.9, lasts_s, 0.97)
    ]
    lines = [f"{t:.3f}\t0.001\t{code}" for t, code in sorted(events)]
    (folder / f"{stem}_events.tsv").write_text("\n".join(["onset\tduration\ttrial_type", *lines]) + "\n")
    (folder / f"{stem}_eeg.json").write_text(json.dumps({"SamplingFrequency": 1000, "EEGChannelCount": 30}))
    image = root / f"sub-02/func/{stem}_bold.nii.gz"
    volume = made.bold(image, volumes, 2.0, sidecar={"RepetitionTime": 2.0, "TaskName": task})
    return Written(data[:4], 1000.0, volume)


def test_music(tmp_path: Path) -> None:
    """Two trains at the TR in events.tsv, the longer of them the stimulus program's; a scan that was begun again."""
    root = made.description(tmp_path / "ds002725", BIDSVersion="1.0.2")
    short = music(root, "washout", pulses=list(23.114 + 2.0 * np.arange(33)), volumes=33, lasts_s=112)
    first = [*(10.005 + 2.0 * np.arange(12)), *(160.405 + 2.0 * np.arange(40))]
    again = music(root, "genMusic01", pulses=first, volumes=40, lasts_s=250)
    store = prepared(root, "ds002725")
    at = by_id(store)
    assert store.electrodes == ("FP1", "FP2", "Fz", "Cz")
    short.check(store, at["sub-02_task-washout"], 0, 23.114)
    again.check(store, at["sub-02_task-genMusic01"], 0, 160.405)
    warnings = " ".join(store.recordings[0].quality["warnings"])
    assert "channels.tsv does not name unnamed: left out" in warnings
    # the other code is a train at the TR too, and not taken for the volumes
    with pytest.raises(InputError, match="more volume markers than volumes"):
        prepared(root, "ds002725", events={"column": "trial_type", "value": "47"})


def test_confidence(tmp_path: Path) -> None:
    """Arrays whose rows differ by file, and a first volume that only a table tells."""
    root = made.description(tmp_path / "ds002739")
    names = [f"E{k:02}" for k in range(1, 65)]
    absent = {"01": [3, 64], "02": [17]}
    offsets = {"01": 21.4365, "02": 30.002}
    written = {}
    for number, excluded in absent.items():
        data = made.eeg(number, offsets[number] + 2.0 * 25 + 4, 1000.0, names)
        folder = root / "sub-01/EEG"
        folder.mkdir(parents=True, exist_ok=True)
        kept = [k for k in range(64) if k + 1 not in excluded]
        arrays = {"EEGdata": (data[kept] * 1e6).astype("f4"), "fs": 1000.0, "excludedchannels": np.array([excluded])}
        scipy.io.savemat(folder / f"EEG_data_sub-01_run-{number}.mat", arrays)
        image = root / f"sub-01/func/sub-01_task-main_run-{number}_bold.nii.gz"
        common = [k for k in range(64) if k + 1 not in (3, 17, 64)]
        written[number] = Written(data[common], 1000.0, made.bold(image, 25, 2.0))
    (root / "task-main_bold.json").write_text(json.dumps({"RepetitionTime": 2}))
    with pytest.raises(InputError, match=r"table of first volumes does not exist(.|\n)*first_volumes.tsv"):
        prepared(root, "ds002739")
    rows = "".join(f"sub-01_run-{number}\t{offset}\n" for number, offset in offsets.items())
    (root / "first_volumes.tsv").write_text(f"recording\tfirst_volume_s\n{rows}")
    store = prepared(root, "ds002739")
    assert len(store.electrodes) == 61
    for index, number in enumerate(absent):
        written[number].check(store, index, 0, offsets[number])


def test_natview(tmp_path: Path) -> None:
    """EEGLAB at 5 kHz with gradients, two sessions, EEG without BOLD, frames of a flicker that are marked."""
    root = made.description(tmp_path / "natview")
    names, tr, sound = ["Fz", "Cz", "ECG", "EOGL", "EOGU"], 2.1, {}
    for session, lead in (("01", 3.2), ("02", 9.72)):
        stem = f"sub-01_ses-{session}_task-checker"
        starts = lead + tr * np.arange(28)
        data = made.eeg(stem, starts[-1] + tr + 2, 5000.0, names)
        frames = [("S 15", float(t)) for t in np.arange(lead, starts[-1], 0.5)]
        folder = root / f"sub-01/ses-{session}/eeg"
        folder.mkdir(parents=True)
        events = sorted([*(("R128", float(t)) for t in starts), *frames], key=lambda each: each[1])
        dirty = made.with_gradients(data, 5000.0, starts, tr)
        write_eeglab(folder / f"{stem}_eeg.set", dirty, names, 5000.0, events=events)
        write_eeglab(folder / f"{stem}off_eeg.set", data[:, :50000], names, 5000.0, events=frames[:5])
        made.bold(root / f"sub-01/ses-{session}/func/{stem}_bold.nii.gz", 28, tr)
        sound[stem] = (data[:2], starts)
    store = prepared(root, "natview")
    assert store.electrodes == ("Fz", "Cz")
    assert (
        "EEG without BOLD, left out: sub-01/ses-01/eeg/sub-01_ses-01_task-checkeroff_eeg.set"
        in (store.path / "manifest.json").read_text()
    )
    for index, (data, starts) in enumerate(sound.values()):
        np.testing.assert_allclose(store.recordings[index].onsets, starts, atol=1 / 250)
        close_to(store, index, data, 5000.0, starts)


class Opened:
    """A pickle of this writes a file when it is opened."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.place, "opened")


def test_neurobolt(tmp_path: Path) -> None:
    """Courses of regions in place of images: as a NumPy file, never as the pickle that comes with the set."""
    import pickle

    root = tmp_path / "neurobolt"
    scalp = ["FP1", "FP2", "F3", "F4", "Fz", "POZ", "FT9", "TP10"]
    names = [*scalp, "EOG1", "EOG2", "EMG1", "EMG2", "EMG3", "ECG", "CWL1"]
    written = {}
    (root / "EEG").mkdir(parents=True)
    (root / "fMRI_difumo").mkdir()
    for scan, lead in (("sub11-scan01", 4.0), ("sub11-scan02", 7.252)):
        starts = lead + 2.1 * np.arange(40)
        data = made.eeg(scan, starts[-1] + 3, 250.0, names)
        events = [("R149", float(t)) for t in starts]
        write_eeglab(root / "EEG" / f"{scan}_eeg.set", data, names, 250.0, events=events)
        courses = generator(0, scan).standard_normal((40, 66)).astype("f4")
        np.save(root / "fMRI_difumo" / f"{scan}_difumo64_roi.npy", courses)
        (root / "fMRI_difumo" / f"{scan}_difumo64_roi.pkl").write_bytes(pickle.dumps(Opened(tmp_path / "opened")))
        written[scan] = (Written(data[:8], 250.0, courses.T[:, None, None]), lead)
    store = prepare(root, tmp_path / "store", with_settings("neurobolt", {}))
    assert store.grid == (66, 1, 1)
    assert [name.casefold() for name in store.electrodes] == [name.casefold() for name in scalp]
    assert [recording.subject for recording in store.recordings] == ["11", "11"]
    for index, (each, lead) in enumerate(written.values()):
        each.check(store, index, 0, lead)
    pickles = {
        "eeg": recipe("neurobolt").prepare.layout.eeg,
        "bold": "fMRI_difumo/sub{subject}-scan{run}_difumo64_roi.pkl",
    }
    with pytest.raises(InputError, match=r"a pickle can run any program(.|\n)*numpy.save"):
        prepare(root, tmp_path / "second", with_settings("neurobolt", {"layout": pickles}))
    assert not (tmp_path / "opened").exists()


def test_courses_that_are_no_table_of_numbers(tmp_path: Path) -> None:
    from eeg2fmri.data.bold.image import BoldImage

    rows = np.arange(12.0).reshape(4, 3)
    files = {
        "columns": (np.asfortranarray(rows), "column after column"),
        "flat": (rows.ravel(), "shape"),
        "objects": (np.array([[{}]], object), "cannot be read"),
        "words": (np.array([["a"]]), "type <U1"),
    }
    for name, (array, message) in files.items():
        np.save(tmp_path / f"{name}.npy", array, allow_pickle=True)
        with pytest.raises(InputError, match=message) as caught:
            BoldImage.open(tmp_path / f"{name}.npy")
        assert "numpy.ascontiguousarray" in str(caught.value)
    np.save(tmp_path / "sound.npy", rows)
    whole = (tmp_path / "sound.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(whole[:-8])
    with pytest.raises(InputError, match="cannot be read"):
        BoldImage.open(tmp_path / "cut.npy")
    np.testing.assert_array_equal([v.ravel() for v in BoldImage.open(tmp_path / "sound.npy").volumes()], rows)


def test_sets_that_are_fetched_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=r"not fetched by name(.|\n)*huggingface.co"):
        download(recipe("neurobolt"), tmp_path / "x")
    assert run(["datasets", "natview"]) == 0
    assert "fetch it from https://fcon_1000" in capsys.readouterr().out
