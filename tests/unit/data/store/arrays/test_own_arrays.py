from __future__ import annotations

import mne
import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.band_power import log_band_power, recentre
from eeg2fmri.data.store.store import Store

RNG = np.random.default_rng(4)
TR = 2.1
LENGTHS = (30, 41)


def features(columns: int = 6) -> list[np.ndarray]:
    return [RNG.standard_normal((n, columns)) for n in LENGTHS]


def regions(columns: int = 4) -> list[np.ndarray]:
    return [100 + RNG.standard_normal((n, columns)) for n in LENGTHS]


def test_features_come_back_as_log_power_whatever_their_size(tmp_path):
    x = features()
    x[1] = x[1] * 1e5 - 3e6
    store = Store.from_arrays(tmp_path / "s", x, regions(), subjects=["01", "02"], tr=TR, channels=list("abcdef"))
    assert store.electrodes == tuple("abcdef")
    assert (store.grid, store.regions, store.space, store.tr) == ((4, 1, 1), (1, 2, 3, 4), "regions", TR)
    for k, each in enumerate(x):
        power = log_band_power(store.eeg(k), store.frequencies)
        assert power.shape == (len(each), 6, 1)
        np.testing.assert_allclose(recentre(power)[..., 0], recentre(each), atol=1e-4)
    assert "features that were given" in store.notes[0]
    assert Store.open(store.path).hash == store.hash


def test_regions_of_a_masker_and_tables_are_targets(tmp_path):
    y = regions()
    frames = [pd.DataFrame(each, columns=list("wxyz")) for each in y]
    store = Store.from_arrays(tmp_path / "s", features(), frames, subjects=["01", "02"], tr=TR)
    np.testing.assert_allclose(store.bold(1)[:, :, 0, 0], y[1], rtol=1e-6)
    np.testing.assert_allclose(store.recordings[1].onsets, np.arange(41) * TR)


def test_magnitudes_keep_their_unit_and_axes(tmp_path):
    x = [np.abs(RNG.standard_normal((n, 3, 5))) * 1e-6 for n in LENGTHS]
    y = [100 + RNG.standard_normal((n, 4, 3, 2)) for n in LENGTHS]
    hertz = np.arange(1, 6) * 4.0
    store = Store.from_arrays(
        tmp_path / "s", x, y, subjects=["a", "b"], tr=TR, channels=["Fz", "Cz", "Oz"], frequencies=hertz
    )
    np.testing.assert_allclose(store.eeg(0), x[0], rtol=1e-6)
    np.testing.assert_array_equal(store.frequencies, hertz)
    assert (store.grid, store.regions, store.space) == ((4, 3, 2), (), "native")
    assert [each.subject for each in store.recordings] == ["a", "b"]


def test_one_array_is_cut_where_the_label_changes_and_runs_are_numbered(tmp_path):
    labels = ["sub-01"] * 20 + ["sub-02"] * 15 + ["sub-01"] * 10
    x, y = RNG.standard_normal((45, 3)), RNG.standard_normal((45, 2))
    store = Store.from_arrays(tmp_path / "s", x, y, subjects=labels, tr=TR)
    assert [each.id for each in store.recordings] == [
        "sub-01_task-own_run-01",
        "sub-02_task-own",
        "sub-01_task-own_run-02",
    ]
    np.testing.assert_allclose(store.bold(2)[:, :, 0, 0], y[35:], rtol=1e-6)
    with pytest.raises(InputError, match="as many volumes as labels") as caught:
        Store.from_arrays(tmp_path / "t", x, y[:40], subjects=labels, tr=TR)
    assert caught.value.problems[0].where == "bold"


def test_epochs_of_mne_give_the_root_of_their_power(tmp_path):
    info = mne.create_info(["Fz", "Cz"], 100.0, "eeg")
    made = []
    for n in LENGTHS:
        epochs = mne.EpochsArray(RNG.standard_normal((n, 2, 200)) * 1e-5, info, verbose="error")
        made.append(epochs.compute_tfr("morlet", freqs=[6.0, 10.0, 20.0], n_cycles=2, verbose="error"))
    store = Store.from_arrays(tmp_path / "s", made, regions(), subjects=["01", "02"], tr=TR)
    np.testing.assert_allclose(store.eeg(1), np.sqrt(made[1].get_data().mean(axis=-1)), rtol=1e-5)
    np.testing.assert_allclose(store.frequencies, [6, 10, 20])
    assert store.electrodes == ("Fz", "Cz")
    spectrum = mne.EpochsArray(RNG.standard_normal((30, 2, 200)) * 1e-5, info, verbose="error").compute_psd(
        fmin=4, fmax=20, verbose="error"
    )
    one = Store.from_arrays(tmp_path / "t", spectrum, regions()[0], subjects=["01"], tr=TR)
    np.testing.assert_allclose(one.eeg(0), np.sqrt(spectrum.get_data()), rtol=1e-5)
    made[1].apply_baseline((0, 0.5), mode="logratio", verbose="error")
    with pytest.raises(InputError, match="holds no power"):
        Store.from_arrays(tmp_path / "u", made, regions(), subjects=["01", "02"], tr=TR)


def test_images_give_their_place(tmp_path):
    affine = np.diag([4.0, 4.0, 5.0, 1.0])
    images = []
    for n in LENGTHS:
        image = nib.Nifti1Image((100 + RNG.standard_normal((4, 3, 2, n))).astype(np.float32), affine)
        image.set_sform(affine, code="mni")
        images.append(image)
    images[1].to_filename(tmp_path / "b.nii.gz")
    store = Store.from_arrays(
        tmp_path / "s", features(), [images[0], tmp_path / "b.nii.gz"], subjects=["01", "02"], tr=TR
    )
    assert store.space == "MNI152"
    np.testing.assert_array_equal(store.affine, affine)
    np.testing.assert_allclose(store.bold(1), np.moveaxis(images[1].get_fdata(), -1, 0), rtol=1e-6)
    with pytest.raises(InputError, match="image cannot be read"):
        Store.from_arrays(tmp_path / "t", features()[0], [tmp_path / "no.nii.gz"], subjects=["01"], tr=TR)
    moved = nib.Nifti1Image(np.asarray(images[1].dataobj), affine + np.eye(4))
    with pytest.raises(InputError, match="lies elsewhere"):
        Store.from_arrays(tmp_path / "t", features(), [images[0], moved], subjects=["01", "02"], tr=TR)


def broken(what: str) -> dict:
    x, y, more = features(), regions(), {}
    match what:
        case "length":
            y[1] = y[1][:-1]
        case "finite":
            x[0][3, 2], y[1][5, 1] = np.nan, np.inf
        case "width":
            x[1] = x[1][:, :5]
        case "constant":
            y[0][:] = 7
        case "subjects":
            more = {"subjects": ["01"]}
        case "label":
            more = {"subjects": ["01", "0_2"]}
        case "names":
            more = {"channels": ["a"] * 6}
        case "frequencies":
            more = {"frequencies": [10.0]}
        case "text":
            x[0] = x[0].astype(str)
        case "axes":
            x = [each[:, :, None, None] for each in x]
        case "negative":
            x, more = [each[:, :, None] for each in x], {"frequencies": [10.0]}
        case "unnamed":
            x = [np.abs(each[:, :, None]) for each in x]
        case "time":
            more = {"tr": 0}
    return {"eeg": x, "bold": y, "subjects": ["01", "02"], "tr": TR, **more}


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("length", "differ in length"),
        ("finite", "not finite"),
        ("width", "another shape than that of the first"),
        ("constant", "does not vary"),
        ("subjects", "as many recordings as subjects"),
        ("label", "no BIDS label"),
        ("names", "names do not fit the features"),
        ("frequencies", "features have no frequencies"),
        ("text", "no array of numbers"),
        ("axes", "no array of numbers"),
        ("negative", "below 0"),
        ("unnamed", "frequencies of the EEG are not named"),
        ("time", "no time"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_written(tmp_path, what, words):
    with pytest.raises(InputError, match=words):
        Store.from_arrays(tmp_path / "s", **broken(what))
    assert list(tmp_path.iterdir()) == []


def test_all_faults_are_told_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        Store.from_arrays(tmp_path / "s", **broken("finite"))
    assert [problem.where for problem in caught.value.problems] == ["sub-01_task-own", "sub-02_task-own"]
