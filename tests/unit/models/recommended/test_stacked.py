import numpy as np
import pytest

from eeg2fmri.models.recommended import fit as fitting
from eeg2fmri.models.recommended import stacked as stacked_module
from eeg2fmri.models.recommended.choice import candidate
from eeg2fmri.models.recommended.families.family import basis_of, usable_families
from eeg2fmri.models.recommended.recordings import gather
from eeg2fmri.models.recommended.stacked import GAINS, Stack
from eeg2fmri.models.recommended.weigh import weighed
from eeg2fmri.models.regression.leave_out import LeaveOneOut, temporal_r

INSIDE = np.arange(60)


@pytest.fixture(autouse=True, params=[0, 512], ids=["many voxels", "few voxels"])
def _ways(request, monkeypatch):
    """Predict those left out from their directions in time, and from weights that are kept for few voxels."""
    monkeypatch.setattr(stacked_module, "FEW_VOXELS", request.param)


@pytest.fixture(scope="module")
def parts(planted):
    """Give the group, its targets without drifts, and one family fitted to it."""
    recordings, _ = gather([planted([1, 2, 3])], {}, INSIDE, 2.2, 256.0)
    family = next(one for one in usable_families({"whitened": slice(0, 2)}, "rows", 6)[0] if one.time == "lags")
    basis = basis_of(family, (9, 2.2, 0), (0.0,), 0.3, 6)
    design = fitting.Design.of(recordings, np.arange(2), family, basis)
    targets = [recordings.of(g)[0].without_drift(recordings.volumes(recordings.of(g)[0])) for g in recordings.groups]
    return recordings, targets, fitting.replace(candidate(design, targets, (1.0, 10.0)), weight=0.8)


def test_with_all_components_the_maps_and_filters_are_the_ridge_regression(parts):
    recordings, targets, one = parts
    stacked = Stack(recordings, [one], np.zeros(60, int)).fit(60)
    weights = one.design.back @ LeaveOneOut(one.design.groups, targets).weights(one.penalty) * 0.8
    windows = np.lib.stride_tricks.sliding_window_view(recordings.runs[0].rows, 9, axis=0)
    predicted = np.einsum("nckt,atkc->na", windows, stacked.filters[0]) @ stacked.maps
    expected = one.design.basis.features(recordings.runs[0].rows) @ weights * _gains(one, targets)
    np.testing.assert_allclose(predicted, expected, atol=2e-3 * np.abs(expected).max())


def test_the_gain_of_a_voxel_takes_back_what_was_too_much(parts):
    recordings, _, one = parts
    volumes = np.concatenate([recordings.volumes(run) for run in recordings.runs])
    once, twice = (
        Stack(recordings, [fitting.replace(one, weight=weight)], np.zeros(60, int)).fit(60) for weight in (2.0, 4.0)
    )
    size = [np.linalg.norm(found.filters[0]) * np.linalg.norm(found.maps, axis=0) for found in (once, twice)]
    carried = once.r > 0.1
    assert carried.sum() > 20
    np.testing.assert_allclose(size[1][carried], size[0][carried], rtol=1e-3)
    np.testing.assert_allclose(twice.error, once.error, rtol=0.2)
    assert (once.error < 1.01 * np.abs(volumes - recordings.mean()).mean(axis=0)).all()


def _gains(one, targets):
    """Factor of every voxel by its own least squares on what is predicted for groups left out."""
    unseen = np.concatenate(LeaveOneOut(one.design.groups, targets).predictions(one.penalty)) * 0.8
    y = np.concatenate(targets)
    return np.clip((unseen * y).sum(axis=0) / (unseen**2).sum(axis=0), *GAINS)


def test_the_r_of_every_voxel_is_that_of_a_refit_without_the_subject(parts):
    recordings, targets, one = parts
    stacked = Stack(recordings, [one], np.zeros(60, int)).fit(5)
    unseen = LeaveOneOut(one.design.groups, targets).predictions(one.penalty)
    expected = np.mean([temporal_r(p, y) for p, y in zip(unseen, targets, strict=True)], axis=0)
    np.testing.assert_allclose(stacked.r, expected, atol=1e-3)


def test_volumes_that_are_read_again_are_those_that_were_kept(parts):
    recordings, _, one = parts
    kept = Stack(recordings, [one], np.zeros(60, int)).fit(5)
    recordings._kept = None
    again = Stack(recordings, [one], np.zeros(60, int)).fit(5)
    np.testing.assert_allclose(again.r, kept.r, atol=1e-6)
    np.testing.assert_allclose(np.abs(again.maps), np.abs(kept.maps), atol=1e-4)


def test_a_family_without_evidence_has_no_weight(parts):
    _, targets, one = parts
    rng = np.random.default_rng(0)
    noise = fitting.replace(one, unseen=[rng.standard_normal(y.shape).astype(np.float32) for y in targets])
    against = fitting.replace(one, unseen=[-p for p in one.unseen])
    found = weighed([one, against, noise], targets)
    assert found[0].weight > 0.3
    assert found[1].weight == 0
    assert found[2].weight < 0.05
    assert all(each.weight == 0 for each in weighed([fitting.replace(against, weight=0.0)], targets))


def test_the_trusted_family_gives_way_to_what_the_evidence_speaks_for(parts):
    _, targets, one = parts
    rng = np.random.default_rng(0)
    poor = fitting.replace(one, unseen=[0.1 * p + rng.standard_normal(p.shape).astype(np.float32) for p in one.unseen])
    chosen = weighed([poor, one], targets)
    assert chosen[1].weight > 10 * chosen[0].weight


def test_the_trusted_family_stands_alone_where_nothing_is_clearly_better(parts):
    _, targets, one = parts
    rng = np.random.default_rng(1)
    same = fitting.replace(one, unseen=[p + 1e-3 * rng.standard_normal(p.shape).astype(np.float32) for p in one.unseen])
    chosen = weighed([one, same], targets)
    assert chosen[0].weight > 0
    assert chosen[1].weight == 0


def test_a_family_comes_in_only_with_what_the_others_do_not_say(parts):
    _, targets, one = parts
    rng = np.random.default_rng(0)
    half = np.arange(targets[0].shape[1]) < 30
    first, second = (fitting.replace(one, unseen=[p * kept for p in one.unseen]) for kept in (half, ~half))
    again = fitting.replace(
        first, unseen=[p + 0.02 * rng.standard_normal(p.shape).astype(np.float32) for p in first.unseen]
    )
    weights = [each.weight for each in weighed([first, again, second], targets)]
    assert weights[1] == 0
    assert min(weights[0], weights[2]) > 0.3
