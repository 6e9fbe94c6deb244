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
        ("time", "no plausible time"),
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


def test_several_recordings_in_any_iterable_are_those_of_the_list(tmp_path):
    x, y = features(), regions()
    wanted = Store.from_arrays(tmp_path / "s", x, y, subjects=["1", "2"], tr=TR).hash
    kinds = {
        "generators": ((each for each in x), (each for each in y), (k for k in (1, 2))),
        "maps": (map(np.asfortranarray, x), map(np.copy, y), np.array([1, 2])),
        "objects": (np.array([*x, None], object)[:2], tuple(y), pd.Series(["sub-1", "sub-2"])),
    }
    for name, (eeg, bold, subjects) in kinds.items():
        assert Store.from_arrays(tmp_path / name, eeg, bold, subjects=subjects, tr=TR).hash == wanted, name


def test_sessions_divide_recordings_and_are_in_their_names(tmp_path):
    x, y = RNG.standard_normal((50, 3)), RNG.standard_normal((50, 2))
    labels, visits = ["a"] * 35 + ["b"] * 15, [1] * 20 + [2] * 15 + [1] * 15
    store = Store.from_arrays(tmp_path / "s", x, y, subjects=labels, sessions=visits, tr=TR)
    assert [each.id for each in store.recordings] == [
        "sub-a_ses-1_task-own",
        "sub-a_ses-2_task-own",
        "sub-b_ses-1_task-own",
    ]
    assert [(each.subject, each.session) for each in store.recordings] == [("a", "1"), ("a", "2"), ("b", "1")]
    np.testing.assert_allclose(store.bold(1)[:, :, 0, 0], y[20:35], rtol=1e-6)
    parts = [x[:20], x[20:35], x[35:]], [y[:20], y[20:35], y[35:]]
    listed = Store.from_arrays(tmp_path / "t", *parts, subjects=["a", "a", "a"], sessions=[1, "ses-1", 2], tr=TR)
    assert [each.id for each in listed.recordings] == [
        "sub-a_ses-1_task-own_run-01",
        "sub-a_ses-1_task-own_run-02",
        "sub-a_ses-2_task-own",
    ]
    with pytest.raises(InputError, match="as many sessions as subjects"):
        Store.from_arrays(tmp_path / "u", x, y, subjects=labels, sessions=visits[1:], tr=TR)


def test_one_image_is_cut_by_the_labels_of_its_volumes(tmp_path):
    x, y = np.concatenate(features()), (100 + RNG.standard_normal((4, 3, 2, 71))).astype(np.float32)
    nib.Nifti1Image(y, np.diag([3.0, 3.0, 3.0, 1.0])).to_filename(tmp_path / "all.nii.gz")
    labels = ["01"] * 30 + ["02"] * 41
    store = Store.from_arrays(tmp_path / "s", x, tmp_path / "all.nii.gz", subjects=labels, tr=TR)
    np.testing.assert_array_equal(store.bold(1), np.moveaxis(y, -1, 0)[30:])
    np.testing.assert_array_equal(store.recordings[1].affine, np.diag([3.0, 3.0, 3.0, 1.0]))


def placed(size: float, code: int, tr: float | None = None) -> nib.Nifti1Image:
    image = nib.Nifti1Image((100 + RNG.standard_normal((4, 3, 2, 30))).astype(np.float32), np.eye(4))
    image.set_sform(np.diag([size, size, size, 1.0]), code=code)
    if tr is not None:
        image.header.set_xyzt_units("mm", "msec")
        image.header.set_zooms((size, size, size, tr * 1000))
    return image


def test_images_in_spaces_of_their_own_keep_their_places(tmp_path):
    x = [RNG.standard_normal((30, 2)) for _ in range(2)]
    store = Store.from_arrays(tmp_path / "s", x, [placed(3, 1), placed(4, 1)], subjects=["1", "2"], tr=TR)
    assert [each.affine[0, 0] for each in store.recordings] == [3, 4]
    assert store.space == "native"
    with pytest.raises(InputError, match="others do not") as caught:
        Store.from_arrays(tmp_path / "t", x, [placed(3, 1), placed(3, 4)], subjects=["1", "2"], tr=TR)
    assert caught.value.problems[0].where == "bold[0]"
    named = {"space": "MNI152NLin2009cAsym"}
    known = Store.from_arrays(tmp_path / "u", x, [placed(3, 2), placed(3, 2)], subjects=["1", "2"], tr=TR, **named)
    assert known.space == "MNI152NLin2009cAsym"
    with pytest.raises(InputError, match="lies elsewhere"):
        Store.from_arrays(tmp_path / "v", x, [placed(3, 2), placed(4, 2)], subjects=["1", "2"], tr=TR, **named)
    volumes = [np.moveaxis(placed(3, 1).get_fdata(), -1, 0) for _ in x]
    assert Store.from_arrays(tmp_path / "w", x, volumes, subjects=["1", "2"], tr=TR, **named).space == named["space"]


def test_a_header_with_another_repetition_time_is_told(tmp_path):
    x = [RNG.standard_normal((30, 2))]
    with pytest.raises(InputError, match="another repetition time") as caught:
        Store.from_arrays(tmp_path / "s", x, [placed(3, 1, tr=3)], subjects=["1"], tr=TR)
    assert (caught.value.problems[0].got, caught.value.problems[0].expected) == ("3 s", "2.1 s")
    assert Store.from_arrays(tmp_path / "t", x, [placed(3, 1, tr=TR)], subjects=["1"], tr=TR).tr == TR


def test_tables_bring_the_names_of_their_columns_and_their_order_is_compared(tmp_path):
    x = [pd.DataFrame(each, columns=["delta", "theta", "alpha"]) for each in features(3)]
    store = Store.from_arrays(tmp_path / "s", x, regions(), subjects=["1", "2"], tr=TR)
    assert store.electrodes == ("delta", "theta", "alpha")
    swapped = [x[0], x[1][["alpha", "theta", "delta"]]]
    with pytest.raises(InputError, match="another order") as caught:
        Store.from_arrays(tmp_path / "t", swapped, regions(), subjects=["1", "2"], tr=TR)
    assert caught.value.problems[0].where == "eeg[1]"
    y = [
        pd.DataFrame(each, columns=names) for each, names in zip(regions(2), (["V1", "M1"], ["M1", "V1"]), strict=True)
    ]
    with pytest.raises(InputError, match="another order"):
        Store.from_arrays(tmp_path / "u", x, y, subjects=["1", "2"], tr=TR)
    unnamed = [pd.DataFrame(each.to_numpy()) for each in x]
    store = Store.from_arrays(tmp_path / "v", unnamed, regions(), subjects=["1", "2"], tr=TR)
    assert store.electrodes == ("feature1", "feature2", "feature3")


def test_what_is_masked_counts_as_missing(tmp_path):
    x = features()
    x[1] = np.ma.masked_greater(x[1], 2)
    with pytest.raises(InputError, match="not finite"):
        Store.from_arrays(tmp_path / "s", x, regions(), subjects=["1", "2"], tr=TR)


def test_only_epochs_of_mne_are_rows(tmp_path):
    info = mne.create_info(["Fz", "Cz", "Oz"], 100.0, "eeg")
    raw = mne.io.RawArray(RNG.standard_normal((3, 3000)) * 1e-5, info, verbose="error")
    tfr = raw.compute_tfr("morlet", freqs=[6.0, 10.0, 20.0], n_cycles=2, decim=1000, verbose="error")
    assert tfr.get_data().shape == (3, 3, 3)
    with pytest.raises(InputError, match="no power of epochs") as caught:
        Store.from_arrays(tmp_path / "s", tfr, regions()[0][:3], subjects=["1"], tr=TR)
    assert caught.value.problems[0].got == "RawTFR"


@pytest.mark.parametrize("column", [1e6 / 3, 1e-30 / 3, -0.1])
def test_a_constant_column_is_constant_whatever_its_rounding(tmp_path, column):
    x, y = features(3), regions(3)
    for k in range(2):
        x[k][:, 1] = y[k][:, 1] = column
    store = Store.from_arrays(tmp_path / "s", x, y, subjects=["1", "2"], tr=TR)
    for k in range(2):
        assert store.mask(k).ravel().tolist() == [True, False, True]
        assert store.voxel_std(k)[1, 0, 0] == 0
        assert np.ptp(store.eeg(k)[:, 1]) == 0


def test_features_of_any_size_are_standardised(tmp_path):
    x = features()
    wanted = Store.from_arrays(tmp_path / "s", x, regions(), subjects=["1", "2"], tr=TR)
    huge = [each * 1e300 for each in x]
    store = Store.from_arrays(tmp_path / "t", huge, regions(), subjects=["1", "2"], tr=TR)
    np.testing.assert_allclose(store.eeg(0), wanted.eeg(0), rtol=1e-5)


@pytest.mark.parametrize(("offset", "size"), [(1e9, 1.0), (0.0, 1e300), (0.0, 1e-46)])
def test_values_that_float32_would_spoil_are_told(tmp_path, offset, size):
    y = [offset + size * RNG.standard_normal((n, 3)) for n in LENGTHS]
    with pytest.raises(InputError, match="float32") as caught:
        Store.from_arrays(tmp_path / "s", features(), y, subjects=["1", "2"], tr=TR)
    assert "3 of 3 columns" in caught.value.problems[0].got
    fine = [1e4 + each for each in regions()]
    assert Store.from_arrays(tmp_path / "t", features(), fine, subjects=["1", "2"], tr=TR).grid == (4, 1, 1)


WRONG = {
    "text for labels": ({"subjects": "ab"}, "no list of labels"),
    "no labels": ({"subjects": None}, "no list of labels"),
    "empty": ({"eeg": [], "bold": [], "subjects": []}, "there are no subjects"),
    "fractions": ({"subjects": [1.0, 2.0]}, "no BIDS label"),
    "dict": ({"eeg": {"1": 1}}, "given by their order"),
    "text for time": ({"tr": "2"}, "no plausible time"),
    "milliseconds": ({"tr": 2100}, "no plausible time"),
    "number for array": ({"eeg": [3, 3]}, "no array of numbers"),
    "endless": ({"eeg": [np.ones((30, 2, 1))] * 2, "frequencies": [np.inf]}, "frequencies do not fit"),
    "words": ({"eeg": [np.ones((30, 2, 1))] * 2, "frequencies": ["alpha"]}, "frequencies do not fit"),
    "one frequency": ({"eeg": [np.ones((30, 2, 1))] * 2, "frequencies": 10}, "frequencies do not fit"),
    "stack": ({"eeg": np.zeros((2, 30, 6)), "bold": np.zeros((2, 30, 4))}, "no label is the same"),
    "interleaved": (
        {"eeg": RNG.standard_normal((30, 6)), "bold": RNG.standard_normal((30, 4)), "subjects": ["a", "b"] * 15},
        "no label is the same",
    ),
    "list of one": ({"eeg": np.zeros((40, 6)), "bold": [1, 2], "subjects": ["a"] * 40}, "as many recordings"),
    "space of regions": ({"space": "MNI152"}, "regions lie in no space"),
    "ragged": ({"eeg": [[[1, 2], [3]]] * 2}, "this is no array"),
}


@pytest.mark.parametrize("what", WRONG)
def test_other_types_are_refused_with_a_message(tmp_path, what):
    wrong, words = WRONG[what]
    given = {"eeg": features(), "bold": regions(), "subjects": ["1", "2"], "tr": TR, **wrong}
    with pytest.raises(InputError, match=words):
        Store.from_arrays(tmp_path / "s", **given)
    assert list(tmp_path.iterdir()) == []


def test_numbers_name_channels(tmp_path):
    store = Store.from_arrays(tmp_path / "s", features(3), regions(), subjects=[1, 2], tr=TR, channels=[3, 1, 2])
    assert store.electrodes == ("3", "1", "2")
