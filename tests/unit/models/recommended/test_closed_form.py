import numpy as np
import pytest
from sklearn.linear_model import Ridge

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.recommended.closed_form import (
    RecordingArrays,
    full_deviation,
    low_rank,
    moments,
    solve,
)
from eeg2fmri.models.recommended.haemodynamic import drifts

N_FEATURES = 6


def no_drift(n):
    return drifts(n, 1.0, 1e9)


def some_drift(n):
    return drifts(n, 2.0, 60.0)


def test_without_a_prior_it_is_ridge_regression_on_standard_features(cells, group):
    recordings = group()
    fitted = moments(recordings, no_drift)
    weights = solve(fitted, cells, np.ones((3, N_FEATURES)), 2.0) / fitted.scale[:, None]
    features = np.concatenate([r.features - r.features.mean(axis=0) for r in recordings])
    volumes = np.concatenate([r.volumes - r.volumes.mean(axis=0) for r in recordings])
    scale = np.sqrt((features**2).mean(axis=0))
    np.testing.assert_allclose(fitted.scale, scale, rtol=1e-5)
    expected = (
        Ridge(alpha=2.0 * N_FEATURES, fit_intercept=False).fit(features / scale, volumes).coef_.T / scale[:, None]
    )
    np.testing.assert_allclose(weights, expected, rtol=1e-4, atol=1e-5)


def test_the_prior_of_a_cell_divides_the_penalty_of_its_voxels(cells, group):
    fitted = moments(group(), no_drift)
    deviation = np.random.default_rng(5).uniform(0.2, 2.0, (3, N_FEATURES))
    weights = solve(fitted, cells, deviation, 3.0)
    for voxel, cell in enumerate(cells.label):
        penalty = 3.0 * np.sum(deviation[cell] ** 2) / deviation[cell] ** 2
        expected = np.linalg.solve(fitted.features + np.diag(penalty), fitted.cross[:, voxel])
        np.testing.assert_allclose(weights[:, voxel], expected, rtol=2e-4, atol=1e-6)


def test_drifts_change_nothing_once_they_are_taken_out(group):
    still, drifting = (moments(group(drift=drift), some_drift) for drift in (0.0, 50.0))
    np.testing.assert_allclose(drifting.features, still.features, rtol=1e-6)
    error = np.abs(drifting.cross - still.cross).max()
    left = np.abs(moments(group(drift=50.0), no_drift).cross - moments(group(), no_drift).cross).max()
    assert error < 0.05 * left


def test_a_flat_feature_has_no_weight_and_harms_no_other(cells, group):
    recordings = group()
    for recording in recordings:
        recording.features[:, 3] = 7.0
    fitted = moments(recordings, no_drift)
    weights = solve(fitted, cells, np.ones((3, N_FEATURES)), 1.0)
    assert np.isfinite(weights).all()
    assert (weights[3] == 0).all()
    assert (np.abs(weights[0]) > 0).all()
    filters, _ = low_rank(fitted, weights, 4)
    assert (filters[:, 3] == 0).all()


def test_all_components_lose_nothing_and_few_are_the_best_of_their_rank(cells, group):
    recordings = group()
    fitted = moments(recordings, no_drift)
    weights = solve(fitted, cells, np.ones((3, N_FEATURES)), 1.0)
    features = np.concatenate([r.features - r.features.mean(axis=0) for r in recordings]).astype(float)
    predicted = features / fitted.scale @ weights
    filters, maps = low_rank(fitted, weights, 99)
    assert filters.shape == (N_FEATURES, N_FEATURES)
    np.testing.assert_allclose(features @ filters.T @ maps, predicted, atol=2e-3 * predicted.std())
    left, size, right = np.linalg.svd(predicted, full_matrices=False)
    filters, maps = low_rank(fitted, weights, 2)
    np.testing.assert_allclose(features @ filters.T @ maps, left[:, :2] * size[:2] @ right[:2], atol=5e-3)
    courses = features @ filters.T
    np.testing.assert_allclose(courses.T @ courses / len(courses), np.eye(2), atol=1e-3)


def test_features_are_in_the_order_response_band_electrode():
    full = full_deviation(np.array([[1.0, 2, 3], [4, 5, 6]]), 3, 2, np.array([1.0, 0.5]))
    assert full.shape == (2, 12)
    assert full[1].tolist() == [4, 5, 6, 4, 5, 6, 2, 2.5, 3, 2, 2.5, 3]
    assert full_deviation(np.ones((2, 1)), 3, 2, np.array([1.0])).tolist() == np.ones((2, 6)).tolist()


def test_nothing_to_fit_is_an_error():
    with pytest.raises(InputError, match="no recording to fit"):
        moments([], no_drift)
    flat = [RecordingArrays(np.zeros((9, 3), np.float32), np.ones((9, 2), np.float32))]
    with pytest.raises(InputError, match="constant or not finite"):
        moments(flat, no_drift)
