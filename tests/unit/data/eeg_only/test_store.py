"""EEG-only stores: labels, electrode sets like those of public data, rates and rows of a synthesiser."""

import mne
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError, StoreError
from eeg2fmri.data.eeg_only.positions import electrode_map, montage_positions
from eeg2fmri.data.eeg_only.prepare import prepare_eeg_only
from eeg2fmri.data.eeg_only.spectrogram import model_spectrogram
from eeg2fmri.data.eeg_only.store import EegOnlyConfig, EegStore

TEN_TWENTY = [
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2",
]  # fmt: skip
#: 32 electrodes of a BioSemi cap, 8 external ones, and the trigger: 41 channels.
BIOSEMI_32 = [
    "Fp1", "AF3", "F7", "F3", "FC1", "FC5", "T7", "C3", "CP1", "CP5", "P7", "P3", "Pz",
    "PO3", "O1", "Oz", "O2", "PO4", "P4", "P8", "CP6", "CP2", "C4",
    "T8", "FC6", "FC2", "F4", "F8", "AF4", "Fp2", "Fz", "Cz",
]  # fmt: skip
EXTERNAL = [f"EXG{k}" for k in range(1, 9)]
BIOSEMI_128 = [f"{row}{k}" for row in "ABCD" for k in range(1, 33)]
WANTED = ["Fz", "FC3", "Cz", "CP4", "Pz", "POz", "O2"]


@pytest.fixture
def bids(tmp_path):
    """Write recordings of four subjects with channels of the given names and types (root path)."""

    def write(names, types, rate, seconds=13.0, labels=("a", "b", "b", "a"), odd=None):
        rng = np.random.default_rng(0)
        rows = ["participant_id\tgroup\tage"]
        for k, label in enumerate(labels):
            own = names if odd is None or k else [*names[:-1], odd]
            data = 2e-5 * rng.standard_normal((len(names), round(seconds * rate)))
            folder = tmp_path / f"bids/sub-{k}/eeg"
            folder.mkdir(parents=True)
            raw = mne.io.RawArray(data, mne.create_info(own, rate, "eeg", verbose="error"), verbose="error")
            mne.export.export_raw(folder / f"sub-{k}_task-rest_eeg.vhdr", raw, verbose="error")
            table = ["name\ttype\tunits", *(f"{n}\t{t}\tuV" for n, t in zip(own, types, strict=True))]
            (folder / f"sub-{k}_task-rest_channels.tsv").write_text("\n".join(table) + "\n")
            rows.append(f"sub-{k}\t{label}\t{60 + k}")
        (tmp_path / "bids/participants.tsv").write_text("\n".join(rows) + "\n")
        return tmp_path / "bids"

    return write


@pytest.mark.parametrize(
    ("names", "types", "rate", "montage", "kept", "found"),
    [
        (TEN_TWENTY, ["EEG"] * 19, 500.0, "auto", 19, 4),
        ([*BIOSEMI_32, *EXTERNAL, "Status"], ["EEG"] * 32 + ["EOG"] * 8 + ["TRIG"], 512.0, "auto", 32, 4),
        ([*BIOSEMI_128, *EXTERNAL[:4]], ["EEG"] * 128 + ["EOG"] * 4, 2048.0, "biosemi128", 128, 0),
    ],
    ids=["19", "41", "132"],
)
def test_electrode_sets_of_public_data_reach_the_synthesiser(bids, tmp_path, names, types, rate, montage, kept, found):
    root = bids(names, types, rate)
    store = prepare_eeg_only(root, tmp_path / "store", EegOnlyConfig(montage=montage))
    assert len(store.electrodes) == kept
    assert [r.label for r in store.recordings] == ["a", "b", "b", "a"]
    assert all(r.sfreq == 250.0 and r.source_sfreq == rate for r in store.recordings)
    assert "resampled" in store.recordings[0].notes[0]
    mapped = electrode_map(store.electrodes, store.positions, WANTED)
    assert len(mapped.found) == found
    np.testing.assert_allclose(mapped.weights.sum(axis=1), 1, atol=1e-6)
    signal = store.signal(0)
    for tr in (1.28, 2.16):
        hz = np.arange(1, 40) / tr
        rows, _ = model_spectrogram(signal, 250.0, mapped.weights, hz, tr)
        assert rows.shape == (int(13.0 / tr), 7, 39)
    assert np.isfinite(rows).all()


def test_an_interpolated_electrode_sees_a_smooth_field():
    """A potential that is linear over the head is what every electrode should give, recorded or not."""
    places, goal = montage_positions(BIOSEMI_32), montage_positions(["CPz", "FC3", "POz"])
    mapped = electrode_map(BIOSEMI_32, places, ["CPz", "FC3", "POz"])
    assert mapped.interpolated == ("CPz", "FC3", "POz")
    field = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(mapped.weights @ (places @ field), goal @ field, atol=0.02)


def test_a_name_of_another_system_is_not_taken_for_the_same_place():
    """BioSemi's A1 is the vertex; the 10-05 system's is an earlobe."""
    mapped = electrode_map(BIOSEMI_128, montage_positions(BIOSEMI_128, "biosemi128"), ["A1", "Cz"])
    assert mapped.found == ()


def test_electrodes_without_a_place_cannot_be_interpolated():
    with pytest.raises(InputError, match="neither be found nor interpolated"):
        electrode_map(["x1", "x2"], np.full((2, 3), np.nan), ["Cz"])
    with pytest.raises(InputError, match="neither be found nor interpolated"):
        electrode_map(TEN_TWENTY, montage_positions(TEN_TWENTY), ["nowhere"])


def test_rows_are_those_of_the_synthesiser():
    """A sine of 5 Hz lies in the bin of 5 Hz, whatever the rate."""
    for rate in (200.0, 250.0, 128.0):
        t = np.arange(int(9 * rate)) / rate
        hz = np.arange(1, 20) / 1.28
        rows, _ = model_spectrogram(np.sin(2 * np.pi * 5.0 * t)[None], rate, np.eye(1), hz, 1.28)
        assert abs(hz[rows[1:-1, 0].mean(axis=0).argmax()] - 5.0) <= 0.5 / 1.28 + 1e-9
        whole = abs(rate * 1.28 - round(rate * 1.28)) < 1e-9
        assert whole or rate == 128.0
    with pytest.raises(InputError, match="too slowly"):
        model_spectrogram(np.zeros((1, 500)), 50.0, np.eye(1), np.arange(1, 60) / 1.28, 1.28)
    with pytest.raises(InputError, match="shorter than one row"):
        model_spectrogram(np.zeros((1, 20)), 100.0, np.eye(1), np.arange(1, 20) / 1.28, 1.28)


def test_labels_and_electrodes_are_checked(bids, tmp_path):
    root = bids(TEN_TWENTY, ["EEG"] * 19, 250.0, labels=("a", "n/a", "b", "c"), odd="Iz")
    with pytest.raises(InputError, match="electrodes differ"):
        prepare_eeg_only(root, tmp_path / "s", EegOnlyConfig(channels="same"))
    with pytest.raises(InputError, match="lacks a column"):
        prepare_eeg_only(root, tmp_path / "s", EegOnlyConfig(label="diagnosis"))
    with pytest.raises(InputError, match="not two classes"):
        prepare_eeg_only(root, tmp_path / "s", EegOnlyConfig(classes=("a",)))
    store = prepare_eeg_only(root, tmp_path / "s", EegOnlyConfig(classes=("b", "a")))
    assert store.classes == ("b", "a")
    assert len(store.electrodes) == 18
    assert "sub-1 (no label)" not in store.notes[0]
    assert "sub-3 (c)" in store.notes[0]
    assert "Iz, O2" in store.notes[1]


def test_a_damaged_store_is_refused(bids, tmp_path):
    store = prepare_eeg_only(bids(TEN_TWENTY[:6], ["EEG"] * 6, 100.0), tmp_path / "s")
    store.verify()
    file = store.path / "sub-1_task-rest" / "signal.npy"
    content = file.read_bytes()
    file.write_bytes(content[:-4] + b"abcd")
    with pytest.raises(StoreError, match="content"):
        store.verify()
    file.write_bytes(content[:-4])
    with pytest.raises(StoreError, match="size"):
        EegStore.open(store.path)
    file.unlink()
    with pytest.raises(StoreError, match="missing"):
        EegStore.open(store.path)
    with pytest.raises(StoreError, match="does not exist"):
        EegStore.open(tmp_path / "none")
