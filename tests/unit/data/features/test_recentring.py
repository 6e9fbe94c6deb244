import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.features.band_covariance import average_reference
from eeg2fmri.data.features.recentring import Recentring, RunningRecentring, recentred_amplitude


def covariances(n_volumes=40, n_bands=2, n_channels=5, n_samples=60, seed=0):
    """Sample covariances of mixed noise whose power differs from volume to volume, V^2."""
    rng = np.random.default_rng(seed)
    mixing = rng.standard_normal((n_bands, n_channels, n_channels))
    power = np.exp(rng.standard_normal((n_volumes, n_bands, n_channels, 1)) / 2)
    signal = 1e-5 * mixing @ (power * rng.standard_normal((n_volumes, n_bands, n_channels, n_samples)))
    return (signal @ np.swapaxes(signal, -1, -2) / n_samples).astype(np.float32)


def test_the_mean_of_a_recentred_recording_is_the_identity():
    cov = covariances()
    whitener = Recentring.of(cov, shrinkage=1e-9).whitener
    mean = average_reference(cov.mean(axis=0, dtype=float))
    # the average reference takes one dimension
    values = np.linalg.eigvalsh(whitener @ mean @ np.swapaxes(whitener, -1, -2))
    np.testing.assert_allclose(values[:, 1:], 1, rtol=1e-4)
    np.testing.assert_allclose(whitener, np.swapaxes(whitener, -1, -2), rtol=1e-6)


def test_the_amplitude_is_the_root_power_of_the_whitened_electrode_in_deviations():
    cov = covariances()
    recentring = Recentring.of(cov)
    root = recentring.whitener[1]
    power = np.array([np.diag(root @ average_reference(c.astype(float)) @ root.T) for c in cov[:, 1]])
    expected = (np.sqrt(power) - np.sqrt(power).mean(axis=0)) / np.sqrt(power).std(axis=0)
    got = recentring.apply(cov)
    assert got.shape == (40, 5, 2)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got[:, :, 1], expected, rtol=1e-3, atol=1e-4)


def test_gain_and_reference_of_the_amplifier_do_not_matter():
    cov = covariances()
    shift = np.eye(5) - np.eye(5)[[2]]  # every electrode against the third
    other = (49 * shift @ cov.astype(float) @ shift.T).astype(np.float32)
    np.testing.assert_allclose(recentred_amplitude(other), recentred_amplitude(cov), atol=2e-3)


def test_skipped_volumes_do_not_count_but_are_recentred():
    cov = covariances()
    wild = cov.copy()
    wild[:3] *= 1e4
    got = recentred_amplitude(wild, skip=3)
    np.testing.assert_array_equal(got[3:], Recentring.of(cov[3:]).apply(cov[3:]))
    assert (got[:3] > 10).all()


def test_a_flat_electrode_has_no_amplitude_and_harms_no_other():
    cov = covariances()
    mixing = np.diag([1.0, 1, 1, 0, 1])
    # flat against the average as well: an electrode that follows it exactly
    mixing[3] = [0.25, 0.25, 0.25, 0, 0.25]
    flat = (mixing @ cov @ mixing.T).astype(np.float32)
    got = recentred_amplitude(flat)
    assert np.isfinite(got).all()
    assert (got[:, :3].std(axis=0) > 0.99).all()


def test_shrinkage_bounds_the_whitener():
    cov = covariances(n_channels=8, n_samples=3, n_volumes=2)
    norms = [np.linalg.norm(Recentring.of(cov, shrinkage).whitener[0], 2) for shrinkage in (0.001, 0.1, 1.0)]
    assert norms[0] > 3 * norms[1] > norms[1] > norms[2]


@pytest.mark.parametrize(
    ("cov", "message"),
    [
        (np.ones((1, 2, 3, 3)), "cannot be recentred"),
        (np.ones((4, 2, 3, 2)), "cannot be recentred"),
        (np.zeros((4, 2, 3, 3)), "no power"),
        (np.full((4, 2, 3, 3), np.nan), "not finite"),
    ],
)
def test_useless_covariances_are_an_error(cov, message):
    with pytest.raises(InputError, match=message):
        Recentring.of(cov)


def test_a_stream_ends_where_the_whole_recording_is():
    cov = covariances()
    running = RunningRecentring(window=6)
    windows = [running.push(volume) for volume in cov]
    assert [window is None for window in windows[:7]] == [True] * 5 + [False] * 2
    np.testing.assert_allclose(windows[-1], recentred_amplitude(cov)[-6:], atol=1e-6)
    np.testing.assert_allclose(windows[19], recentred_amplitude(cov[:20])[-6:], atol=1e-6)


def test_a_stream_forgets_what_is_older_than_its_memory():
    cov = covariances()
    running = RunningRecentring(window=4, memory=10)
    last = [running.push(volume) for volume in cov][-1]
    np.testing.assert_allclose(last, recentred_amplitude(cov[-10:])[-4:], atol=1e-6)
    with pytest.raises(InputError, match="shorter than a window"):
        RunningRecentring(window=4, memory=3)
