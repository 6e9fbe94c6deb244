"""Studies of other montages, TRs and grids are trained on as one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import InputError, StoreError
from eeg2fmri.crossvalidate.run import cross_validate
from eeg2fmri.data.join.axes import time_matrix
from eeg2fmri.data.join.stores import join_stores
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.splits.config import SplitConfig
from eeg2fmri.data.splits.make import make_folds, make_split
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.response import glover
from eeg2fmri.models.saving.hub import load
from eeg2fmri.train.run import train_run

MNI = "MNI152NLin2009cAsym"
LEFT = ["F3", "C3", "P3", "O1"]
STUDIES = {
    "one": (2.0, [*LEFT, "F4", "C4", "P4", "Cz"], (5, 5, 4), 36.0),
    "two": (1.5, ["Pz", "P4", "C4", *LEFT[::-1], "Fz"], (7, 6, 5), 28.0),
}
STEP = 0.1


def study(path, kind, people, minutes=4.0, space=MNI, noise=3.0):
    """Write a store whose left voxels follow alpha of C3, and right ones that of C4 the other way round."""
    tr, names, grid, size = STUDIES[kind]
    affine = np.diag([size, size, size, 1.0])
    affine[:3, 3] = -size * (np.array(grid) - 1) / 2
    x = (affine @ np.array([*np.indices(grid).reshape(3, -1), np.ones(np.prod(grid))]))[0].reshape(grid)
    frequencies = np.arange(1, round(30 * tr)) / tr
    n = round(minutes * 60 / tr)
    recordings = []
    for person in people:
        rng = np.random.default_rng(person)
        smooth = np.ones(15) / 15
        courses = [np.convolve(rng.standard_normal(round(n * tr / STEP)), smooth, "same") * 4 for _ in range(2)]
        bold = [np.convolve(one, glover(np.arange(0, 20, STEP)))[: len(one)] for one in courses]
        rows = [one.reshape(n, -1).mean(axis=1) for one in courses]
        seen = [one[:: round(tr / STEP)][:n] / one.std() for one in bold]
        magnitude = rng.rayleigh(1e-6, (n, len(names), len(frequencies)))
        alpha = (frequencies >= 8) & (frequencies < 13)
        for electrode, course in zip(("C3", "C4"), rows, strict=True):
            magnitude[:, names.index(electrode), alpha] *= np.exp(course / 2)[:, None]
        left, right = seen[0][:, None, None, None] * (x < -15), seen[1][:, None, None, None] * (x > 15)
        volumes = 100 + left - right + noise * rng.standard_normal((n, *grid))
        recordings.append(RecordingArrays(f"sub-{person:02d}_task-rest", magnitude, volumes))
    facts = {"electrodes": names, "frequencies": frequencies, "tr": tr, "affine": affine, "space": space}
    return Store.open(write_store(path, recordings, **facts))


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies")
    return study(folder / "one", "one", [1, 2, 3]), study(folder / "two", "two", [1, 4, 5, 6])


@pytest.fixture(scope="module")
def joined(stores, tmp_path_factory):
    return join_stores(stores, tmp_path_factory.mktemp("joined") / "both")


def test_recordings_have_the_axes_of_the_first_store(stores, joined):
    one, two = stores
    assert (joined.tr, joined.grid, joined.space) == (one.tr, one.grid, MNI)
    assert joined.electrodes == (*LEFT, "C4", "P4")
    assert [r.subject for r in joined.recordings] == [
        "onex01",
        "onex02",
        "onex03",
        *(f"twox0{k}" for k in (1, 4, 5, 6)),
    ]
    assert [r.data_set for r in joined.recordings] == 3 * ["one"] + 4 * ["two"]
    np.testing.assert_array_equal(joined.bold(0), one.bold(0))
    kept = [one.electrodes.index(name) for name in joined.electrodes]
    np.testing.assert_allclose(joined.eeg(1), one.eeg(1)[:, kept][..., : len(joined.frequencies)], rtol=1e-5)
    assert joined.recordings[3].n_volumes == int(two.recordings[0].n_volumes * 1.5 / 2.0)


def test_volumes_of_the_other_store_are_at_their_place_and_time(stores, tmp_path):
    two = study(tmp_path / "two", "two", [9], minutes=2, noise=0.01)
    joined = join_stores([stores[0], two], tmp_path / "both")
    volumes = joined.bold(3)
    # a left voxel and its place in the other store's grid
    place = np.linalg.inv(two.affine) @ joined.affine @ [0, 2, 2, 1]
    x, y, z = np.round(place[:3]).astype(int)
    course = two.bold(0)[:, x, y, z]
    times = np.arange(len(course)) * two.tr
    expected = np.interp(np.arange(len(volumes)) * joined.tr, times, course)
    assert np.corrcoef(volumes[:, 0, 2, 2], expected)[0, 1] > 0.98
    assert np.corrcoef(volumes[:, -1, 2, 2], expected)[0, 1] < 0.5


def test_all_studies_together_predict_a_new_person_better_than_one(stores, joined, tmp_path):
    def r(store, train, tested):
        split = {"by": "subject", "train": train[1:], "validation": train[:1], "test": [tested]}
        model = load(train_run(store, tmp_path / f"run-{len(train)}", {"split": split}).run)
        pairs = PairDataset(store, [f"sub-{tested}_task-rest"], model.card.pairs)
        x, y = (torch.stack([getattr(pairs[k], name) for k in range(len(pairs))]) for name in "xy")
        with torch.no_grad():
            got = model.model(x).volume
        a, b = (each[:, [0, 1, 3, 4]].flatten(1) for each in (got - got.mean(0), y - y.mean(0)))
        return float(((a * b).sum(0) / (a.norm(dim=0) * b.norm(dim=0)).clamp_min(1e-9)).mean())

    together = r(joined, ["onex01", "onex02", *(f"twox0{k}" for k in (1, 4, 5, 6))], "onex03")
    assert together > r(stores[0], ["01", "02"], "03") + 0.02
    assert together > 0.1


def test_each_data_set_is_left_out_once(joined):
    config = SplitConfig(by="data-set", folds="leave-one-out")
    splits = [make_split(joined, fold) for fold in make_folds(joined, config)]
    assert [len(split.test) for split in splits] == [3, 4]
    for split in splits:
        assert split.protocol == "leave-one-data-set-out"
        assert len({name[:7] for name in split.test}) == 1
        assert not {name[:7] for name in split.test} & {name[:7] for name in (*split.train, *split.validation)}


def test_a_store_of_one_study_has_no_data_set_to_leave_out(stores):
    with pytest.raises(InputError, match="there is one data set"):
        make_split(stores[0], SplitConfig(by="data-set", folds="leave-one-out", fold=1))


@pytest.mark.parametrize("kind", ["one", "two"])
def test_native_volumes_cannot_be_joined(stores, kind, tmp_path):
    native = study(tmp_path / "native", kind, [7], minutes=1, space="native")
    with pytest.raises(InputError, match="do not correspond") as caught:
        join_stores([native, stores[0]], tmp_path / "out")
    assert "native" in str(caught.value)
    with pytest.raises(InputError, match="in another space than the first"):
        join_stores([stores[0], native], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_same_people_twice_are_refused(stores, tmp_path):
    with pytest.raises(InputError, match="a recording is in two stores"):
        join_stores([stores[0], stores[0]], tmp_path / "out")


def test_features_of_a_faster_study_are_averaged_as_features(tmp_path):
    rng = np.random.default_rng(3)
    slow, fast = rng.standard_normal((60, 2)), rng.standard_normal((240, 2))
    settings = {"subjects": ["1"], "channels": ["x", "y"]}
    first = Store.from_arrays(tmp_path / "slow", slow, rng.standard_normal((60, 3)), tr=2.0, **settings)
    other = Store.from_arrays(tmp_path / "fast", fast, rng.standard_normal((240, 3)), tr=0.5, **settings)
    joined = join_stores([first, other], tmp_path / "both")
    wanted = time_matrix(240, 0.5, 2.0) @ fast
    found = 2 * np.log(joined.eeg(1)[..., 0])
    for k in range(2):
        assert np.corrcoef(found[:, k], wanted[:, k])[0, 1] > 0.9999
    np.testing.assert_allclose(joined.eeg(0), first.eeg(0), rtol=1e-6)
    magnitudes = np.exp(rng.standard_normal((240, 2, 1)))
    regions = rng.standard_normal((240, 3))
    spectra = Store.from_arrays(tmp_path / "spectra", magnitudes, regions, tr=0.5, frequencies=[10.0], **settings)
    with pytest.raises(InputError, match="features where another has spectra"):
        join_stores([first, spectra], tmp_path / "mixed")


def test_people_of_three_studies_are_cross_validated_by_study(tmp_path):
    names = []
    for k, study_name in enumerate(("a", "b", "c")):
        rng = np.random.default_rng(k)
        eeg = [rng.standard_normal((70, 4)) for _ in range(2)]
        seen = [np.apply_along_axis(np.convolve, 0, x, glover(np.arange(0, 20, 2.0)))[:70, :1] for x in eeg]
        bold = [y / y.std() + 0.5 * rng.standard_normal((70, 3)) for y in seen]
        names.append(Store.from_arrays(tmp_path / study_name, eeg, bold, subjects=["1", "2"], tr=2.0).path)
    settings = {"split": {"by": "data-set", "folds": "leave-one-out"}}
    found = cross_validate(names, tmp_path / "cv", settings)
    assert found.evaluation is not None
    assert len(found.evaluation.subjects) == 6
    assert "leave one data set out" in found.evaluation.facts["protocol"].replace("-", " ")
    with pytest.raises(StoreError, match="joined before, and are others now"):
        cross_validate(names[:2], tmp_path / "cv", settings)
