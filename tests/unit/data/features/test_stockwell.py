"""The Stockwell transform beside its definition."""

import numpy as np
import pytest

from eeg2fmri.data.features.stockwell import stockwell_power

RATE, TR = 128.0, 2.0


@pytest.fixture
def rows() -> np.ndarray:
    """Eight volumes of two channels of noise, the second with alpha that comes and goes."""
    rng = np.random.default_rng(3)
    times = np.arange(8 * 256) / RATE
    signal = rng.standard_normal((2, times.size))
    signal[1] += 3 * np.sin(2 * np.pi * 10 * times) * (1 + np.sin(2 * np.pi * times / 8))
    return signal.reshape(2, 8, 256).swapaxes(0, 1) + 40


def test_power_is_that_of_the_definition(rows):
    signal = rows[:, 0].ravel() - rows[:, 0].mean()
    times = np.arange(signal.size) / RATE
    window = 10 / np.sqrt(2 * np.pi) * np.exp(-(((times[:, None] - times) * 10) ** 2) / 2) / RATE
    expected = np.abs(window @ (signal * np.exp(-20j * np.pi * times))) ** 2
    found = stockwell_power(rows, TR, [np.array([10.0])])[:, 0, 0]
    np.testing.assert_allclose(found[1:-1], expected.reshape(8, -1).mean(axis=1)[1:-1], rtol=0.01)


def test_bands_and_channels_stay_apart(rows):
    found = stockwell_power(rows, TR, [np.array([20.0, 21.0]), np.array([10.0])])
    assert found.shape == (8, 2, 2)
    np.testing.assert_allclose(
        found[:, 1], stockwell_power(rows[:, 1:], TR, [np.array([20.0, 21.0]), np.array([10.0])])[:, 0]
    )
    alpha = found[:, 1, 1]
    assert alpha.max() > 4 * alpha.min()
    assert alpha.mean() > 10 * found[:, 0].mean()
