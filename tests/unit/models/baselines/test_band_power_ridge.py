from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge as PeerRidge

from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.models.baselines.dynamics import deviations
from eeg2fmri.models.baselines.kinds import band_power_ridge
from eeg2fmri.models.baselines.kinds.band_power_ridge import (
    DRAWS,
    BandedRidge,
    HaemodynamicRidge,
    LaggedBandPowerRidge,
    RecentredRidge,
)
from eeg2fmri.models.baselines.ridge import Ridge
from eeg2fmri.models.regression.leave_out import PENALTIES, LeaveOneOut


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
    peer = PeerRidge(alpha=penalty * np.trace(x.T @ x) / len(x), fit_intercept=False).fit(x, y)
    np.testing.assert_allclose(ridge.weights(z, penalty) @ y, peer.predict(z), atol=1e-8)


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
    rows = baseline._features(coupled_store, test[0], impulse, np.eye(3), np.ones(1))
    _, targets = pair_index(n_volumes, 2.0, pairs)
    # EEG row 10 is 4, 3 and 2 volumes before the targets 14, 13 and 12
    assert targets[rows.argmax(axis=0)].tolist() == [14, 13, 12]
    assert len(rows) == len(targets)


def test_penalty_and_filters_are_chosen_on_subjects_left_out(coupled_store, parts, monkeypatch):
    training, validation, _ = parts
    seen, choose = [], LeaveOneOut.choose

    def spy(self, penalties=PENALTIES):
        seen.append((len(self), choose(self, penalties)))
        return seen[-1][1]

    monkeypatch.setattr(LeaveOneOut, "choose", spy)
    baseline = HaemodynamicRidge().fit(coupled_store, training, PairConfig(window=8), validation)
    assert [groups for groups, _ in seen] == [len(training) + len(validation)] * 4
    best = max((choice for _, choice in seen), key=lambda choice: choice.r)
    assert (baseline.penalty, baseline.unseen_r) == (best.penalty, best.r)
    assert baseline.filters in baseline.candidates(2.0, PairConfig(window=8))


def test_one_subject_leaves_its_recordings_out(coupled_store, parts, monkeypatch):
    monkeypatch.setattr(
        type(coupled_store), "recordings", [replace(one, subject="same") for one in coupled_store.recordings], False
    )
    baseline = LaggedBandPowerRidge().fit(coupled_store, parts[0], PairConfig(window=8), parts[1])
    assert baseline.unseen_r > 0.1


def test_the_banded_ridge_finds_the_band_that_drives_the_bold(coupled_store, parts):
    training, validation, _ = parts
    pairs = PairConfig(window=8)
    banded = BandedRidge().fit(coupled_store, training, pairs, validation)
    weights = banded.band_weights(5)
    assert len(weights) == 1 + 5 + DRAWS
    assert banded._weights.argmax() == 2
    plain = HaemodynamicRidge().fit(coupled_store, training, pairs, validation)
    assert banded.unseen_r > plain.unseen_r


class AllBands(RecentredRidge):
    def band_weights(self, n_bands):
        return {"all": np.ones(n_bands)}


def test_a_band_that_says_nothing_can_be_left_out(with_amplitudes, coupled_store, parts):
    training, validation, test = parts
    pairs = PairConfig(window=8)
    chosen = RecentredRidge().fit(coupled_store, training, pairs, validation)
    everything = AllBands().fit(coupled_store, training, pairs, validation)
    assert chosen.bands in ("all but theta", "all but beta")
    assert chosen.unseen_r > everything.unseen_r
    # what is predicted comes from the bands that were chosen: the one that drives the BOLD is needed
    with_alpha = chosen.predict_dynamics(coupled_store, test[0])
    assert with_alpha.std() > 0
    alpha = RecentredRidge()
    alpha.band_weights = lambda n_bands: {"all": np.ones(n_bands), "all but alpha": np.array([1.0, 0, 1])}
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
    assert read == [(name, 4 * 14) for name in (*training, *validation)]
