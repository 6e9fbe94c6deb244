import numpy as np
import pytest
import torch

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.intervals.calibration import Calibration
from eeg2fmri.evaluate.metrics.frechet import frechet_distance
from eeg2fmri.evaluate.metrics.measured import Measured
from eeg2fmri.evaluate.metrics.moments import TemporalMoments, temporal_r
from eeg2fmri.evaluate.metrics.regions import connectivity_similarity, region_courses
from eeg2fmri.evaluate.metrics.registry import all_scores
from eeg2fmri.evaluate.metrics.spatial import deviation_correlations
from eeg2fmri.evaluate.metrics.ssim import ssim_map, ssim_volume
from eeg2fmri.evaluate.significance.surrogates import surrogate_test

REGIONS = np.random.default_rng(0).integers(0, 5, (7, 6, 5))


def moments_of(truth, prediction, mask=None):
    moments = TemporalMoments(mask)
    for y, p in zip(truth, prediction, strict=True):
        moments.update(y, p)
    return moments


def explained_variance(truth, prediction, mask=None):
    return moments_of(truth, prediction, mask).explained_variance()


def spatial_r(truth, prediction, mask):
    return deviation_correlations(truth, prediction, mask, moments_of(truth, prediction, mask))


@pytest.fixture
def bold(rng):
    """BOLD on a large baseline (volume, x, y, z), a noisy prediction of it, and a mask."""
    truth = 9000 + rng.standard_normal((13, 4, 5, 3)) * 60
    prediction = truth + rng.standard_normal(truth.shape) * 80 + rng.standard_normal((1, 4, 5, 3)) * 3000
    return truth, prediction, rng.random((4, 5, 3)) < 0.6


def test_temporal_r_does_not_see_means_or_gains(bold):
    truth, prediction, mask = bold
    r = temporal_r(truth, prediction, mask)
    assert 0.2 < np.nanmedian(r) < 0.9
    np.testing.assert_allclose(temporal_r(truth * 3 - 7, prediction * 0.01 + 4, mask), r, rtol=1e-9)
    assert np.isnan(r[~mask]).all()
    assert np.isfinite(r[mask]).all()


def test_constant_prediction_has_r_zero_and_constant_truth_none(bold):
    truth, prediction, _ = bold
    prediction[:, 1, 2, 0] = 1234.567
    truth[:, 0, 0, 0] = 0.1
    r = temporal_r(truth, prediction)
    assert r[1, 2, 0] == 0
    assert np.isnan(r[0, 0, 0])
    assert np.isnan(r).sum() == 1
    mean = np.broadcast_to(truth.mean(axis=0), truth.shape)
    assert np.nanmax(np.abs(temporal_r(truth, mean))) == 0
    assert np.nanmax(np.abs(explained_variance(truth, mean))) < 1e-9


def test_rounding_of_a_constant_in_float32_is_not_a_signal(rng):
    truth = rng.standard_normal((9, 2, 3, 1)) + 100
    constant = np.full(truth.shape, 1e4, np.float32)
    constant[4] = np.nextafter(np.float32(1e4), np.float32(2e4))
    assert temporal_r(truth, constant).tolist() == np.zeros((2, 3, 1)).tolist()


def test_explained_variance_counts_amplitude(bold):
    truth, *_ = bold
    deviation = truth - truth.mean(axis=0)
    np.testing.assert_allclose(explained_variance(truth, truth + 50), 1, atol=1e-9)
    np.testing.assert_allclose(explained_variance(truth, 0.5 * deviation), 0.75, atol=1e-9)
    np.testing.assert_allclose(explained_variance(truth, -deviation), -3, atol=1e-9)


def test_spatial_r_of_deviations(bold):
    truth, _, mask = bold
    deviation = truth - truth.mean(axis=0)
    other_anatomy = np.random.default_rng(1).random(mask.shape) * 1e4
    np.testing.assert_allclose(spatial_r(truth, deviation * 0.3 + other_anatomy, mask), 1, atol=1e-9)
    np.testing.assert_allclose(spatial_r(truth, -deviation, mask), -1, atol=1e-9)
    still = np.broadcast_to(other_anatomy, truth.shape)
    assert spatial_r(truth, still, mask).tolist() == [0] * len(truth)


def test_rmse_and_psnr(bold):
    truth, _, mask = bold
    column = np.full((len(truth), 1), len(truth) ** -0.5)
    scores = all_scores(Measured(truth, truth + np.where(mask, 3.0, 100.0), mask, 300.0, column, mask))
    assert scores["rmse"] == pytest.approx(3)
    assert 3 < scores["rmse_box"] < 100
    assert scores["psnr"] == pytest.approx(40)
    assert all_scores(Measured(truth, truth, mask, 300.0, column, mask))["psnr"] == np.inf


def test_tensors_and_single_volumes_give_the_same(bold):
    truth, prediction, mask = bold
    tensors = [torch.from_numpy(a).requires_grad_() for a in (truth, prediction)]
    np.testing.assert_array_equal(temporal_r(*tensors, torch.from_numpy(mask)), temporal_r(truth, prediction, mask))
    moments = moments_of(truth, prediction, mask)
    np.testing.assert_array_equal(moments.temporal_r(), temporal_r(truth, prediction, mask))
    np.testing.assert_allclose(moments.mean_truth()[mask], truth.mean(axis=0)[mask])


@pytest.mark.parametrize(
    "score",
    [
        temporal_r,
        explained_variance,
        lambda y, p, m: ssim_volume(y[0], p[0], 50.0, m),
        lambda y, p, m: ssim_map(y[0], p[0], 50.0),
        lambda y, p, m: surrogate_test(y, p, m, draws=20).median.values,
        lambda y, p, m: region_courses(y, REGIONS, m)[1],
        lambda y, p, m: connectivity_similarity(y[:, 0, :, 0], p[:, 0, :, 0]),
        lambda y, p, m: frechet_distance(y, p),
        lambda y, p, m: calibrated(y[:, 0, 0, 0], p[:, 0, 0, 0]),
    ],
    ids=lambda score: getattr(score, "__name__", "score"),
)
def test_tensors_that_need_gradients_give_what_arrays_give(score):
    rng = np.random.default_rng(2)
    truth, prediction = (900 + 20 * rng.standard_normal((12, 7, 6, 5)) for _ in range(2))
    mask = rng.random((7, 6, 5)) < 0.7
    tensors = (torch.from_numpy(a).requires_grad_() for a in (truth, prediction))
    np.testing.assert_array_equal(score(*tensors, torch.from_numpy(mask)), score(truth, prediction, mask))


def calibrated(truth, mean):
    found = Calibration("normal")
    found.update(truth, mean, 0 * truth + 20)
    return found.coverage()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y, p, m: (y, p[1:], m), "must have one shape"),
        (lambda y, p, m: (y[0], p[0], m), "must have one shape"),
        (lambda y, p, m: (y, p, m.T), "does not fit"),
        (lambda y, p, m: (y, p, m & False), "mask is empty"),
        (lambda y, p, m: (y[:1], p[:1], m), "at least two volumes"),
        (lambda y, p, m: (y, np.where(m & (np.arange(13) == 5)[:, None, None, None], np.nan, p), m), "volume 5"),
    ],
)
def test_wrong_input_is_named(bold, change, message):
    with pytest.raises(InputError, match=message):
        temporal_r(*change(*bold))


def test_values_outside_the_mask_may_be_anything(bold):
    truth, prediction, mask = bold
    spoilt = np.where(mask, prediction, np.nan)
    np.testing.assert_array_equal(temporal_r(truth, spoilt, mask), temporal_r(truth, prediction, mask))


@pytest.mark.parametrize("data_range", [0.0, -1.0, np.nan])
def test_data_range_must_be_positive(bold, data_range):
    with pytest.raises(InputError, match="data range"):
        ssim_map(bold[0][0], bold[1][0], data_range)
