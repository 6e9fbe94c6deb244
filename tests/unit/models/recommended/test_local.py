import numpy as np

from eeg2fmri.models.recommended.local import local_prediction, local_weights
from eeg2fmri.models.regression.moments import Moments


def problem(seed=0):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((80, 6)), rng.standard_normal((80, 7))
    return Moments.of(x, y), rng.uniform(0.2, 2, (3, 6)), np.array([0, 2, 1, 1, 0, 2, 0]), rng.standard_normal((9, 6))


def test_each_voxel_has_the_posterior_mean_under_the_prior_of_its_cell():
    moments, deviation, label, new = problem()
    weights = local_weights(moments, deviation, label, 2.0)
    for voxel, cell in enumerate(label):
        spread = np.diag(deviation[cell])
        gram = spread @ moments.features @ spread
        noise = 2.0 * np.trace(gram) / 80
        expected = spread @ np.linalg.solve(gram + noise * np.eye(6), spread @ moments.cross[:, voxel])
        np.testing.assert_allclose(weights[:, voxel], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        local_prediction(new, moments, deviation, label, 2.0), new @ weights, rtol=1e-4, atol=1e-5
    )


def test_the_same_prior_everywhere_is_a_ridge_regression():
    moments, _, label, _ = problem()
    np.testing.assert_allclose(
        local_weights(moments, np.ones((3, 6)), label, 2.0), moments.weights(2.0), rtol=1e-5, atol=1e-6
    )
