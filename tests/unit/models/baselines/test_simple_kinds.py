"""Partial least squares, fingerprint and trees beside what they should be."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.settings.raw import RawConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.kinds.boosted_trees import BoostedTrees
from eeg2fmri.models.baselines.kinds.fingerprint import ElectricalFingerprint, equal_energy
from eeg2fmri.models.baselines.kinds.partial_least_squares import simpls
from eeg2fmri.models.baselines.pieces import PIECES, pieces_of


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((80, 6)) * np.array([3, 1, 1, 1, 0.5, 0.1])
    y = x[:, [1]] - 2 * x[:, [4]] + 0.5 * rng.standard_normal((80, 1))
    return x - x.mean(axis=0), y - y.mean(axis=0)


def test_partial_least_squares_is_that_of_scikit_learn(problem):
    x, y = problem
    for number, weights in enumerate(simpls(x, y, 5), 1):
        peer = PLSRegression(number, scale=False).fit(x, y)
        np.testing.assert_allclose(x @ weights, peer.predict(x).reshape(y.shape), atol=1e-8)


def test_all_components_are_least_squares_and_nothing_is_left_after(problem):
    x, y = problem
    both = np.hstack([y, x[:, :1]])
    found = simpls(x, both, 8)
    np.testing.assert_allclose(found[5], np.linalg.lstsq(x, both, rcond=None)[0], atol=1e-6)
    assert not np.abs(simpls(np.zeros_like(x), y, 2)[1]).any()


def test_bands_of_equal_energy_cover_the_range_once():
    frequencies = np.arange(1.0, 40.5, 0.5)
    bands = equal_energy(1 / frequencies, frequencies)
    edges = list(bands.values())
    assert edges[0][0] == 1.0
    assert edges[-1][1] == 40.5
    assert all(a[1] == b[0] for a, b in pairwise(edges))
    power = np.array([(1 / frequencies)[(frequencies >= low) & (frequencies < high)].sum() for low, high in edges])
    assert power.max() < 0.3 * power.sum()
    assert len(equal_energy(np.array([1.0, 0.0, 0.0]), np.array([1.0, 2.0, 3.0]))) >= 1


def test_the_fingerprint_is_of_the_electrode_that_drives_the_bold(coupled_store, parts):
    found = ElectricalFingerprint().fit(coupled_store, parts[0], PairConfig(window=8), parts[1])
    features = np.eye(6 * len(found._bands) * 8)
    used = np.abs(found._predict(features)).sum(axis=1).reshape(6, -1).sum(axis=1) > 0
    assert used.tolist() == [False, True, False, False, False, False]


def test_the_fingerprint_is_of_the_stockwell_transform_where_raw_eeg_is_kept(coupled_store, parts, monkeypatch):
    """The alpha of the raw EEG is that of the spectra, electrodes turned round: the choice tells which it is of."""

    def raw(store, recording):
        rng = np.random.default_rng(0)
        alpha = np.asarray(store.eeg(recording), float)[:, ::-1, 7:12].mean(axis=2)
        times = np.arange(200) / 100
        signal = 1e6 * alpha[:, :, None] * np.sin(2 * np.pi * 10 * times)
        return (signal + 0.1 * rng.standard_normal(signal.shape)).astype(np.float32)

    config = coupled_store.config.model_copy(update={"raw": RawConfig(rate=100)})
    object.__setattr__(coupled_store, "config", config)
    monkeypatch.setattr(Store, "raw", raw)
    try:
        found = ElectricalFingerprint().fit(coupled_store, parts[0], PairConfig(window=8), parts[1])
        features = np.eye(6 * len(found._bands) * 8)
        used = np.abs(found._predict(features)).sum(axis=1).reshape(6, -1).sum(axis=1) > 0
        assert used.tolist() == [False, False, False, False, True, False]
    finally:
        object.__setattr__(coupled_store, "config", config.model_copy(update={"raw": None}))


def test_the_fingerprint_needs_a_spectrum(coupled_store, parts, monkeypatch):
    object.__setattr__(coupled_store, "frequencies", coupled_store.frequencies + 60)
    try:
        with pytest.raises(InputError, match="no spectrum"):
            ElectricalFingerprint().fit(coupled_store, parts[0], PairConfig(window=8), parts[1])
    finally:
        object.__setattr__(coupled_store, "frequencies", coupled_store.frequencies - 60)


def test_trees_see_what_no_line_sees():
    rng = np.random.default_rng(1)
    trees = BoostedTrees()
    trees._pairs = PairConfig(window=2)
    x = rng.standard_normal((1500, 2 * 2))
    y = (x[:, [0]] * x[:, [2]] > 0) * 2.0 - 1
    predict = trees.path(x[:1000], y[:1000])[-1]
    assert np.corrcoef(predict(x[1000:])[:, 0], y[1000:, 0])[0, 1] > 0.6
    line = np.linalg.lstsq(x[:1000], y[:1000], rcond=None)[0]
    assert abs(np.corrcoef((x[1000:] @ line)[:, 0], y[1000:, 0])[0, 1]) < 0.15


def test_pieces_are_numbered_without_gaps():
    grid = (9, 9, 4)
    assert len(np.unique(pieces_of(grid, np.arange(9 * 9 * 4)))) == np.prod(PIECES)
    assert set(pieces_of(grid, np.array([0, 9 * 9 * 4 - 1]))) == {0, 1}
