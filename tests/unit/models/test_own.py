"""A regressor or network of one's own beside the models of the package."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.own import OwnModel, OwnNetwork

PAIRS = PairConfig(window=4)
LAG = 3


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Six features, of which the second drives the first of three regions three volumes later."""
    rng = np.random.default_rng(0)
    eeg, bold = [], []
    for _ in range(5):
        x, y = rng.standard_normal((120, 6)), rng.standard_normal((120, 3))
        y[LAG:, 0] += 3 * x[:-LAG, 1]
        eeg.append(x)
        bold.append(1000 + 10 * y)
    path = tmp_path_factory.mktemp("own") / "store"
    return Store.from_arrays(path, eeg, bold, subjects=[f"{k:02d}" for k in range(5)], tr=2.0)


def parts(store):
    names = [each.id for each in store.recordings]
    return names[:3], names[3:4], names[4]


def r_of(store, model, name):
    found = model.predict(store, name)[:, :, 0, 0]
    truth = store.bold(name)[-len(found) :, :, 0, 0]
    return [np.corrcoef(a, b)[0, 1] if np.ptp(a) > 0 else 0.0 for a, b in zip(found.T, truth.T, strict=True)]


def linear(shape, n_voxels):
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(int(np.prod(shape)), n_voxels))


@pytest.mark.parametrize(
    "make",
    [
        lambda: OwnModel("my_ridge", lambda: Ridge(alpha=10.0)),
        lambda: OwnNetwork("my_network", linear, epochs=30, learning_rate=0.01),
    ],
)
def test_it_learns_what_the_eeg_before_a_volume_says(store, make):
    train, validation, test = parts(store)
    model = make().fit(store, train, PAIRS, validation)
    first, *others = r_of(store, model, test)
    assert first > 0.85
    assert np.abs(others).max() < 0.4
    volumes = model.predict(store, test)
    assert (volumes.shape, volumes.dtype) == ((120 - 3 - 4, 3, 1, 1), np.float32)
    np.testing.assert_allclose(volumes.mean(axis=0), 1000, atol=8)


def test_a_regressor_that_knows_nothing_gives_the_group_mean(store):
    train, validation, test = parts(store)
    volumes = OwnModel("nothing", DummyRegressor).fit(store, train, PAIRS, validation).predict(store, test)
    assert np.ptp(volumes, axis=0).max() < 1e-2


def test_features_of_ones_own_take_the_place_of_band_power(store):
    train, validation, test = parts(store)

    def third(store, recording, pairs):
        n = store.recordings[store.index(recording)].n_volumes
        rows = np.log(np.asarray(store.eeg(recording)[:, 2, 0], float))
        return rows[n - (n - 3 - pairs.window) - LAG : n - LAG, None]

    blind = OwnModel("third", lambda: Ridge(alpha=1.0), third).fit(store, train, PAIRS, validation)
    assert abs(r_of(store, blind, test)[0]) < 0.4
    with pytest.raises(InputError, match="features do not fit the windows"):
        OwnModel("short", Ridge, lambda *_: np.zeros((5, 2))).fit(store, train, PAIRS, validation)


def test_a_network_is_the_same_again_keeps_its_best_epoch_and_leaves_the_random_state(store):
    train, validation, test = parts(store)
    before = torch.random.get_rng_state()
    made = [OwnNetwork("a", linear, epochs=3, seed=s).fit(store, train, PAIRS, validation) for s in (1, 1, 2)]
    assert torch.equal(torch.random.get_rng_state(), before)
    one, same, other = (model.predict(store, test) for model in made)
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    # a rate at which it diverges after the first epochs: the best is kept
    wild = OwnNetwork("b", linear, epochs=25, learning_rate=0.5).fit(store, train, PAIRS, validation)
    x, y = wild._data(store, validation)
    assert wild._loss((x, y)) < 3


@pytest.mark.parametrize("bad", [np.nan, "shape"])
def test_what_is_no_number_for_each_voxel_is_refused(store, bad):
    train, validation, test = parts(store)

    class Broken:
        def fit(self, x, y):
            self.n = y.shape[1]

        def predict(self, x):
            return np.zeros((len(x), self.n + 1)) if bad == "shape" else np.full((len(x), self.n), bad)

    model = OwnModel("broken", Broken).fit(store, train, PAIRS, validation)
    with pytest.raises(InputError, match="does not give a finite number"):
        model.predict(store, test)


def test_a_name_is_a_key():
    with pytest.raises(InputError, match="no key"):
        OwnModel("My model", Ridge)


class Answers(Ridge):
    """Ridge whose answer is changed."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def predict(self, x):
        return self.change(super().predict(x))


@pytest.mark.parametrize("change", [np.transpose, lambda y: y[:-1], lambda y: y.ravel(), lambda y: y[:, :1]])
def test_an_answer_of_another_shape_is_not_made_fit(store, change):
    train, _, test = parts(store)
    model = OwnModel("changed", lambda: Answers(change)).fit(store, train, PAIRS)
    with pytest.raises(InputError, match="finite number for each volume and voxel") as caught:
        model.predict(store, test)
    assert caught.value.problems[0].expected == "(113, 3)"


def test_a_row_is_the_answer_for_one_region(store, tmp_path):
    parts_of = [store.eeg(k)[..., 0] for k in range(3)], [store.bold(k)[:, :1, 0, 0] for k in range(3)]
    one = Store.from_arrays(tmp_path / "one", *parts_of, subjects=[1, 2, 3], tr=2.0)
    names = [each.id for each in one.recordings]
    model = OwnModel("row", lambda: Answers(np.ravel)).fit(one, names[:2], PAIRS)
    assert model.predict(one, names[2]).shape == (113, 1, 1, 1)


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_network_with_other_outputs_is_refused_and_not_stretched(store, outputs):
    train, validation, _ = parts(store)
    network = OwnNetwork("narrow", lambda shape, n: linear(shape, outputs), epochs=1)
    with pytest.raises(InputError, match="number for each window and voxel"):
        network.fit(store, train, PAIRS, validation)
    two = OwnNetwork("two", lambda shape, n: Two(linear(shape, n)), epochs=1)
    with pytest.raises(InputError, match="number for each window and voxel") as caught:
        two.fit(store, train, PAIRS, validation)
    assert caught.value.problems[0].got == "tuple"


class Two(torch.nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x), None


@pytest.mark.parametrize("validated", [True, False])
def test_a_network_that_does_not_converge_is_no_untrained_network(store, validated):
    train, validation, _ = parts(store)
    network = OwnNetwork("wild", linear, epochs=3, learning_rate=1e30)
    with pytest.raises(InputError, match="does not converge"):
        network.fit(store, train, PAIRS, validation if validated else ())


def test_models_that_are_made_already_and_no_epochs_are_refused():
    with pytest.raises(InputError, match="new model is made for each split"):
        OwnModel("made", Ridge())
    with pytest.raises(InputError, match="new model is made for each split"):
        OwnNetwork("made", torch.nn.Linear(3, 3))
    with pytest.raises(InputError, match="no epoch"):
        OwnNetwork("none", linear, epochs=0)
