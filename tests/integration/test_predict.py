"""EEG alone to a NIfTI image: aligned, with affine, TR, sidecar; from Python, from a file, and from a stream."""

import json
import shutil

import mne
import nibabel
import numpy as np
import pytest

from eeg2fmri import Synthesizer
from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.data.pairs.windows import pair_index
from eeg2fmri.data.store.store import Store
from eeg2fmri.predict.derivative import predict_file


@pytest.fixture
def recording(small_bids):
    return small_bids / "sub-02" / "eeg" / "sub-02_task-rest_eeg.vhdr"


@pytest.fixture
def raw(recording):
    return mne.io.read_raw_brainvision(recording, verbose="error")


def test_the_image_is_aligned_to_the_volumes(small_run, small_store, raw):
    synthesizer = Synthesizer.from_pretrained(small_run)
    image = synthesizer.predict(raw)
    store = Store.open(small_store)
    recording = store.recordings[store.index("sub-02_task-rest")]
    _, targets = pair_index(recording.n_volumes, store.tr, synthesizer.card.pairs)
    assert image.shape == (*store.grid, len(targets))
    assert np.allclose(image.affine, store.affine)
    assert image.header.get_zooms()[3] == pytest.approx(store.tr)
    assert image.header.get_xyzt_units() == ("mm", "sec")
    assert image.header["toffset"] == pytest.approx(recording.onsets[targets[0]], abs=1e-4)


def test_the_prediction_is_in_the_units_of_the_training_bold(small_run, small_store, raw):
    image = Synthesizer.from_pretrained(small_run).predict(raw)
    store = Store.open(small_store)
    typical = np.median(store.voxel_mean(0)[store.mask(0)])
    assert 0.3 * typical < np.median(image.get_fdata()[store.mask(0)]) < 3 * typical


def test_the_prediction_equals_the_model_on_the_pairs_of_the_store(small_run, small_store, raw):
    import torch

    from eeg2fmri.data.pairs.dataset import PairDataset

    synthesizer = Synthesizer.from_pretrained(small_run, device="cpu")
    store = Store.open(small_store)
    pairs = PairDataset(store, ["sub-02_task-rest"], synthesizer.card.pairs)
    with torch.inference_mode():
        output = synthesizer.loaded.model(pairs[5].x[None]).volume[0].numpy()
    expected = synthesizer.loaded.scaler().unscale(output)
    made = synthesizer.predict_volumes(raw)
    assert made.indices[5] == pairs[5].volume
    np.testing.assert_allclose(made.volumes[5], expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_a_file_gets_a_sidecar_that_says_where_it_came_from(small_run, recording, tmp_path):
    out = tmp_path / "sub-02_task-rest_desc-synthesised_bold.nii.gz"
    made = predict_file(small_run, recording, out)
    facts = json.loads(made.sidecar.read_text())
    config = json.loads((small_run / "config.json").read_text())
    assert facts["Sources"] == [recording.name]
    assert facts["RepetitionTime"] == 1.5
    assert facts["CheckpointSHA256"] in json.dumps(config)
    assert len(facts["VolumeOnsets"]) == nibabel.load(out).shape[3] == made.n_volumes
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([out.name, made.sidecar.name])


def test_the_own_mean_replaces_the_mean_of_the_group(small_run, recording, small_bids, tmp_path):
    bold = small_bids / "sub-02" / "func" / "sub-02_task-rest_bold.nii.gz"
    group, own = tmp_path / "group.nii.gz", tmp_path / "own.nii.gz"
    predict_file(small_run, recording, group)
    predict_file(small_run, recording, own, mean_image=bold)
    a, b = (nibabel.load(path).get_fdata().mean() for path in (group, own))
    assert abs(a - b) > 1e-3 * abs(a)


@pytest.mark.parametrize("chunk", [1, 37, 150, 1000])
def test_a_stream_gives_the_volumes_of_the_offline_prediction(small_run, raw, chunk):
    synthesizer = Synthesizer.from_pretrained(small_run)
    raw = raw.copy().crop(0, 24).load_data()
    raw.set_annotations(None)
    offline = synthesizer.predict_volumes(raw, first_volume_s=0.7)
    stream = synthesizer.stream(raw.info["sfreq"], raw.ch_names, first_volume_s=0.7)
    samples = raw.get_data()
    step = chunk if chunk > 1 else 11
    made = [volume for k in range(0, samples.shape[1], step) for volume in stream.feed(samples[:, k : k + step])]
    assert [volume.index for volume in made][: len(offline.indices)] == offline.indices.tolist()
    for volume, expected, onset in zip(made, offline.volumes, offline.onsets, strict=False):
        np.testing.assert_allclose(volume.volume, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
        assert volume.onset == pytest.approx(onset)


def test_a_stream_refuses_other_channels(small_run, raw):
    synthesizer = Synthesizer.from_pretrained(small_run)
    with pytest.raises(InputError, match=f"no {raw.ch_names[0]}"):
        synthesizer.stream(100.0, [f"wire {name}" for name in raw.ch_names])
    with pytest.raises(InputError, match="same name"):
        synthesizer.stream(100.0, [*raw.ch_names, raw.ch_names[0]])
    with pytest.raises(InputError, match="frequencies"):
        synthesizer.stream(20.0, raw.ch_names)
    stream = synthesizer.stream(100.0, raw.ch_names)
    with pytest.raises(InputError, match="channels of the stream"):
        stream.feed(np.zeros((3, 10)))
    with pytest.raises(InputError, match="not finite"):
        stream.feed(np.full((len(raw.ch_names), 10), np.nan))


@pytest.fixture(scope="module")
def synthesizers(small_run, small_recommended):
    """One that scales a window by itself, and one that scales it by all that was seen."""
    return {name: Synthesizer.from_pretrained(run, "cpu") for name, run in (("w", small_run), ("r", small_recommended))}


@pytest.mark.parametrize("kind", ["w", "r"])
def test_a_refused_chunk_keeps_its_time(synthesizers, raw, kind):
    samples, sfreq = raw.get_data()[:, :4200], raw.info["sfreq"]
    whole = synthesizers[kind].stream(sfreq, raw.ch_names).feed(samples)
    stream = synthesizers[kind].stream(sfreq, raw.ch_names)
    made = stream.feed(samples[:, :1820])
    broken = samples[:, 1820:1860].copy()
    broken[2, 7] = np.nan
    with pytest.raises(InputError, match=r"not finite(.|\n)*18.270 s"):
        stream.feed(broken)
    made += stream.feed(samples[:, 1860:])
    window = synthesizers[kind].card.pairs.window
    lost = 1827 // round(synthesizers[kind].card.tr * sfreq)
    # volume v is made of the rows v - window to v - 1
    expected = [one for one in whole if not one.index - window <= lost <= one.index - 1]
    assert 0 < len(expected) < len(whole)
    assert [(one.index, one.onset) for one in made] == [(one.index, one.onset) for one in expected]
    if kind == "w":
        for one, other in zip(made, expected, strict=True):
            np.testing.assert_allclose(one.volume, other.volume, rtol=1e-5)


@pytest.mark.parametrize("kind", ["w", "r"])
@pytest.mark.parametrize("first", [-0.7, -3.0, -4.004])
def test_a_first_volume_before_the_stream_is_that_of_the_file(synthesizers, raw, kind, first):
    raw = raw.copy().crop(0, 40).set_annotations(None)
    offline = synthesizers[kind].predict_volumes(raw, first_volume_s=first)
    made = synthesizers[kind].stream(raw.info["sfreq"], raw.ch_names, first_volume_s=first).feed(raw.get_data())
    assert [one.index for one in made][: len(offline.indices)] == offline.indices.tolist()
    np.testing.assert_allclose([one.onset for one in made][: len(offline.onsets)], offline.onsets)
    if kind == "w":
        np.testing.assert_allclose(made[0].volume, offline.volumes[0], rtol=1e-4)


WRONG = {
    "microvolts": (lambda x: x * 1e6, "microvolts"),
    "far too small": (lambda x: x * 1e-6, "divided twice"),
    "counts": (lambda x: np.round(x * 1e7).astype(np.int32), "int32"),
    "zeros": (lambda x: x * 0, "constant"),
    "complex": (lambda x: x * (1 + 1j), "complex"),
    "text": (lambda x: x.astype(str), "no volts"),
    "objects": (lambda x: x.astype(object), "object"),
    "booleans": (lambda x: x > 0, "bool"),
    "lists of several lengths": (lambda x: [[1.0], [1.0, 2.0]], "no array"),
    "infinite": (lambda x: x + np.inf, "not finite"),
    "overflowing": (lambda x: x * 1e305 * 1e10, "not finite"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_stream_refuses_what_a_file_is_refused_for(synthesizers, raw, wrong):
    change, told = WRONG[wrong]
    with np.errstate(all="ignore"):
        samples = change(raw.get_data()[:, :4000])
    for synthesizer in synthesizers.values():
        with pytest.raises(InputError, match=told):
            synthesizer.stream(raw.info["sfreq"], raw.ch_names).feed(samples)


@pytest.mark.parametrize("rate", [np.nan, np.inf, 1e30, 0, -100.0, "100", None, True])
def test_a_rate_that_is_none_is_refused(synthesizers, raw, rate):
    with pytest.raises(InputError, match="sampling rate"):
        synthesizers["w"].stream(rate, raw.ch_names)


@pytest.mark.parametrize("start", [np.nan, np.inf, "1", None])
def test_a_start_that_is_no_time_is_refused(synthesizers, raw, start):
    with pytest.raises(InputError, match="is no time"):
        synthesizers["w"].stream(100.0, raw.ch_names, first_volume_s=start)
    if start is not None:
        with pytest.raises(InputError, match="is no time"):
            synthesizers["w"].predict(raw, first_volume_s=start)


def test_a_mean_with_holes_is_refused(synthesizers, raw):
    mean = np.ones(synthesizers["w"].card.grid)
    mean[1, 1, 1] = np.nan
    for one in (mean, mean.astype(str), mean[0], [1, 2]):
        for way in (
            synthesizers["w"].predict,
            lambda given, own_mean: synthesizers["w"].stream(100.0, given.ch_names, own_mean=own_mean),
        ):
            with pytest.raises(InputError, match="mean volume"):
                way(raw, own_mean=one)


def test_onsets_are_those_of_volumes_that_follow_each_other(synthesizers, raw):
    tr = synthesizers["w"].card.tr
    sound = 0.5 + tr * np.arange(20)
    predict = synthesizers["w"].predict_volumes
    assert len(predict(raw, onsets=sound).volumes) == len(predict(raw, onsets=list(sound + 0.02)).volumes)
    for wrong, told in (
        (np.delete(sound, 9), "have gaps(.|\n)*3 s after 12.5 s"),
        (0.5 + 1.02 * tr * np.arange(20), "not a TR apart"),
        (0.5 + 2 * tr * np.arange(10), "not a TR apart"),
        (sound * 1000, "not a TR apart"),
        (["a", "b"], "not numbers"),
        (sound[::-1], "rising"),
    ):
        with pytest.raises(InputError, match=told):
            predict(raw, onsets=wrong)


def test_microvolts_stored_as_volts_are_refused(small_run, raw):
    loud = raw.copy().load_data().apply_function(lambda samples: samples * 1e6)
    with pytest.raises(InputError, match="microvolts"):
        Synthesizer.from_pretrained(small_run).predict(loud)


def test_a_recording_shorter_than_one_window_is_refused(small_run, raw):
    short = raw.copy().crop(0, 15)
    with pytest.raises(InputError, match="shorter than one window"):
        Synthesizer.from_pretrained(small_run).predict(short)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=str(tmp_path)):
        Synthesizer.from_pretrained(tmp_path)


def test_an_existing_output_is_not_overwritten(small_run, recording, tmp_path):
    out = tmp_path / "a.nii.gz"
    out.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        predict_file(small_run, recording, out)
    assert out.read_text() == "mine"


@pytest.mark.parametrize("name", ["a.img", "a.nii.zip", "a"])
def test_the_output_has_to_be_a_nifti_name(small_run, recording, tmp_path, name):
    with pytest.raises(InputError, match="no name of an image"):
        predict_file(small_run, recording, tmp_path / name)


def test_a_failed_write_leaves_nothing(small_run, recording, tmp_path, monkeypatch):
    import errno

    def full(self, path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(nibabel.Nifti1Image, "to_filename", full)
    with pytest.raises(InputError, match="the disk is full"):
        predict_file(small_run, recording, tmp_path / "a.nii.gz")
    assert list(tmp_path.iterdir()) == []


def test_a_new_recording_is_cleaned_as_those_of_the_training_were(small_bids, small_settings, recording, tmp_path):
    from eeg2fmri.data.pairs.dataset import PairDataset
    from eeg2fmri.data.prepare.run import PrepareConfig, prepare
    from eeg2fmri.models.synthesis import synthesize
    from eeg2fmri.train.run import train_run

    config = PrepareConfig.make({"eeg": {"clean": {"high_pass": 2.0, "low_pass": 30.0}}})
    store = prepare(small_bids, tmp_path / "store", config)
    run = train_run(store.path, tmp_path / "run", small_settings).run
    predict_file(run, recording, tmp_path / "a.nii.gz")
    got = np.moveaxis(nibabel.load(tmp_path / "a.nii.gz").get_fdata(), -1, 0)
    synthesizer = Synthesizer.from_pretrained(run, device="cpu")
    pairs = PairDataset(store, ["sub-02_task-rest"], synthesizer.card.pairs)
    scaler = synthesizer.loaded.scaler()
    windows = (pairs[k].x.numpy() for k in range(len(pairs)))
    expected = np.stack([scaler.unscale(volume) for volume in synthesize(synthesizer.loaded.model, windows)])
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    predict_file(_without_cleaning(run, tmp_path), recording, tmp_path / "b.nii.gz")
    plain = np.moveaxis(nibabel.load(tmp_path / "b.nii.gz").get_fdata(), -1, 0)
    assert np.abs(plain - expected).max() > 1e-2 * np.abs(expected).max()


def _without_cleaning(run, folder):
    from eeg2fmri.models.saving.hub import load, save

    loaded = load(run)
    save(folder / "plain", loaded.model, loaded.card.model_copy(update={"prepare": None}), loaded.statistics)
    return folder / "plain"


def test_a_path_is_read_as_the_training_recordings_were(small_run, recording, raw):
    synthesizer = Synthesizer.from_pretrained(small_run)
    made, expected = (synthesizer.predict_volumes(given).volumes for given in (str(recording), raw))
    assert np.array_equal(made, expected)


def test_what_is_no_continuous_recording_is_told_what_to_do(small_run, raw):
    synthesizer = Synthesizer.from_pretrained(small_run)
    epochs = mne.make_fixed_length_epochs(raw, 2.0, preload=True, verbose="error")
    for given, told in (
        (epochs, "cut from"),
        (epochs.average(), "cut from"),
        (raw.get_data(), "RawArray"),
        (3, "mne Raw"),
    ):
        with pytest.raises(InputError, match=told):
            synthesizer.predict(given)


def test_a_synthesiser_is_saved_and_says_what_it_is(small_run, raw, tmp_path):
    synthesizer = Synthesizer.from_pretrained(small_run, device="cpu")
    assert repr(synthesizer) == (
        "<Synthesizer | SynthesizerNetwork of 12 electrodes, volume of 9x11x8 voxels every 1.5 s, on cpu>"
    )
    synthesizer.save_pretrained(tmp_path / "saved")
    again = Synthesizer.from_pretrained(tmp_path / "saved", device="cpu")
    assert again.card == synthesizer.card
    assert np.array_equal(again.predict_volumes(raw).volumes, synthesizer.predict_volumes(raw).volumes)


def test_the_hub_is_asked_only_by_its_name(small_run, tmp_path, monkeypatch):
    import huggingface_hub

    asked = []

    def fetch(name, file, **options):
        asked.append(name)
        return str(small_run / file)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError):
        Synthesizer.from_pretrained("owner/name")
    assert not asked
    assert Synthesizer.from_pretrained("hub:owner/name").card.tr == 1.5
    assert set(asked) == {"owner/name"}


def test_a_synthesiser_is_pushed_with_all_that_loads_it(small_run, tmp_path, monkeypatch):
    import huggingface_hub

    from eeg2fmri.models.saving.hub import load

    pushed = {}

    class Hub:
        def __init__(self, **options):
            pass

        def create_repo(self, repo_id, **options):
            pushed["repo"] = repo_id
            return huggingface_hub.RepoUrl(f"https://huggingface.co/{repo_id}")

        def upload_folder(self, *, repo_id, folder_path, **options):
            shutil.copytree(folder_path, tmp_path / "pushed")

    monkeypatch.setattr("huggingface_hub.hub_mixin.HfApi", Hub)
    Synthesizer.from_pretrained(small_run).push_to_hub("owner/name")
    assert pushed["repo"] == "owner/name"
    assert load(tmp_path / "pushed").digest == load(small_run).digest
