"""Each public data set by its recipe: a small look-alike of its layout and traps, with simulated signals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import mne
import nibabel
import numpy as np
import pybv
import pytest
import scipy.io

from eeg2fmri.cli.main import run
from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.eeg_only.store import EegOnlyConfig
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.public.recipe import eeg_only_settings, recipe, recipe_names, with_settings
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.data.timing.choose_marker import find_marker
from eeg2fmri.data.timing.read_markers import markers_of
from eeg2fmri.simulate import SimulationConfig, simulate_dataset


def simulated(folder: Path, tr: float, volumes: int = 16, sfreq: float = 200.0) -> tuple[mne.io.BaseRaw, Any]:
    """Give the EEG and BOLD of a simulated recording."""
    values = {
        "subjects": 1,
        "volumes": volumes,
        "grid": (9, 11, 8),
        "electrodes": 12,
        "regions": 8,
        "sfreq": sfreq,
        "tr": tr,
        "seed": 5,
        "t1w_voxel_mm": 10.0,
    }
    root = simulate_dataset(folder / f"simulated_{tr}_{sfreq}", SimulationConfig.make(values))
    raw = mne.io.read_raw(next(root.glob("sub-*/eeg/*.vhdr")), preload=True, verbose="error")
    return raw, nibabel.load(next(root.glob("sub-*/func/*.nii.gz")))


def onsets(raw: mne.io.BaseRaw) -> np.ndarray:
    return np.array([a["onset"] for a in raw.annotations if "R128" in a["description"]])


def brainvision(
    raw: mne.io.BaseRaw, base: Path, events: list[tuple[float, str]], data: np.ndarray | None = None
) -> Path:
    base.parent.mkdir(parents=True, exist_ok=True)
    sfreq = raw.info["sfreq"]
    pybv.write_brainvision(
        data=raw.get_data() if data is None else data,
        sfreq=sfreq,
        ch_names=raw.ch_names,
        fname_base=base.name,
        folder_out=base.parent,
        events=[
            {"onset": round(t * sfreq), "duration": 1, "description": name, "type": "Comment", "channels": "all"}
            for t, name in events
        ],
        fmt="binary_float32",
    )
    return base.with_name(f"{base.name}.vhdr")


def with_ecg(raw: mne.io.BaseRaw) -> mne.io.BaseRaw:
    noise = generator(0, "ecg").standard_normal((1, raw.n_times)) * 1e-4
    return raw.copy().add_channels(
        [mne.io.RawArray(noise, mne.create_info(["ECG"], raw.info["sfreq"], "eeg"), verbose="error")],
        force_update_info=True,
    )


def image(there: Any, path: Path, header_tr: float | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    copy = nibabel.Nifti1Image(np.asarray(there.dataobj), there.affine, there.header)
    if header_tr is not None:
        copy.header.set_zooms((*copy.header.get_zooms()[:3], header_tr))
    copy.to_filename(path)


def made(root: Path, name: str, **settings: object) -> Store:
    return prepare(root, root.parent / f"{name}_store", with_settings(name, {"grid": [9, 11, 8], **settings}))


def test_noddi(tmp_path: Path) -> None:
    """Folders by batch, ECG among the electrodes, headers that name files which do not exist, markers of slices."""
    raw, bold = simulated(tmp_path, 2.16, sfreq=250.0)
    raw = with_ecg(raw)
    starts = onsets(raw)
    slices = [(start + 0.072 * k, "s ") for start in starts for k in range(30)]
    beats = [(t, "R") for t in np.arange(0.3, raw.times[-1], 0.85)]
    events = [*((t, "Scan Start") for t in starts), *slices, *beats]
    root = tmp_path / "noddi"
    for batch, subject in (("EEG1", "32"), ("EEG2", "35")):
        header = brainvision(raw, root / batch / subject / "export" / f"{subject}_export", events)
        header.with_suffix(".eeg").rename(header.with_suffix(".dat"))
        header.write_text(header.read_text().replace(f"{subject}_export", "trio1_elsewhere"))
        markers = header.with_suffix(".vmrk")
        markers.write_text(markers.read_text().replace("=Comment,", "=Scanner,"))
        image(bold, root / "fMRI" / subject / f"{subject}_cross.nii.gz")
    store = made(root, "noddi")
    assert [recording.id for recording in store.recordings] == ["sub-32", "sub-35"]
    assert "ECG" not in store.electrodes
    assert len(store.electrodes) == 12
    assert (len(store.frequencies), store.tr) == (134, 2.16)
    assert store.recordings[0].quality["marker"] == "Scanner/Scan Start"
    np.testing.assert_allclose(store.bold(0), np.moveaxis(bold.get_fdata(), -1, 0), rtol=1e-4)
    np.testing.assert_allclose(store.recordings[0].onsets, starts, atol=1 / 250)
    # without the recipe's words the marker is found by its name among those of slices and beats
    markers = markers_of(read_raw(root / "EEG1/32/export/32_export.vhdr", config=store.config.eeg))
    assert set(markers) == {"Scanner/Scan Start", "Scanner/s ", "Scanner/R"}
    assert find_marker(markers, 2.16, None).name == "Scanner/Scan Start"


def test_noddi_whose_last_volume_is_some_samples_short(tmp_path: Path) -> None:
    raw, bold = simulated(tmp_path, 2.16, sfreq=250.0)
    starts = onsets(raw)
    raw.crop(tmax=starts[-1] + 2.16 - 0.1)
    header = brainvision(raw, tmp_path / "noddi/EEG1/32/export/32", [(t, "Scan Start") for t in starts])
    image(bold, tmp_path / "noddi/fMRI/32/32_cross.nii.gz")
    assert header.is_file()
    store = made(tmp_path / "noddi", "noddi")
    assert store.recordings[0].n_volumes == 15
    assert "volumes without a whole TR of EEG left out: 15" in store.recordings[0].quality["warnings"]


def test_oddball(tmp_path: Path) -> None:
    """MATLAB arrays with 49 rows, legacy folders, no volume markers."""
    raw, bold = simulated(tmp_path, 2.0, volumes=12, sfreq=1000.0)
    first = onsets(raw)[0]
    data = raw.get_data(tmin=first) * 1e6
    rows = np.vstack([data[k % 12] - data[(k + 1) % 12] for k in range(43)])
    other = generator(0).standard_normal((4, data.shape[1])) * 200
    events = np.zeros((2, data.shape[1]))
    events[0, 5000:5010] = 1
    root = tmp_path / "ds000116"
    for subject, task, number in (("001", "001", "001"), ("002", "001", "001"), ("002", "001", "002")):
        place = f"task{task}_run{number}"
        folder = root / f"sub{subject}"
        (folder / "EEG" / place).mkdir(parents=True)
        scipy.io.savemat(folder / "EEG" / place / "EEG_noGA.mat", {"data_noGA": np.vstack([rows, other, events])})
        image(bold, folder / "BOLD" / place / "bold.nii.gz")
    store = made(root, "oddball")
    assert [r.id for r in store.recordings][1:] == ["sub-002_task-001_run-001", "sub-002_task-001_run-002"]
    assert len(store.electrodes) == 43
    assert store.recordings[0].sfreq == 1000
    np.testing.assert_allclose(store.recordings[0].onsets, 2 * np.arange(12))
    segment = rows[0, :2000] * 1e-6
    np.testing.assert_allclose(store.eeg(0)[0, 0], np.abs(np.fft.rfft(segment))[1:135], rtol=1e-3, atol=1e-9)


def test_cn_epfl(tmp_path: Path) -> None:
    """Raw EEG with gradients at a high rate, ms in a nested block, no channels.tsv, another lead-in in each run."""
    raw, bold = simulated(tmp_path, 1.28, sfreq=1000.0)
    raw = with_ecg(raw)
    starts = onsets(raw)
    shape = generator(0, "gradient").standard_normal(1280) * 2e-3
    data = raw.get_data()
    sound = data.copy()
    for start in starts:
        data[:, round(start * 1000) :][:, :1280] += shape
    root = tmp_path / "ds002158"
    root.mkdir()
    (root / "dataset_description.json").write_text(json.dumps({"Name": "x", "BIDSVersion": "1.1.1"}))
    sidecar = {"RepetitionTime": 1.28, "global": {"const": {"RepetitionTime": 1280.0}}}
    for number, lead in (("001", 0), ("002", 700)):
        stem = f"sub-01_ses-001_task-main_run-{number}"
        folder = root / "sub-01" / "ses-001"
        padded = np.hstack([sound[:, :lead], data])
        shift = (padded.shape[1] - data.shape[1]) / 1000
        header = brainvision(raw, folder / "eeg" / f"{stem}_eeg", [(t + shift, "R128") for t in starts], padded)
        header.write_text(header.read_text().replace(f"={stem}_eeg", f"=s2_run{number}"))
        image(bold, folder / "func" / f"{stem}_bold.nii.gz")
        (folder / "func" / f"{stem}_bold.json").write_text(json.dumps(sidecar))
    with pytest.raises(InputError, match="header names does not exist"):
        prepare(root, tmp_path / "plain", PrepareConfig())
    store = made(root, "cn_epfl")
    assert store.tr == 1.28
    assert [recording.sfreq for recording in store.recordings] == [250.0, 250.0]
    first, second = (recording.onsets[0] for recording in store.recordings)
    assert second - first == pytest.approx(0.7, abs=1e-6)
    assert store.recordings[0].quality["cleaned"] == ["gradient", "resample"]
    assert store.recordings[0].quality["volume_locked_share"] < 0.2
    assert "ECG" not in store.electrodes
    assert len(store.frequencies) == 79
    # without the recipe's cleaning the gradients would be hundreds of times the EEG
    reference = np.abs(np.fft.rfft(sound[0, round(starts[8] * 1000) :][:1280]))[1:80] / 4
    assert np.median(store.eeg(0)[8, 0]) < 3 * np.median(reference)


def test_every_recipe_can_be_read_and_says_what_it_must() -> None:
    names = recipe_names()
    assert len(names) == 13
    found = [recipe(name) for name in names]
    assert sum(each.kind == "simultaneous" for each in found) == 10
    for each in found:
        assert each.traps
        assert each.licence
        assert each.citation
        assert recipe(each.source.number) == each
        if each.kind == "simultaneous":
            assert isinstance(with_settings(each.name, {}), Config)
            assert each.prepare.tr == each.facts.tr
        else:
            assert EegOnlyConfig.make(eeg_only_settings(each.name))
    with pytest.raises(ConfigError, match="no recipe of this name"):
        recipe("ds999999")


def test_settings_of_the_user_go_before_those_of_the_recipe() -> None:
    config = with_settings("cn_epfl", {"eeg": {"clean": {"resample": 500}}, "n_bins": 20})
    assert (config.eeg.clean.gradient, config.eeg.clean.resample, config.n_bins) == ("average", 500, 20)


def test_a_strangers_folder_with_ten_lines_of_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The example of the documentation, on the command line."""
    raw, bold = simulated(tmp_path, 1.5)
    text = (Path(__file__).parents[2] / "docs" / "your_own_data.md").read_text()
    settings = text.split("```yaml", 1)[1].split("```", 1)[0].strip()
    assert len(settings.splitlines()) <= 10
    (tmp_path / "mine.yaml").write_text(settings + "\n")
    root = tmp_path / "lab data"
    for subject in ("anna", "bert"):
        folder = root / subject / "EEG recordings"
        folder.mkdir(parents=True)
        data = raw.get_data() * 1e6
        trigger = np.zeros((1, raw.n_times))
        for start in onsets(raw):
            trigger[0, round(start * 200) :][:4] = 1
        scipy.io.savemat(folder / "morning_rest.mat", {"eeg": np.vstack([data, trigger])})
        image(bold, root / subject / "scans" / "rest.nii.gz")
    rows = [*raw.ch_names[:-1], "pulse", "trigger"]
    (tmp_path / "mine.yaml").write_text(
        settings.replace("rows: [Fp1, Fp2, Cz, pulse, trigger]", f"rows: {json.dumps(rows)}") + "\n"
    )
    status = run(["prepare", str(root), str(tmp_path / "store"), "--config", str(tmp_path / "mine.yaml")])
    assert status == 0, capsys.readouterr().err
    store = Store.open(tmp_path / "store")
    assert [recording.subject for recording in store.recordings] == ["anna", "bert"]
    assert store.electrodes == tuple(raw.ch_names[:-1])
    np.testing.assert_allclose(store.recordings[0].onsets, onsets(raw), atol=1 / 200)


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str], small_bids: Path, small_store: Path) -> None:
    assert run(["datasets"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in recipe_names())
    assert run(["datasets", "ds002778"]) == 0
    assert "advise against classifying patients" in capsys.readouterr().out
    assert run(["datasets", "ds004000"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "unverified: the headers, that of sub-042 above all" in shown
    assert "prepare DIR STORE --recipe schizophrenia" in shown
    assert (
        run(
            [
                "store",
                "info",
                str(small_store),
                "--figures",
                str(tmp_path / "figures"),
                "--verify",
                "--sources",
                str(small_bids),
            ]
        )
        == 0
    )
    shown = capsys.readouterr().out
    assert "tSNR" in shown
    assert "space:" in shown
    assert len(list((tmp_path / "figures").glob("*_quality.png"))) == 3
    assert run(["store", "info", str(tmp_path)]) == 1
    assert "not a store" in capsys.readouterr().err


def test_prepare_by_recipe_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, bold = simulated(tmp_path, 2.0)
    root = tmp_path / "xp1"
    stem = "sub-xp101_task-MIpre"
    brainvision(raw, root / "derivatives" / "sub-xp101" / "eeg_pp" / f"{stem}_eeg_pp", [(0.5, "S 99")])
    image(bold, root / "sub-xp101" / "func" / f"{stem}_bold.nii.gz")
    (tmp_path / "grid.yaml").write_text("grid: [9, 11, 8]\n")
    arguments = [
        "prepare",
        str(root),
        str(tmp_path / "store"),
        "--recipe",
        "ds002336",
        "--config",
        str(tmp_path / "grid.yaml"),
    ]
    assert run(arguments) == 0
    assert "1 recordings" in capsys.readouterr().out
    assert Store.open(tmp_path / "store").config.first_marker == recipe("ds002336").prepare.first_marker
    shutil.rmtree(root / "derivatives")
    assert run([*arguments[:2], str(tmp_path / "second"), *arguments[3:]]) == 1
    assert "no EEG file fits the pattern" in capsys.readouterr().err
