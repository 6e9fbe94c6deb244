import numpy as np
import pytest
from sklearn.linear_model import Ridge as PeerRidge

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.models.baselines import HaemodynamicRidge, LaggedBandPowerRidge, RecentredRidge, band_power_ridge
from eeg2fmri.models.baselines.dynamics import deviations
from eeg2fmri.models.baselines.ridge import PENALTIES, Ridge


def temporal_r(truth, prediction):
    y, p = truth - truth.mean(axis=0), prediction - prediction.mean(axis=0)
    return (y * p).sum(axis=0) / np.sqrt((y**2).sum(axis=0) * (p**2).sum(axis=0))


@pytest.fixture(params=[(37, 9), (20, 31)], ids=["more pairs than features", "more features than pairs"])
def problem(request, rng):
    """Training features of three recordings, their targets, features of another one."""
    pairs, features = request.param
    parts = [rng.standard_normal((n, features)) for n in (pairs, pairs - 4, pairs - 7)]
    parts = [part - part.mean(axis=0) for part in parts]
    y = rng.standard_normal((sum(map(len, parts)), 5))
    return parts, y, rng.standard_normal((11, features))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("penalty", [0.01, 1.0, 100.0])
def test_ridge_equals_scikit_learn(problem, penalty):
    parts, y, z = problem
    ridge = Ridge(parts)
    x = np.concatenate(parts)
    gram = min(x @ x.T, x.T @ x, key=len)
    peer = PeerRidge(alpha=penalty * np.trace(gram) / len(gram), fit_intercept=False).fit(x, y)
    np.testing.assert_allclose(ridge.weights(z, penalty) @ y, peer.predict(z), atol=1e-8)


def test_path_and_weights_agree(problem):
    parts, y, z = problem
    ridge = Ridge(parts)
    penalties = []
    for penalty, coefficients in ridge.path(y):
        np.testing.assert_allclose(ridge.apply(z, coefficients), ridge.weights(z, penalty) @ y, atol=1e-8)
        penalties.append(penalty)
    assert tuple(penalties) == PENALTIES


def test_mean_of_a_recording_does_not_matter(problem):
    parts, y, z = problem
    shifted = y + np.repeat([5.0, -3.0, 11.0], [len(part) for part in parts])[:, None]
    weights = Ridge(parts).weights(z, 0.5)
    np.testing.assert_allclose(weights @ shifted, weights @ y, atol=1e-8)


@pytest.mark.parametrize("kind", [LaggedBandPowerRidge, HaemodynamicRidge, RecentredRidge])
def test_coupled_voxels_are_predicted_on_unseen_subjects(with_amplitudes, coupled_store, parts, kind):
    training, validation, test = parts
    pairs = PairConfig(window=8, skip_volumes=2)
    baseline = kind().fit(coupled_store, training, pairs, validation)
    for recording in test:
        predicted = baseline.predict(coupled_store, recording)
        _, targets = pair_index(coupled_store.recordings[coupled_store.index(recording)].n_volumes, 2.0, pairs)
        truth = coupled_store.bold(recording)[targets]
        assert predicted.shape == truth.shape
        r = temporal_r(truth.astype(float), predicted.astype(float) + 1e-9 * truth)
        assert r[:2, :4].mean() > 0.4
        assert abs(r[2:, :4].mean()) < 0.1
        assert (np.ptp(predicted[:, :, 4, 2], axis=0) == 0).all()
        # in BOLD units, the deviations have the size that explains variance
        deviation = predicted - predicted.mean(axis=0)
        left = (truth - truth.mean(axis=0) - deviation)[:, :2, :4].var()
        assert left < 0.9 * truth[:, :2, :4].var(axis=0).mean()


def test_the_window_alone_is_seen(coupled_store, parts):
    training, validation, test = parts
    pairs = PairConfig(window=3, lag=1, skip_volumes=2)
    baseline = LaggedBandPowerRidge().fit(coupled_store, training, pairs, validation)
    n_volumes = coupled_store.recordings[coupled_store.index(test[0])].n_volumes
    impulse = np.zeros((n_volumes, 1, 1))
    impulse[10] = 1
    rows = baseline._features(coupled_store, test[0], impulse, np.eye(3), None)
    _, targets = pair_index(n_volumes, 2.0, pairs)
    # EEG row 10 is 4, 3 and 2 volumes before the targets 14, 13 and 12
    assert targets[rows.argmax(axis=0)].tolist() == [14, 13, 12]
    assert len(rows) == len(targets)


def test_penalty_and_filters_are_chosen_on_validation_recordings(coupled_store, parts, monkeypatch):
    training, validation, _ = parts
    seen = []
    fit_of = band_power_ridge.Fit.of.__func__

    def spy(cls, truth, prediction):
        seen.append(len(truth))
        return fit_of(cls, truth, prediction)

    monkeypatch.setattr(band_power_ridge.Fit, "of", classmethod(spy))
    baseline = HaemodynamicRidge().fit(coupled_store, training, PairConfig(window=8), validation)
    length = len(pair_index(coupled_store.recordings[4].n_volumes, 2.0, PairConfig(window=8))[0])
    assert set(seen) == {length}
    assert len(seen) == len(PENALTIES) * 4
    assert baseline.filters in baseline.candidates(2.0, PairConfig(window=8))
    assert baseline.validation_r > 0.1


class AllBands(RecentredRidge):
    def band_sets(self):
        return {"all": None}


def test_a_band_that_says_nothing_can_be_left_out(with_amplitudes, coupled_store, parts):
    training, validation, test = parts
    pairs = PairConfig(window=8)
    chosen = RecentredRidge().fit(coupled_store, training, pairs, validation)
    everything = AllBands().fit(coupled_store, training, pairs, validation)
    assert chosen.bands in ("all but theta", "all but beta")
    assert chosen.validation_r > everything.validation_r
    # what is predicted comes from the bands that were chosen: the one that drives the BOLD is needed
    with_alpha = chosen.predict_dynamics(coupled_store, test[0])
    assert with_alpha.std() > 0
    alpha = RecentredRidge()
    alpha.band_sets = lambda: {"all": None, "all but alpha": (0, 2)}
    alpha.fit(coupled_store, training, pairs, validation)
    assert alpha.bands == "all"


def test_training_bold_is_read_one_recording_at_a_time(coupled_store, parts, monkeypatch):
    training, validation, test = parts
    baseline = HaemodynamicRidge().fit(coupled_store, training, PairConfig(window=8), validation)
    read = []

    def spy(store, recording, targets, voxels):
        read.append((recording, len(voxels)))
        return deviations(store, recording, targets, voxels)

    monkeypatch.setattr(band_power_ridge, "deviations", spy)
    baseline.predict(coupled_store, test[0])
    assert read == [(name, 4 * 14) for name in training]


def test_recordings_to_choose_on_are_needed(coupled_store, parts):
    with pytest.raises(InputError, match="validation recordings"):
        LaggedBandPowerRidge().fit(coupled_store, parts[0], PairConfig(window=8))
    with pytest.raises(InputError, match="0 for training"):
        LaggedBandPowerRidge().fit(coupled_store, [], PairConfig(window=8), parts[1])
