"""Every format of EEG gives the same recording; what channels are, their names, units, reference and bad ones."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pybv
import pytest
import scipy.io

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.eeg.channel_matrix import derive
from eeg2fmri.data.eeg.channel_types import type_by_name
from eeg2fmri.data.eeg.electrodes.channel_names import electrode_names
from eeg2fmri.data.eeg.electrodes.positions import directions
from eeg2fmri.data.eeg.electrodes.spline import spline_matrix
from eeg2fmri.data.eeg.read import eeg_files, read_raw
from eeg2fmri.data.prepare.new_recording import Wanted, new_recording
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.eeg import EegConfig
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.timing.read_markers import markers_of

NAMES = ["Fz", "T3", "T6", "Oz", "ECG", "HEOG"]
SFREQ, N = 128, 128 * 6
ONSETS = np.array([1.0, 2.5, 4.0])


def _wanted(store: Any) -> Wanted:
    return Wanted(store.electrodes, store.frequencies, store.tr, store.sfreq)


def signal(rows: int = len(NAMES), n: int = N) -> np.ndarray:
    return generator(0, "formats").standard_normal((rows, n)) * 2e-5


def _written() -> Any:
    spec = importlib.util.spec_from_file_location("written_eeg", Path(__file__).parents[2] / "written_eeg.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


written = _written()


def write_edf(path: Path, data: np.ndarray, names: list[str], *, bdf: bool, status: np.ndarray | None = None) -> Path:
    made: Path = written.write_edf(path, data, names, SFREQ, bdf=bdf, status=status)
    return made


def write(kind: str, folder: Path, data: np.ndarray) -> tuple[Path, EegConfig, float]:
    """Write a recording; give its file, the settings to read it, and the precision of the format (V)."""
    path, config, precision = folder / f"rec.{kind}", EegConfig(), 1e-9
    if kind == "vhdr":
        pybv.write_brainvision(
            data=data, sfreq=SFREQ, ch_names=NAMES, fname_base="rec", folder_out=folder, fmt="binary_float32"
        )
    elif kind in ("edf", "bdf"):
        write_edf(path, data, NAMES, bdf=kind == "bdf")
        precision = 4e-9 if kind == "edf" else 1e-10
    elif kind == "set":
        written.write_eeglab(path, data, NAMES, SFREQ)
    elif kind == "fif":
        path = folder / "rec_raw.fif"
        mne.io.RawArray(data, mne.create_info(NAMES, SFREQ, "eeg"), verbose="error").save(path, verbose="error")
    else:
        scipy.io.savemat(path, {"data_noGA": data.T * 1e3})
        config = EegConfig.make(
            {"matlab": {"variable": "data_noGA", "sfreq": SFREQ, "rows": NAMES, "unit": "mV", "axes": "time, channel"}}
        )
    return path, config, precision


@pytest.mark.parametrize("kind", ["vhdr", "edf", "bdf", "set", "fif", "mat"])
def test_a_format_gives_volts_types_and_names(kind: str, tmp_path: Path) -> None:
    path, config, precision = write(kind, tmp_path, signal())
    notes: list[str] = []
    raw = read_raw(path, notes, config)
    assert raw.info["sfreq"] == SFREQ
    assert raw.ch_names == ["Fz", "T7", "P8", "Oz", "ECG", "HEOG"]
    assert raw.get_channel_types() == ["eeg"] * 4 + ["ecg", "eog"]
    assert any("old electrode names: T3 is T7, T6 is P8" in note for note in notes)
    np.testing.assert_allclose(raw.get_data()[:, : N - 1], signal()[:, : N - 1], atol=precision)
    assert path in eeg_files(path)


def test_old_names_stay_on_request_or_where_the_new_one_is_there(tmp_path: Path) -> None:
    path, config, _ = write("fif", tmp_path, signal())
    assert "T3" in read_raw(path, config=config.model_copy(update={"old_names": "keep"})).ch_names
    raw = read_raw(path, config=EegConfig(rename={"Oz": "T7"}))
    assert raw.ch_names[:4] == ["Fz", "T3", "P8", "T7"]


def test_channels_as_the_user_says(tmp_path: Path) -> None:
    path, _, _ = write("edf", tmp_path, signal())
    raw = read_raw(path, config=EegConfig(types={"o*": "eog", "ECG": "eeg"}, rename={"ECG": "Cz"}))
    assert dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))["Oz"] == "eog"
    assert "Cz" in electrode_names(raw)
    for wrong, what in (
        ({"types": {"Q9": "eeg"}}, "'types' names a channel that the file does not have"),
        ({"rename": {"Q9": "Cz"}}, "'rename' names only channels"),
        ({"rename": {"Fz": "Oz"}}, "two channels would have the same name"),
    ):
        with pytest.raises(InputError, match=what):
            read_raw(path, config=EegConfig.make(wrong))


def test_markers_of_a_status_channel(tmp_path: Path) -> None:
    status = np.zeros(N, np.int64)
    for onset in ONSETS:
        status[round(onset * SFREQ) :][:3] = 17
    status[700:703] = 4
    path = write_edf(tmp_path / "rec.bdf", signal(), NAMES, bdf=True, status=status)
    raw = read_raw(path)
    assert raw.get_channel_types()[-1] == "stim"
    markers = markers_of(raw)
    np.testing.assert_allclose(markers["Status/17"], ONSETS)
    np.testing.assert_allclose(markers["Status/4"], [700 / SFREQ])
    with pytest.raises(InputError, match="no such trigger channel"):
        markers_of(raw, "Trigger")


def test_markers_of_a_voltage_and_of_a_named_channel() -> None:
    level = generator(1).standard_normal(N) * 0.01
    for onset in ONSETS:
        level[round(onset * SFREQ) :][:5] += 5
    raw = mne.io.RawArray(
        np.vstack([signal(1), level]), mne.create_info(["Cz", "in"], SFREQ, ["eeg", "misc"]), verbose=40
    )
    assert markers_of(raw) == {}
    np.testing.assert_allclose(markers_of(raw, "in")["in/high"], ONSETS)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({}, "does not say what its arrays are"),
        ({"variable": "other"}, "no such variable"),
        ({"rows": ["Fz"]}, "another number of channels"),
        ({"variable": "cell"}, "not a two-dimensional array of numbers"),
    ],
)
def test_matlab_arrays_that_are_not_as_declared(change: dict[str, Any], what: str, tmp_path: Path) -> None:
    path = tmp_path / "rec.mat"
    scipy.io.savemat(path, {"data": signal(), "cell": np.array([["a"]], object)})
    declared = {"variable": "data", "sfreq": 128, "rows": NAMES, **change}
    config = EegConfig.make({"matlab": declared} if change else {})
    with pytest.raises(InputError, match=what) as caught:
        read_raw(path, config=config)
    assert "rec.mat" in str(caught.value)
    assert read_raw(path, config=EegConfig.make({"matlab": {"variable": "data", "sfreq": 128, "rows": NAMES}}))


def test_rows_named_twice_are_refused() -> None:
    with pytest.raises(ConfigError, match="names a channel twice"):
        EegConfig.make({"matlab": {"variable": "x", "sfreq": 1, "rows": ["A", "A"]}})


# spatial steps ----------------------------------------------------------------------------------------------------

CAP = ["Fp1", "Fp2", "F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4", "O1", "O2", "T7", "T8"]


def cap(positions: bool = True) -> mne.io.BaseRaw:
    raw = mne.io.RawArray(signal(len(CAP), 200), mne.create_info(CAP, SFREQ, "eeg"), verbose="error")
    if positions:
        raw.set_montage("standard_1005", verbose="error")
    return raw


def test_bad_electrodes_are_interpolated_as_mne_does() -> None:
    raw = cap()
    raw.info["bads"] = ["Cz", "O1"]
    derivation, notes = derive(raw, EegConfig(bads="interpolate"), Path("x"))
    assert set(derivation.inputs) == set(CAP) - {"Cz", "O1"}
    ours = derivation.apply(raw.get_data(picks=list(derivation.inputs)))
    theirs = raw.copy().interpolate_bads(method="spline", origin="auto", verbose="error").get_data()
    rows = [CAP.index("Cz"), CAP.index("O1")]
    np.testing.assert_allclose(np.delete(ours, rows, 0), np.delete(theirs, rows, 0))
    for row in rows:
        assert np.corrcoef(ours[row], theirs[row])[0, 1] > 0.99
    assert notes == ("bad electrodes interpolated: Cz, O1",)


def test_bad_electrodes_are_left_out() -> None:
    raw = cap(False)
    raw.info["bads"] = ["Cz"]
    derivation, _ = derive(raw, EegConfig(bads="drop"), Path("x"))
    assert derivation.matrix is None
    assert derivation.outputs == tuple(name for name in CAP if name != "Cz")
    assert derive(raw, EegConfig(), Path("x"))[0].outputs == tuple(CAP)


def test_references() -> None:
    raw = cap(False)
    raw.info["bads"] = ["Fp1"]
    data = raw.get_data()
    average, _ = derive(raw, EegConfig(reference="average"), Path("x"))
    expected = mne.set_eeg_reference(raw, "average", copy=True, verbose="error")[0].get_data()
    good = slice(1, None)
    np.testing.assert_allclose(average.apply(data)[good], expected[good], atol=1e-12)
    linked, _ = derive(raw, EegConfig(reference=("T7", "T8")), Path("x"))
    assert "T7" not in linked.outputs
    ours = linked.pick(["Pz"]).apply(raw.get_data(picks=list(linked.pick(["Pz"]).inputs)))
    np.testing.assert_allclose(ours[0], data[CAP.index("Pz")] - data[-2:].mean(axis=0))
    with pytest.raises(InputError, match="electrodes are missing"):
        derive(raw, EegConfig(reference=("M1",)), Path("x"))


def test_a_montage_is_computed_from_positions_not_from_order_or_names() -> None:
    """A field that is smooth on the head is found at places without electrode, whatever the channels are called."""
    dense = [*CAP, "F7", "F8", "P7", "P8", "Fpz", "Oz", "FC1", "FC2", "CP1", "CP2", "FC5", "FC6", "CP5", "CP6", "AF3"]
    raw = mne.io.RawArray(np.zeros((len(dense), 50)), mne.create_info(dense, SFREQ, "eeg"), verbose="error")
    raw.set_montage("standard_1005", verbose="error")
    places = directions(raw, dense, Path("x"))
    unit = places / np.linalg.norm(places, axis=1, keepdims=True)
    field = (1 + unit @ [0.5, -1.0, 2.0])[:, None] * np.sin(np.arange(50))
    target = ["C3", "Pz", "F4", "Oz"]
    left = [name for name in dense if name not in target]
    order = generator(0).permutation(len(left))
    names = {left[k]: f"EEG {number:03d}" for number, k in enumerate(order)}
    anonymous = mne.io.RawArray(field, raw.info, verbose="error").pick([left[k] for k in order])
    anonymous.rename_channels(names)
    derivation, _ = derive(anonymous, EegConfig(), Path("x"), montage=target)
    found = derivation.apply(anonymous.get_data(picks=list(derivation.inputs)))
    assert derivation.outputs == tuple(target)
    np.testing.assert_allclose(found, field[[dense.index(name) for name in target]], atol=0.12)
    bare = mne.io.RawArray(
        np.zeros((3, 9)), mne.create_info(["EEG 001", "EEG 002", "EEG 003"], SFREQ, "eeg"), verbose=40
    )
    with pytest.raises(InputError, match="not known where electrodes are") as caught:
        derive(bare, EegConfig(), Path("x"), montage=target)
    assert "EEG 001" in str(caught.value)


def test_splines_keep_constants_and_known_values() -> None:
    places = generator(0).standard_normal((25, 3))
    wanted = np.vstack([places[:4], [[0, 0, 1.0]]])
    matrix = spline_matrix(places, wanted)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-8)
    fields = [each @ [1.0, -2.0, 0.5] / np.linalg.norm(each, axis=1) for each in (places, wanted)]
    np.testing.assert_allclose(matrix @ fields[0], fields[1], atol=0.05)


# through prepare --------------------------------------------------------------------------------------------------


def make(bids: Any, name: str = "out", **settings: object) -> Any:
    return prepare(bids.root, bids.root.parent / name, PrepareConfig.make(settings))


def test_units_of_the_users_word(two: Any) -> None:
    for subject in ("01", "02"):
        two.eeg(subject, signal=two.eeg_signal(subject) * 1e6)
    with pytest.raises(InputError, match="implausible for volts"):
        make(two)
    store = make(two, eeg={"unit": "uV"})
    assert 1e-5 < store.recordings[0].quality["eeg_std_v"] < 4e-5


def test_kept_channels_come_after_the_electrodes(two: Any) -> None:
    store = make(two, eeg={"keep": ["ecg"]})
    assert store.electrodes == ("Fz", "Cz", "Pz", "O1", "ECG")


@pytest.mark.parametrize("kind", ["eog", "ecg", "emg", "misc", "stim"])
def test_channels_of_every_type_are_left_out_or_kept_on_request_and_cleaned_too(kind: str, two: Any) -> None:
    types = {"O1": kind}
    assert make(two, "without", eeg={"types": types}).electrodes == ("Fz", "Cz", "Pz")
    store = make(two, "kept", eeg={"types": types, "keep": [kind], "clean": {"high_pass": 1.0}})
    kept = {"Fz", "Cz", "Pz", "O1"} | ({"ECG"} if kind == "ecg" else set())
    assert set(store.electrodes) == kept
    new = new_recording(two.root / "sub-01/eeg/sub-01_task-rest_eeg.vhdr", _wanted(store), store.config)
    np.testing.assert_allclose(new.spectrogram(), store.eeg(0), rtol=1e-3, atol=1e-9)


def test_a_flat_bad_electrode_is_no_obstacle_where_it_is_interpolated(two: Any) -> None:
    data = two.eeg_signal("02")
    data[1] = 0
    path = two.eeg("02", signal=data)
    table = path.with_name("sub-02_task-rest_channels.tsv")
    table.write_text(
        table.read_text(encoding="utf-8").replace("Cz\tEEG\tµV\tgood", "Cz\tEEG\tµV\tbad"), encoding="utf-8"
    )
    with pytest.raises(InputError, match="EEG channels are constant"):
        make(two)
    store = make(two, eeg={"bads": "interpolate"})
    assert store.electrodes == ("Fz", "Cz", "Pz", "O1")
    assert store.eeg(1)[:, 1].min() > 0
    assert "bad electrodes interpolated: Cz" in store.recordings[1].quality["warnings"]
    dropped = make(two, "dropped", eeg={"bads": "drop"}, channels="intersection")
    assert dropped.electrodes == ("Fz", "Pz", "O1")


def test_recordings_with_other_caps_meet_in_a_montage(two: Any) -> None:
    two.electrodes = ("F3", "C4", "P3", "Oz", "T8")
    two.eeg("02")
    store = make(two, channels="interpolate", montage=["Cz", "Pz"])
    assert store.electrodes == ("Cz", "Pz")
    assert store.eeg(1).shape[1] == 2
    assert "2 electrodes interpolated from the places of 5" in store.recordings[1].quality["warnings"]


def test_what_prepare_did_is_replayed_on_a_new_recording(two: Any) -> None:
    config = {"eeg": {"reference": "average", "bad_electrodes": ["Pz"], "bads": "interpolate"}}
    store = make(two, **config)
    path = two.root / "sub-01/eeg/sub-01_task-rest_eeg.vhdr"
    for recording in (path, mne.io.read_raw(path, verbose="error")):
        new = new_recording(recording, _wanted(store), store.config)
        np.testing.assert_allclose(new.onsets, store.recordings[0].onsets)
        np.testing.assert_allclose(new.spectrogram(), store.eeg(0), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("reference", ["average", ["Cz"]])
def test_steps_find_their_electrodes_whatever_their_spelling(reference: Any, two: Any) -> None:
    store = make(two, eeg={"reference": reference, "bad_electrodes": ["PZ"], "bads": "interpolate"})
    raw = mne.io.read_raw(two.root / "sub-01/eeg/sub-01_task-rest_eeg.vhdr", verbose="error").load_data()
    raw.rename_channels({name: f"EEG {name.upper()}-REF" for name in ("Fz", "Cz", "Pz", "O1")})
    new = new_recording(raw, _wanted(store), store.config)
    np.testing.assert_allclose(new.spectrogram(), store.eeg(0), rtol=1e-4, atol=1e-9)
    assert "bad electrodes interpolated: EEG PZ-REF" in new.notes


def test_a_bad_electrode_that_no_channel_is_is_named(two: Any) -> None:
    warned = make(two, eeg={"bad_electrodes": ["FT99", "Pz"]}).recordings[0].quality["warnings"]
    assert "no electrodes of the file, though 'bad_electrodes' names them: FT99" in warned


def test_space_separated_channels_tsv(two: Any) -> None:
    table = two.root / "sub-01/eeg/sub-01_task-rest_channels.tsv"
    table.write_text(table.read_text(encoding="utf-8").replace("\t", "   "), encoding="utf-8")
    assert make(two).electrodes == ("Fz", "Cz", "Pz", "O1")


def test_a_brainvision_header_that_names_other_files(two: Any) -> None:
    header = two.root / "sub-01/eeg/sub-01_task-rest_eeg.vhdr"
    header.write_text(header.read_text(encoding="utf-8").replace("sub-01_task-rest_eeg", "old_name"), encoding="utf-8")
    with pytest.raises(InputError, match="names does not exist"):
        make(two)
    store = make(two, eeg={"links": "same name"})
    assert len(store.recordings[0].onsets) == 17
    assert "sub-01/eeg/sub-01_task-rest_eeg.eeg" in store.recordings[0].sources


def matlab_file(path: Path, version: str, **variables: Any) -> Path:
    """Write a MATLAB file of version 5, or one of 7.3 as MATLAB does: HDF5, columns first, after 512 bytes of text."""
    if version == "5":
        scipy.io.savemat(path, variables)
        return path
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            if value.dtype == object:
                texts = [np.array([[ord(letter)] for letter in str(text)], np.uint16) for text in value.ravel()]
                parts = [file.create_dataset(f"#refs#/{name}{k}", data=text) for k, text in enumerate(texts)]
                references = np.array([[part.ref] for part in parts], dtype=h5py.ref_dtype)
                file.create_dataset(name, data=references).attrs["MATLAB_class"] = np.bytes_("cell")
            else:
                file.create_dataset(name, data=value.T)
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    return path


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_matlab_files_of_every_version_and_rows_that_differ_by_file(version: str, tmp_path: Path) -> None:
    data = signal() * 1e6
    names = ["Fz", "T3", "T6", "Oz", "ECG", "HEOG"]
    matlab = {"variable": "EEG", "sfreq": SFREQ}
    path = matlab_file(tmp_path / "a.mat", version, EEG=data)
    raw = read_raw(path, config=EegConfig.make({"matlab": {**matlab, "rows": names}}))
    np.testing.assert_allclose(raw.get_data(), data * 1e-6)
    assert raw.ch_names == ["Fz", "T7", "P8", "Oz", "ECG", "HEOG"]

    fewer = np.delete(data, [1, 4], axis=0)
    path = matlab_file(tmp_path / "b.mat", version, EEG=fewer, excluded=np.array([[2.0, 5.0]]))
    raw = read_raw(path, config=EegConfig.make({"matlab": {**matlab, "rows": names, "without_rows": "excluded"}}))
    assert raw.ch_names == ["Fz", "P8", "Oz", "HEOG"]
    np.testing.assert_allclose(raw.get_data(picks=["Oz"])[0], data[3] * 1e-6)

    labels = np.empty((4, 1), object)
    labels[:, 0] = ["Cz", "O1", "ECG", "Pz"]
    path = matlab_file(tmp_path / "c.mat", version, EEG=fewer, labels=labels)
    raw = read_raw(path, config=EegConfig.make({"matlab": {**matlab, "rows_from": "labels"}}))
    assert raw.ch_names == ["Cz", "O1", "ECG", "Pz"]
    with pytest.raises(InputError, match=r"no such variable(.|\n)*EEG, labels"):
        read_raw(path, config=EegConfig.make({"matlab": {**matlab, "variable": "other", "rows": names}}))
    path = matlab_file(tmp_path / "d.mat", version, EEG=fewer, excluded=np.array([[2.0, 9.0]]))
    with pytest.raises(InputError, match=r"not among 'rows'(.|\n)*9"):
        read_raw(path, config=EegConfig.make({"matlab": {**matlab, "rows": names, "without_rows": "excluded"}}))


def test_an_eeglab_file_of_version_7_3_says_how_it_can_be_read(tmp_path: Path) -> None:
    path = matlab_file(tmp_path / "a.set", "7.3", data=signal())
    with pytest.raises(InputError, match=r"version 7\.3(.|\n)*pop_saveset"):
        read_raw(path)


@pytest.mark.parametrize("unit", ["\u00b5V", "\u03bcV", "uV"])
def test_units_with_either_mu(unit: str, bids: Any) -> None:
    header = bids.eeg("01")
    expected = read_raw(header).get_data()
    text = header.read_text(encoding="utf-8")
    assert "\u00b5V" in text
    header.write_text(text.replace("\u00b5V", unit), encoding="utf-8")
    np.testing.assert_allclose(read_raw(header).get_data(), expected)


def test_a_header_that_writes_its_own_name_as_b_or_in_another_case(bids: Any) -> None:
    header = bids.eeg("01")
    expected = read_raw(header).get_data()
    text = header.read_text(encoding="utf-8")
    for name in ("$b.eeg", header.stem.upper() + ".EEG"):
        header.write_text(text.replace(f"DataFile={header.stem}.eeg", f"DataFile={name}"), encoding="utf-8")
        np.testing.assert_allclose(read_raw(header).get_data(), expected)
    capital = header.rename(header.with_suffix(".VHDR"))
    np.testing.assert_allclose(read_raw(capital).get_data(), expected)


def test_types_and_units_that_channels_tsv_gives_or_leaves_open(bids: Any, tmp_path: Path) -> None:
    header = bids.eeg("01")
    table = header.with_name("sub-01_task-rest_channels.tsv")
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("\tEEG\t", "\tn/a\t").replace("\tECG\t", "\tn/a\t"), encoding="utf-8")
    notes: list[str] = []
    raw = read_raw(header, notes)
    assert electrode_names(raw) == ["Fz", "Cz", "Pz", "O1"]
    assert any("gives no type (n/a)" in note and "ECG ecg" in note for note in notes)


@pytest.mark.parametrize("name", ["a_bold.nii.gz", "a_eeg.eeg", "a_eeg.vmrk", "a.fdt"])
def test_files_that_name_no_recording(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=r"not one that names an EEG recording(.|\n)*give "):
        read_raw(tmp_path / name)


def test_channels_that_are_no_electrodes_by_name() -> None:
    wires = ["CWL1", "MOV2", "BIP 3", "Photic", "EEG EKG-Ref", "DC01", "EMG left", "EEG ROC-A1", "TTL", "SpO2"]
    assert all(type_by_name(name) for name in wires)
    from eeg2fmri.data.eeg.electrodes.template_positions import _known

    assert [name for name in _known() if type_by_name(name)] == []


def test_kept_channels_of_unknown_place_are_told(bids: Any) -> None:
    bids.electrodes = ("Fz", "Cz", "Sonde 1", "O1")
    notes: list[str] = []
    read_raw(bids.eeg("01", channels_tsv=False), notes)
    assert any("not of the 10-05 system: Sonde 1 (eeg" in note for note in notes)
