import numpy as np
import pytest
import scipy.stats

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.band_power import log_band_power, recentre
from eeg2fmri.models.baselines.response import glover, response_filters


def test_log_of_the_mean_power_in_each_band():
    frequencies = np.array([1.0, 3.9, 4.0, 8.0, 12.9, 13.0, 50.0])
    magnitude = np.arange(1.0, 8.0)[None, None, :] * np.ones((2, 3, 1)) * 1e-6
    power = log_band_power(magnitude, frequencies)
    expected = np.log(np.array([(1 + 4) / 2, 9, (16 + 25) / 2, 36, 49]) * 1e-12)
    assert power.shape == (2, 3, 5)
    np.testing.assert_allclose(power, np.broadcast_to(expected, (2, 3, 5)))


def test_bands_without_a_frequency_are_left_out():
    assert log_band_power(np.ones((2, 3, 2)), np.array([2.0, 9.0])).shape == (2, 3, 2)
    with pytest.raises(InputError, match="no frequency"):
        log_band_power(np.ones((2, 3, 1)), np.array([0.1]))


def test_silence_is_finite():
    magnitude = np.ones((4, 3, 2))
    magnitude[1, 2] = 0
    assert np.isfinite(log_band_power(magnitude, np.array([2.0, 9.0]))).all()
    assert np.isfinite(log_band_power(np.zeros((4, 3, 2)), np.array([2.0, 9.0]))).all()


def test_recentring_removes_gains_of_electrodes_and_constant_features():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((12, 5)) - 30
    features[:, 3] = -27.1
    scaled = recentre(features)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), [1, 1, 1, 0, 1])
    np.testing.assert_allclose(recentre(features * [1, 2, 3, 4, 5] + 9), scaled)


def test_glover_response():
    times = np.linspace(-5, 30, 3501)
    response = glover(times)
    assert (response[times <= 0] == 0).all()
    assert times[response.argmax()] == pytest.approx(5.1, abs=0.2)
    peak, undershoot = (scipy.stats.gamma.pdf(times, delay / 0.9, scale=0.9) for delay in (6, 12))
    np.testing.assert_allclose(response, peak - 0.48 * undershoot, atol=1e-12)


def test_filters_look_back_from_the_onset_of_the_target():
    filters = response_filters(2.0, window=6, lag=0, shifts_s=(0.0, 1.0), derivative=True)
    assert filters.shape == (3, 6)
    np.testing.assert_allclose(np.linalg.norm(filters, axis=1), 1)
    # the middles of the rows are 11, 9, 7, 5, 3, 1 s before the target; the response peaks at 5 s
    assert filters[0].argmax() == 3
    assert filters[1].argmax() in (2, 3)
    shifted = response_filters(2.0, window=5, lag=1, shifts_s=(0.0,), derivative=False)
    whole = response_filters(2.0, window=6, lag=0, shifts_s=(0.0,), derivative=False)[0, :5]
    np.testing.assert_allclose(shifted[0], whole / np.linalg.norm(whole))
    slope = np.gradient(glover(np.array([11.0, 9, 7, 5, 3, 1])), -2.0)
    assert (np.sign(filters[2][1:5]) == np.sign(slope[1:5])).all()
