"""Raw windows from prepare to predict: the same samples, whatever way they come."""

import hashlib

import mne
import numpy as np
import pytest

from eeg2fmri import Synthesizer
from eeg2fmri.core.errors import InputError, StoreError
from eeg2fmri.core.progress import silent
from eeg2fmri.data.features.raw_rows import as_volts
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.of_store import pairs_of_store
from eeg2fmri.data.pairs.windows import PairConfig, eeg_windows
from eeg2fmri.data.prepare.new_recording import Wanted, new_recording
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.store.blocks import BlockStore
from eeg2fmri.data.store.quality import facts
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.methods import predict_with_model
from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.explain.run import explain_run
from eeg2fmri.train.run import train_run

RATE = 80.0


@pytest.fixture(scope="module")
def raw_store(small_bids, tmp_path_factory):
    """Store with raw EEG at 80 Hz, float32."""
    made = prepare(small_bids, tmp_path_factory.mktemp("raw") / "store", {"raw": {"rate": RATE, "kind": "float32"}})
    return Store.open(made.path)


def test_a_store_without_raw_eeg_is_what_it_was(small_store, raw_store):
    plain = Store.open(small_store)
    assert "raw" not in plain.config.model_dump()
    name = plain.recordings[0].id
    files = {path.name: path for path in (small_store / name).iterdir()}
    assert not {"raw.npy", "raw16.npy"} & set(files)
    for file in ("eeg.npy", "bold.npy", "amplitude.npy"):
        same = (hashlib.md5((root / name / file).read_bytes()).digest() for root in (plain.path, raw_store.path))
        assert len({*same}) == 1
    with pytest.raises(StoreError, match=r"raw: \{rate: 200\}"):
        plain.raw(0)
    assert any(key == "raw EEG" and "80 Hz" in value for key, value in facts(raw_store))
    raw_store.verify()


def test_a_window_holds_the_seconds_before_its_volume(raw_store, small_bids):
    config = pairs_of_store(PairConfig(eeg="raw", window_s=7.3), raw_store)
    pairs = PairDataset(raw_store, [1], config)
    recording = raw_store.recordings[1]
    pair = pairs[5]
    assert config.window == 5
    assert tuple(pair.x.shape) == (12, 1, round(7.3 * RATE))
    file = next((small_bids / f"sub-{recording.subject}" / "eeg").glob("*.vhdr"))
    raw = mne.io.read_raw_brainvision(file, preload=True, verbose="error").pick(list(raw_store.electrodes))
    end = recording.onsets[pair.volume]
    # an independent resampling: the filter of MNE, sample times by hand
    signal = raw.get_data()
    time = np.arange(signal.shape[1]) / raw.info["sfreq"]
    low = mne.filter.filter_data(signal, raw.info["sfreq"], None, 30.0, verbose="error")
    wanted = end - 7.3 + np.arange(pair.x.shape[2]) / RATE
    expected = np.array([np.interp(wanted, time, channel) for channel in low])
    ours = mne.filter.filter_data(pair.x[:, 0].numpy().astype(float), RATE, None, 30.0, verbose="error")
    inside = slice(80, -80)
    for a, b in zip(ours[:, inside], expected[:, inside], strict=True):
        assert np.corrcoef(a, b)[0, 1] > 0.98
    flat = as_volts(np.concatenate([*raw_store.raw(1)[: pair.volume]], axis=-1))
    np.testing.assert_array_equal(pair.x[:, 0].numpy(), flat[:, -pair.x.shape[2] :])


def test_a_new_recording_has_the_windows_of_the_store(raw_store, small_bids):
    recording = raw_store.recordings[0]
    file = next((small_bids / f"sub-{recording.subject}" / "eeg").glob("*.vhdr"))
    wanted = Wanted(raw_store.electrodes, raw_store.frequencies, raw_store.tr, raw_store.sfreq)
    new = new_recording(file, wanted, raw_store.config)
    rows = new.raw_rows(raw_store.config.raw)
    np.testing.assert_array_equal(rows[: recording.n_volumes], raw_store.raw(0))
    config = pairs_of_store(PairConfig(eeg="raw", window_s=6.2), raw_store)
    made = eeg_windows(rows, np.array([7]), config)[0]
    np.testing.assert_array_equal(made, eeg_windows(raw_store.raw(0), np.array([7]), config)[0])


def test_half_the_space(small_bids, tmp_path):
    half = prepare(small_bids, tmp_path / "half", {"raw": {"rate": RATE}, "leave_out": ["sub-02", "sub-03"]})
    assert half.raw(0).dtype == np.float16
    assert (half.path / half.recordings[0].id / "raw16.npy").stat().st_size == 128 + 2 * 30 * 12 * 120


def test_spectra_with_fixed_bins_come_of_what_there_is(raw_store, small_store):
    few = pairs_of_store(PairConfig(window=3, bins=20), raw_store)
    assert few.eeg == "spectrogram"
    many = pairs_of_store(PairConfig(window=3, bins=55), raw_store)
    assert many.eeg == "raw_spectrum"
    one, other = (PairDataset(raw_store, [0], config)[4].x for config in (few, many))
    assert tuple(one.shape) == (12, 20, 3)
    assert tuple(other.shape) == (12, 55, 3)
    # another rate, other leakage of the rectangular window
    assert np.corrcoef(one.ravel(), other[:, :20].ravel())[0, 1] > 0.995
    with pytest.raises(InputError, match="n_bins: 55"):
        pairs_of_store(PairConfig(window=3, bins=55), Store.open(small_store))
    with pytest.raises(InputError, match="rate: 90"):
        pairs_of_store(PairConfig(window=3, bins=65), raw_store)


def test_windows_of_a_block_stay_inside_it(raw_store):
    block = BlockStore.cut(raw_store, [f"{raw_store.recordings[0].id}_volumes-10to29"])
    config = pairs_of_store(PairConfig(eeg="raw", window_s=4.0, skip_volumes=0), block)
    first = PairDataset(block, [0], config)[0].x[:, 0].numpy()
    flat = as_volts(np.concatenate([*raw_store.raw(0)[10:13]], axis=-1))
    np.testing.assert_array_equal(first, flat[:, -320:])


def test_the_volume_that_is_measured_with_the_eeg(raw_store):
    pairs = PairDataset(raw_store, [0], PairConfig(eeg="raw", window=1, lag=-1))
    assert (pairs.start == pairs.target).all()
    np.testing.assert_array_equal(pairs[2].x[:, 0].numpy(), as_volts(raw_store.raw(0)[pairs.target[2]]))


@pytest.fixture(scope="module")
def raw_run(raw_store, tmp_path_factory):
    """A model of regions on raw EEG, around voxels."""
    settings = {
        "model": {"kind": "parcelled", "regions": 4, "inner": {"preset": "eeg2bold_small"}},
        "pairs": {"eeg": "raw", "window_s": 4.2, "target": "dynamics"},
        "loss": {"reconstruction": "own", "latent": 0.0, "kl": 0.0},
        "epochs": 1,
        "accelerator": "cpu",
        "split": {"seed": 1},
    }
    return train_run(raw_store, tmp_path_factory.mktemp("raw") / "run", settings).run


def test_a_recording_is_synthesised_as_it_is_evaluated(raw_store, raw_run, small_bids):
    run = open_run(raw_run, raw_store)
    name = run.split.test[0]
    subject = raw_store.recordings[raw_store.index(name)].subject
    file = next((small_bids / f"sub-{subject}" / "eeg").glob("*.vhdr"))
    made = Synthesizer.from_pretrained(raw_run, device="cpu").predict_volumes(file)
    expected = predict_with_model(run, name, "cpu", silent)
    assert np.ptp(expected, axis=0).max() > 0
    np.testing.assert_allclose(made.volumes[: len(expected)], expected, rtol=1e-4)
    model = run.loaded.model
    np.testing.assert_array_equal((model.part >= 0).numpy().reshape(raw_store.grid), run.scaler.statistics.mask)


def test_a_stream_and_an_explanation_say_what_they_cannot(raw_store, raw_run, tmp_path):
    synthesizer = Synthesizer.from_pretrained(raw_run, device="cpu")
    with pytest.raises(InputError, match="eeg2fmri predict"):
        synthesizer.stream(100.0, list(raw_store.electrodes))
    with pytest.raises(InputError, match="not explained by relevance propagation"):
        explain_run(raw_run, raw_store)
