"""The oracle decoder on sources whose power is known."""

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.evaluate.truth.oracle import Rhythm, band_signal, source_power

SFREQ, SECONDS, RATE = 100.0, 240, 5.0


def slow(rng, shape, n_times):
    """Courses that vary within some seconds, mean 1, deviation .5."""
    kernel = np.hanning(20)
    raw = rng.standard_normal((*shape, n_times + 40))
    smooth = np.apply_along_axis(np.convolve, -1, raw, kernel, "same")[..., 20:-20]
    return 1 + 0.5 * smooth / smooth.std(axis=-1, keepdims=True)


N = 9
#: Of the powers: three groups of sources that fluctuate together.
COVARIANCE = 0.25 * (0.3 * np.eye(N) + 0.7 * np.kron(np.eye(3), np.ones((3, 3))))


@pytest.fixture(scope="module")
def scene():
    """More sources than electrodes, each group of three alike: EEG, lead field, moments, true power."""
    rng = np.random.default_rng(5)
    lead_field = rng.standard_normal((6, N))
    moment = rng.uniform(0.7, 1.5, N)
    root = np.linalg.cholesky(COVARIANCE / 0.25)
    power = (1 + root @ (slow(rng, (N,), int(SECONDS * RATE)) - 1)).clip(0.05)
    times = np.arange(int(SECONDS * SFREQ)) / SFREQ
    drift = np.cumsum(rng.standard_normal((N, len(times))), axis=1) * 0.25
    carrier = np.cos(2 * np.pi * 10 * times + drift)
    at = (np.arange(power.shape[1]) + 0.5) / RATE
    amplitude = np.array([np.interp(times, at, np.sqrt(2 * course)) for course in power])
    eeg = lead_field @ (moment[:, None] * amplitude * carrier) + rng.standard_normal((6, len(times)))
    return eeg.astype(np.float32), lead_field, moment, power


def rhythm(moment, covariance=COVARIANCE):
    return Rhythm(7.0, 13.0, moment, covariance, passed=0.5)


def smooth(courses):
    """Mean over 2 s: what passes of white noise is 0.5 / s, as `rhythm` says."""
    return np.apply_along_axis(np.convolve, 1, courses, np.full(10, 0.1), "valid")


def similarity(a, b):
    return np.array([np.corrcoef(x, y)[0, 1] for x, y in zip(smooth(a), smooth(b), strict=True)])


def test_envelope_of_a_band_has_the_amplitude_of_what_is_in_it():
    times = np.arange(1000) / SFREQ
    inside, outside = 3 * np.cos(2 * np.pi * 10 * times), 5 * np.cos(2 * np.pi * 20 * times)
    found = band_signal(np.stack([inside + outside, outside]), SFREQ, 8, 13, 10.0)
    assert found.shape == (2, 100)
    np.testing.assert_allclose(np.abs(found[0]), 3, rtol=1e-5)
    np.testing.assert_allclose(np.abs(found[1]), 0, atol=1e-5)


@pytest.mark.parametrize("band", [(0, 5), (12, 8), (8, 60), (8, 30)])
def test_bands_that_cannot_be_are_refused(band):
    with pytest.raises(InputError, match="no such band"):
        band_signal(np.ones((2, 1000)), SFREQ, *band, 10.0)


def test_power_of_every_source_is_found_without_bias(scene):
    eeg, lead_field, moment, power = scene
    found = source_power(eeg, SFREQ, lead_field, rhythm(moment), RATE)
    assert found.shape == power.shape
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-9)
    centred = power - power.mean(axis=1, keepdims=True)
    assert similarity(found, centred).min() > 0.6
    # a least-squares estimate: truth = estimate + what is not correlated with it
    found, centred = smooth(found), smooth(centred)
    slopes = (found * centred).sum(axis=1) / (found**2).sum(axis=1)
    assert (np.abs(slopes - 1) < 0.35).all()


def test_leakage_between_sources_is_taken_out(scene):
    """What the filters see of one source holds power of its neighbour."""
    eeg, lead_field, moment, power = scene
    found = source_power(eeg, SFREQ, lead_field, rhythm(moment), RATE)
    band = band_signal(eeg, SFREQ, 7, 13, RATE * 5)
    covariance = (band @ band.conj().T).real / (2 * band.shape[1])
    filters = (moment**2)[:, None] * (lead_field.T @ np.linalg.inv(covariance))
    seen = (np.abs(filters @ band).reshape(N, -1, 5) ** 2).mean(axis=2)
    assert similarity(found, power).mean() > similarity(seen, power).mean() + 0.04


def test_the_forward_model_matters(scene):
    eeg, lead_field, moment, power = scene
    right = source_power(eeg, SFREQ, lead_field, rhythm(moment), RATE)
    wrong = source_power(eeg, SFREQ, lead_field[::-1], rhythm(moment), RATE)
    assert similarity(right, power).mean() > similarity(wrong, power).mean() + 0.2


def test_every_shape_that_does_not_fit_is_named(scene):
    eeg, lead_field, moment, _ = scene
    with pytest.raises(InputError, match="3 problems") as caught:
        source_power(eeg[:5], SFREQ, lead_field, rhythm(moment[:2], np.eye(4)), RATE)
    for name in ("the lead field", "the moments", "the covariance of the powers"):
        assert name in str(caught.value)
