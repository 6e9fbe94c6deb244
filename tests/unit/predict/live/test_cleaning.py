"""Cleaning as samples come: nothing of what is to come is used, and chunks do not matter."""

from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.settings.eeg import CleanConfig
from eeg2fmri.predict.live.cleaning import CausalCleaning

SFREQ, TR = 200.0, 1.5
LENGTH = round(TR * SFREQ)


def chunks(cleaning: CausalCleaning, data: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate([cleaning(data[:, k : k + size]) for k in range(0, data.shape[1], size)], axis=1)


def recording(seconds: float = 30.0) -> tuple[np.ndarray, np.ndarray]:
    """EEG of two channels, and the artefact on it that each volume has from sample 40 on."""
    rng = np.random.default_rng(3)
    time = np.arange(round(seconds * SFREQ)) / SFREQ
    eeg = 1e-5 * np.stack([np.sin(2 * np.pi * 10.3 * time), np.cos(2 * np.pi * 7.1 * time)])
    shape = 1e-3 * rng.standard_normal((2, LENGTH))
    shape -= shape.mean(axis=1, keepdims=True)
    artefact = np.zeros_like(eeg)
    for start in range(40, eeg.shape[1] - LENGTH + 1, LENGTH):
        artefact[:, start : start + LENGTH] = shape
    return eeg, artefact


def gradients(late: int = 0) -> tuple[CausalCleaning, np.ndarray, np.ndarray]:
    eeg, artefact = recording()
    cleaning = CausalCleaning(CleanConfig(gradient="average", gradient_volumes=8), SFREQ, 2, TR)
    out = []
    for k in range(eeg.shape[1]):
        if (k - 40 - late) % LENGTH == 0 and k >= 40:
            cleaning.gradient.start(k - late)
        out.append(cleaning((eeg + artefact)[:, k : k + 1]))
    return cleaning, eeg, np.concatenate(out, axis=1)


def test_the_artefact_goes_once_three_volumes_were_seen() -> None:
    cleaning, eeg, clean = gradients()
    known = slice(40 + 3 * LENGTH, 40 + 18 * LENGTH)
    assert cleaning.gradient.known
    assert np.std(clean[:, 40 : 40 + 2 * LENGTH]) > 5e-4
    assert np.std((clean - eeg)[:, known]) < 1e-5  # the mean of eight volumes of EEG is left of 1 mV
    late = gradients(late=7)[2]  # markers that come after their samples cost nothing
    np.testing.assert_allclose(late[:, known], clean[:, known], atol=1e-12)


@pytest.mark.parametrize("size", [1, 37, 301])
@pytest.mark.parametrize("neighbours", [3, 8])
def test_the_template_is_the_mean_of_the_volumes_before(size: int, neighbours: int) -> None:
    # an artefact that changes from volume to volume and sample to sample: any other mean, or place, gives other numbers
    data = 1e-3 * np.random.default_rng(5).standard_normal((2, 40 + 20 * LENGTH))
    cleaning = CausalCleaning(CleanConfig(gradient="average", gradient_volumes=neighbours), SFREQ, 2, TR)
    for volume in range(20):
        cleaning.gradient.start(40 + volume * LENGTH)
    clean = chunks(cleaning, data, size)
    volumes = data[:, 40:].reshape(2, 20, LENGTH)
    expected = volumes.copy()
    for volume in range(3, 20):
        template = volumes[:, max(0, volume - neighbours) : volume].mean(axis=1)
        expected[:, volume] -= template - template.mean(axis=1, keepdims=True)
    np.testing.assert_array_equal(clean[:, :40], data[:, :40])
    np.testing.assert_allclose(clean[:, 40:].reshape(2, 20, LENGTH), expected, atol=1e-15)


def test_a_scanner_that_stops_costs_one_volume() -> None:
    cleaning, _, _ = gradients()
    more = recording()[0]
    clean = cleaning(more)
    assert np.abs((clean - more)[:, : 2 * LENGTH]).max() > 1e-4
    np.testing.assert_array_equal(clean[:, 2 * LENGTH :], more[:, 2 * LENGTH :])


BANDS = [{"high_pass": 1.0, "low_pass": 40.0}, {"resample": 100.0}, {"high_pass": 1.0, "resample": 50.0}]


@pytest.mark.parametrize("steps", BANDS)
def test_chunks_and_the_future_do_not_matter(steps: dict) -> None:
    data = recording(10)[0] + 1e-6 * np.random.default_rng(0).standard_normal((2, 2000))
    whole = CausalCleaning(CleanConfig(**steps), SFREQ, 2, TR)(data)
    for size in (1, 7, 640):
        found = chunks(CausalCleaning(CleanConfig(**steps), SFREQ, 2, TR), data, size)
        np.testing.assert_allclose(found, whole, atol=1e-15)
    other = data.copy()
    other[:, 1200:] = 1.0
    again = CausalCleaning(CleanConfig(**steps), SFREQ, 2, TR)
    part = round(1200 * again.sfreq / SFREQ)
    np.testing.assert_array_equal(again(other)[:, :part], whole[:, :part])


def test_bands_pass_what_they_should() -> None:
    time = np.arange(6000) / SFREQ
    data = np.stack([np.sin(2 * np.pi * 10 * time), np.sin(2 * np.pi * 0.1 * time) + 5, np.sin(2 * np.pi * 70 * time)])
    clean = CausalCleaning(CleanConfig(high_pass=1.0, low_pass=40.0), SFREQ, 3, TR)(data)[:, 3000:]
    np.testing.assert_allclose(clean.std(axis=1), [0.707, 0, 0], atol=0.05)
    kept = CausalCleaning(CleanConfig(resample=100.0), SFREQ, 3, TR)(data)[:, 1500:]
    np.testing.assert_allclose(kept.std(axis=1), [0.707, 0.707, 0], atol=0.05)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ({"pulse": "average"}, "pulse artefact"),
        ({"low_pass": 100.0}, "half the rate of the stream"),
        ({"resample": 150.0}, "no multiple"),
        ({"resample": 400.0}, "no multiple"),
    ],
)
def test_steps_that_a_stream_cannot_take_are_refused(steps: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        CausalCleaning(CleanConfig(**steps), SFREQ, 2, TR)
