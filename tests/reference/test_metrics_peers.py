"""Scores against scipy, scikit-image, scikit-learn and torchmetrics."""

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
import sklearn.metrics
import torch
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity
from torchmetrics.functional import pearson_corrcoef
from torchmetrics.functional.image import structural_similarity_index_measure

from eeg2fmri.evaluate.metrics.frechet import frechet_distance
from eeg2fmri.evaluate.metrics.measured import Measured
from eeg2fmri.evaluate.metrics.moments import temporal_r
from eeg2fmri.evaluate.metrics.registry import COMPUTED
from eeg2fmri.evaluate.metrics.spatial import deviation_correlations
from eeg2fmri.evaluate.metrics.ssim import ssim_map, ssim_slices

SCORES = {metric.name: metric.compute for metric in COMPUTED}


@pytest.fixture
def series():
    rng = np.random.default_rng(3)
    truth = 9000 + 2000 * rng.random((1, 15, 13, 12)) + 50 * rng.standard_normal((9, 15, 13, 12))
    return truth, truth + 60 * rng.standard_normal(truth.shape) + 500 * rng.random((1, 15, 13, 12))


def measured(truth, prediction):
    """Every voxel, and no drift but the mean."""
    box = np.ones(truth.shape[1:], bool)
    return Measured(truth, prediction, box, 4000.0, np.full((len(truth), 1), len(truth) ** -0.5), box)


def test_temporal_r_of_scipy_and_torchmetrics(series):
    truth, prediction = series
    r = temporal_r(truth, prediction)
    np.testing.assert_allclose(r, scipy.stats.pearsonr(truth, prediction, axis=0).statistic, rtol=1e-9)
    flat = [torch.from_numpy((a - 9000).reshape(9, -1)) for a in series]
    np.testing.assert_allclose(r.ravel(), pearson_corrcoef(*flat).numpy(), rtol=1e-6, atol=1e-9)


def test_spatial_r_of_scipy(series):
    truth, prediction = ((a - a.mean(axis=0)).reshape(len(a), -1) for a in series)
    expected, found = scipy.stats.pearsonr(truth, prediction, axis=1).statistic, measured(*series)
    np.testing.assert_allclose(deviation_correlations(*series, found.mask, found.moments), expected, rtol=1e-9)
    assert SCORES["spatial_r"](found) == pytest.approx(expected.mean())


def test_rmse_and_psnr_of_scikit_image(series):
    both, found = list(zip(*series, strict=True)), measured(*series)
    expected = np.sqrt([mean_squared_error(y, p) for y, p in both])
    np.testing.assert_allclose(found.errors, np.stack([expected, expected]))
    assert SCORES["rmse"](found) == pytest.approx(expected.mean())
    decibels = [peak_signal_noise_ratio(y, p, data_range=4000) for y, p in both]
    assert SCORES["psnr"](found) == pytest.approx(np.mean(decibels))


@pytest.mark.parametrize("volume", [0, 5])
def test_ssim_of_scikit_image(series, volume):
    truth, prediction = series[0][volume], series[1][volume]
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    slices = [
        structural_similarity(
            truth[..., z], prediction[..., z], data_range=max(truth[..., z].max(), prediction[..., z].max()), **settings
        )
        for z in range(0, 12, 3)
    ]
    np.testing.assert_allclose(ssim_slices(truth, prediction), slices, rtol=1e-9)
    _, expected = structural_similarity(truth, prediction, data_range=3000, full=True, **settings)
    np.testing.assert_allclose(ssim_map(truth, prediction, 3000), expected, rtol=1e-9)


def test_ssim_of_torchmetrics(series):
    truth, prediction = (torch.from_numpy(a[2])[None, None] for a in series)
    _, image = structural_similarity_index_measure(prediction, truth, data_range=3000.0, return_full_image=True)
    # borders are mirrored about the outermost voxel there, beside it in scipy, scikit-image and here
    inside = (slice(5, -5),) * 3
    expected = image[0, 0].numpy()[inside]
    np.testing.assert_allclose(ssim_map(series[0][2], series[1][2], 3000)[inside], expected, rtol=1e-6)


def test_explained_variance_of_scikit_learn(series):
    truth, prediction = (a.reshape(9, -1) for a in series)
    expected = sklearn.metrics.explained_variance_score(truth, prediction, multioutput="raw_values")
    found = measured(*series)
    np.testing.assert_allclose(found.moments.explained_variance().ravel(), expected, rtol=1e-9)
    assert SCORES["explained_variance"](found) == pytest.approx(np.median(expected))


def test_frechet_distance_by_the_root_of_a_matrix():
    rng = np.random.default_rng(4)
    mixing = rng.standard_normal((4, 4))
    first, second = rng.standard_normal((60, 4)) @ mixing, 0.5 + rng.standard_normal((50, 4))
    a, b = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = scipy.linalg.sqrtm(a @ b).real
    expected = ((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum() + np.trace(a + b - 2 * root)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)
