import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.data.features.band_covariance import band_covariances
from eeg2fmri.data.features.band_power import log_band_power
from eeg2fmri.data.features.recentring import recentred_amplitude
from eeg2fmri.data.features.row_features import RunningRows, columns_of, kinds_of, needs_amplitudes, row_features
from eeg2fmri.data.features.rows import background
from eeg2fmri.data.features.rows.kind import RowSource
from eeg2fmri.data.features.spectrogram import spectrogram

SFREQ, TR, CHANNELS = 128.0, 2.0, 4


def recording(n_volumes=40, seed=0):
    rng = np.random.default_rng(seed)
    signal = 1e-5 * rng.standard_normal((CHANNELS, int(n_volumes * TR * SFREQ)))
    onsets = np.arange(n_volumes) * TR
    magnitude, frequencies = spectrogram(signal, SFREQ, onsets, TR)
    covariances = band_covariances(signal, SFREQ, onsets, TR)
    return magnitude, frequencies, covariances


@pytest.fixture(scope="module")
def source():
    magnitude, frequencies, covariances = recording()
    return RowSource(magnitude, frequencies, recentred_amplitude(covariances, 3))


def test_every_feature_is_z_scored_over_the_steady_rows_of_its_recording(source):
    kinds = kinds_of(source.frequencies, True)
    found = row_features(source, kinds, skip=3)
    columns = columns_of(kinds, source.frequencies)
    assert found.shape == (40, CHANNELS, sum(map(len, columns.values())))
    np.testing.assert_allclose(found[3:].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found[3:].std(axis=0), 1, rtol=1e-4)
    log = found[..., list(columns).index("background") + 2 :][..., : len(columns["log_power"])]
    plain = log_band_power(source.spectrogram, source.frequencies)
    np.testing.assert_allclose(log, (plain - plain[3:].mean(axis=0)) / plain[3:].std(axis=0), atol=1e-4)


def test_the_gain_of_an_electrode_does_not_count(source):
    gain = np.array([1.0, 10.0, 0.2, 3.0])[:, None]
    louder = RowSource(source.spectrogram * gain, source.frequencies)
    kinds = kinds_of(source.frequencies, False)
    quiet = RowSource(source.spectrogram, source.frequencies)
    np.testing.assert_allclose(row_features(louder, kinds), row_features(quiet, kinds), atol=2e-4)


def test_products_are_of_z_scored_powers(source):
    powers = row_features(source, ["log_power"]).astype(float)
    products = row_features(source, ["power_products"])
    expected = powers[:, 2, 1] * powers[:, 2, 3]
    names = [column.name for column in columns_of(["power_products"], source.frequencies)["power_products"]]
    got = products[:, 2, names.index("log theta x log beta")]
    np.testing.assert_allclose(got, (expected - expected.mean()) / expected.std(), atol=1e-4)


def test_the_slope_of_the_background_is_found():
    frequencies = np.arange(1, 100) / 2.0
    rng = np.random.default_rng(0)
    slopes = rng.uniform(-2, -0.5, (30, 2))
    power = 1e-12 * np.exp(slopes[..., None] * np.log(frequencies))
    # an alpha rhythm is no background
    power[..., (frequencies > 8) & (frequencies < 13)] *= 50
    found = background.values(RowSource(np.sqrt(power), frequencies))
    np.testing.assert_allclose(found[..., 0], slopes, atol=1e-6)


def test_what_a_store_cannot_give_is_left_out_or_an_error(source):
    low = np.arange(1, 20) / 2.0
    assert "background" not in kinds_of(low, False)
    assert "whitened" not in kinds_of(source.frequencies, False)
    assert needs_amplitudes(["log_power", "whitened_products"], source.frequencies)
    assert not needs_amplitudes(["log_power", "background"], source.frequencies)
    with pytest.raises(InputError, match="without whitened"):
        row_features(RowSource(source.spectrogram, source.frequencies), ["log_power", "whitened"])
    with pytest.raises(ConfigError, match="no such kind"):
        row_features(source, ["log_powers"])


def test_a_stream_ends_with_the_rows_of_the_file():
    magnitude, frequencies, covariances = recording()
    kinds = kinds_of(frequencies, True)
    running = RunningRows(kinds, frequencies, window=5)
    streamed = [running.push(magnitude[k], covariances[k]) for k in range(len(magnitude))]
    assert streamed[3] is None
    assert streamed[4] is not None
    whole = row_features(RowSource(magnitude, frequencies, recentred_amplitude(covariances)), kinds)
    np.testing.assert_allclose(streamed[-1], whole[-5:], atol=1e-4)
