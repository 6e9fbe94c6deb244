import numpy as np
import pytest
from scipy.signal import detrend

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.band_covariance import BANDS, average_reference, band_covariances, pack, unpack

SFREQ, WINDOW = 100.0, 1.3
ONSETS = np.array([0.5, 1.8, 4.0])


@pytest.fixture
def signal():
    return 1e-5 * np.random.default_rng(3).standard_normal((4, 600)).cumsum(axis=1)


def test_the_covariance_of_rhythms_is_half_the_product_of_their_amplitudes_and_their_phase():
    # whole periods in the window, so that nothing leaks
    time = np.arange(520) / SFREQ
    alpha, beta = 2 * np.pi * 10 / 1.3 * 1.0, 2 * np.pi * 26 / 1.3
    signal = np.stack([3 * np.sin(alpha * time), 2 * np.sin(alpha * time + 1.0) + 5 * np.sin(beta * time)])
    bands = (("low", 7.0, 9.0), ("high", 19.0, 21.0))
    cov = band_covariances(signal, SFREQ, np.array([1.3]), WINDOW, bands)
    low = [[4.5, 3 * np.cos(1.0)], [3 * np.cos(1.0), 2.0]]
    np.testing.assert_allclose(cov[0, 0], low, rtol=0.05, atol=0.05)
    np.testing.assert_allclose(cov[0, 1], [[0, 0], [0, 12.5]], rtol=0.05, atol=0.05)


@pytest.mark.parametrize("size", [130, 131])
def test_it_is_the_mean_product_of_the_band_passed_window(signal, size):
    signal = signal + np.linspace(-1e-2, 3e-2, signal.shape[1])  # a trend, and an electrode offset
    cov = band_covariances(signal, SFREQ, ONSETS, size / SFREQ)
    assert cov.shape == (3, 3, 4, 4)
    assert cov.dtype == np.float32
    for v, onset in enumerate(ONSETS):
        start = round(onset * SFREQ)
        window = detrend(signal[:, start : start + size], axis=1)
        frequency = np.fft.rfftfreq(size, 1 / SFREQ)
        for b, (_, low, high) in enumerate(BANDS):
            inside = (frequency > low - 1e-6) & (frequency < high - 1e-6)
            spectrum = np.fft.rfft(window, axis=1) * inside
            passed = np.fft.irfft(spectrum, size, axis=1)
            np.testing.assert_allclose(cov[v, b], passed @ passed.T / size, rtol=1e-5, atol=1e-6 * cov[v, b].max())


def test_the_power_of_a_spatial_filter_follows_from_the_matrix(signal):
    weights = np.array([0.5, -1.0, 2.0, 0.3])
    cov = band_covariances(signal, SFREQ, ONSETS, WINDOW)
    alone = band_covariances((weights @ signal)[None], SFREQ, ONSETS, WINDOW)[..., 0, 0]
    np.testing.assert_allclose(np.einsum("i,vbij,j->vb", weights, cov, weights), alone, rtol=1e-4)


def test_a_window_does_not_depend_on_what_surrounds_it(signal):
    alone = band_covariances(signal[:, 180:310], SFREQ, np.zeros(1), WINDOW)
    np.testing.assert_array_equal(alone[0], band_covariances(signal, SFREQ, ONSETS, WINDOW)[1])


def test_the_signal_is_left_as_it_was(signal):
    before = signal.copy()
    band_covariances(signal, SFREQ, ONSETS, WINDOW)
    np.testing.assert_array_equal(signal, before)


def test_a_trend_adds_nothing(signal):
    trend = np.linspace(-1e-3, 3e-3, signal.shape[1])
    same = band_covariances(signal + trend, SFREQ, ONSETS, WINDOW)
    np.testing.assert_allclose(same, band_covariances(signal, SFREQ, ONSETS, WINDOW), rtol=1e-3, atol=1e-18)


def test_all_wrong_bands_are_named_at_once(signal):
    bands = (("fine", 8.0, 13.0), ("narrow", 10.1, 10.2), ("high", 30.0, 70.0), ("dc", 0.0, 4.0))
    with pytest.raises(InputError, match="3 problems") as error:
        band_covariances(signal, SFREQ, ONSETS, WINDOW, bands)
    assert [problem.got.split(":")[0] for problem in error.value.problems] == ["narrow", "high", "dc"]


def test_a_window_beyond_the_recording_is_an_error(signal):
    with pytest.raises(InputError, match="does not cover every volume"):
        band_covariances(signal, SFREQ, np.array([0.0, 5.5]), WINDOW)


def test_packing_loses_nothing(signal):
    cov = band_covariances(signal, SFREQ, ONSETS, WINDOW)
    packed = pack(cov)
    assert packed.shape == (3, 3, 10)
    np.testing.assert_array_equal(packed[..., 1], cov[..., 0, 1])
    np.testing.assert_array_equal(unpack(packed), cov)


def test_a_number_of_pairs_that_no_matrix_has_is_an_error():
    with pytest.raises(InputError, match="11 pairs"):
        unpack(np.zeros((2, 11)))


def test_the_average_reference_of_the_matrix_is_that_of_the_signal(signal):
    cov = average_reference(band_covariances(signal, SFREQ, ONSETS, WINDOW).astype(float))
    expected = band_covariances(signal - signal.mean(axis=0), SFREQ, ONSETS, WINDOW)
    np.testing.assert_allclose(cov, expected, rtol=1e-4, atol=1e-6 * expected.max())
