import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.metrics.ssim import ssim_map, ssim_slices, ssim_volume


@pytest.fixture
def volumes(rng):
    truth = rng.random((14, 17, 7)) * 800
    return truth, truth + rng.standard_normal(truth.shape) * 90


def test_every_third_slice_from_the_first(volumes):
    truth, prediction = volumes
    every = ssim_slices(truth, prediction, every=1)
    assert every.shape == (7,)
    np.testing.assert_allclose(ssim_slices(truth, prediction, every=3), every[[0, 3, 6]])


def test_identical_is_one_and_noise_lowers_it(volumes):
    truth, prediction = volumes
    np.testing.assert_allclose(ssim_slices(truth, truth), 1)
    assert ssim_volume(truth, truth, 800) == pytest.approx(1)
    assert ssim_volume(truth, prediction, 800) < 0.99
    assert ssim_slices(truth, prediction).max() < 0.99


def test_mask_chooses_windows(volumes):
    truth, prediction = volumes
    mask = np.zeros(truth.shape, bool)
    mask[3, 4, 5] = True
    assert ssim_volume(truth, prediction, 800, mask) == pytest.approx(ssim_map(truth, prediction, 800)[3, 4, 5])


def test_mask_leaves_out_what_is_far_from_it(rng):
    truth = rng.random((29, 31, 26)) * 800
    prediction = truth + rng.standard_normal(truth.shape) * 90
    mask = np.zeros(truth.shape, bool)
    mask[2:9, 12:20, 10:26] = rng.random((7, 8, 16)) < 0.5
    expected = ssim_map(truth, prediction, 800)[mask].mean()
    assert ssim_volume(truth, prediction, 800, mask) == pytest.approx(expected, rel=1e-12)


def test_single_precision_is_close(volumes):
    truth, prediction = (9000 + volume for volume in volumes)
    single = ssim_volume(truth, prediction, 9000, precision=np.float32)
    assert single == pytest.approx(ssim_volume(truth, prediction, 9000), abs=2e-4)


def test_a_volume_thinner_than_the_window_has_a_map(rng):
    truth = rng.random((5, 4, 2))
    similarity = ssim_map(truth, truth[::-1], 1.0)
    assert similarity.shape == truth.shape
    assert np.isfinite(similarity).all()


def test_wrong_input_is_named(volumes):
    truth, prediction = volumes
    with pytest.raises(InputError, match="smaller than the window"):
        ssim_slices(truth[:10], prediction[:10])
    with pytest.raises(InputError, match="one shape"):
        ssim_slices(truth, prediction[1:])
    with pytest.raises(InputError, match="data range"):
        ssim_map(truth, prediction, 0)
