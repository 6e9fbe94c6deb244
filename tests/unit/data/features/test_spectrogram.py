from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import stft

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import generator
from eeg2fmri.data.features.spectrogram import default_bins, spectrogram, window_samples, window_starts


def test_the_published_number_of_frequencies() -> None:
    assert window_samples(2.16, 250) == 540
    assert default_bins(540) == 134


def test_a_sine_of_one_bin_has_half_the_samples_as_magnitude() -> None:
    sfreq, tr, amplitude = 128.0, 1.5, 3e-5
    times = np.arange(round(sfreq * 9)) / sfreq
    signal = np.stack([amplitude * np.sin(2 * np.pi * 8 / tr * times), np.full(times.size, 5e-3)])
    magnitude, frequencies = spectrogram(signal, sfreq, np.arange(6) * tr, tr)
    assert magnitude.shape == (6, 2, 47)
    assert magnitude.dtype == np.float32
    assert frequencies[7] == pytest.approx(8 / 1.5)
    np.testing.assert_allclose(magnitude[:, 0, 7], amplitude * 96, rtol=1e-5)
    assert magnitude[:, 0, :7].max() < 1e-6 * amplitude * 96
    assert magnitude[:, 1].max() < 1e-6  # a constant offset is DC and left out


def test_rectangular_windows_as_scipy_has_them() -> None:
    signal = generator(0, "stft").standard_normal((3, 500))
    _, _, theirs = stft(signal, 50.0, "boxcar", 100, noverlap=0, boundary=None, padded=False, scaling="spectrum")
    ours, _ = spectrogram(signal, 50.0, np.arange(5) * 2.0, 2.0, 50, dtype=np.float64)
    np.testing.assert_allclose(ours, np.moveaxis(np.abs(theirs[:, 1:]), -1, 0) * 100, rtol=1e-10)


def test_each_window_starts_at_its_onset() -> None:
    signal = generator(0, "onsets").standard_normal((2, 400))
    onsets = np.array([0.37, 1.51, 2.0])
    ours, _ = spectrogram(signal, 100.0, onsets, 1.0, 7, dtype=np.float64)
    for volume, start in enumerate((37, 151, 200)):
        theirs = np.abs(np.fft.rfft(signal[:, start : start + 100]))[:, 1:8]
        np.testing.assert_allclose(ours[volume], theirs, rtol=1e-9)


def test_a_recording_sampled_faster_has_the_same_lowest_frequencies() -> None:
    times = np.arange(4000) / 1000
    signal = sum(np.cos(2 * np.pi * f * times + f) for f in (3.0, 7.5, 11.0))[None] * 1e-5
    fast, fast_hz = spectrogram(signal, 1000.0, np.array([0.0, 2.0]), 2.0, 24)
    slow, slow_hz = spectrogram(signal[:, ::10], 100.0, np.array([0.0, 2.0]), 2.0, 24)
    np.testing.assert_allclose(fast_hz, slow_hz)
    np.testing.assert_allclose(fast / 10, slow, atol=1e-8)


def test_float32_is_as_good_as_float64() -> None:
    signal = generator(0, "precision").standard_normal((4, 5400)) * 2e-5 + 1e-2  # an electrode offset
    onsets = np.arange(9) * 2.16
    single, _ = spectrogram(signal, 250, onsets, 2.16)
    double, _ = spectrogram(signal, 250, onsets, 2.16, dtype=np.float64)
    assert np.max(np.abs(single - double)) / double.max() < 1e-4


def test_a_last_window_that_rounds_one_sample_over_the_end_is_kept() -> None:
    # 3 windows of 2.5 samples (rounded to 2), the onsets at 0, 2.5, 5 (rounded to 0, 2, 5)
    assert window_starts(np.array([0, 1.0, 2.0]), 3.5, 4, 10).tolist() == [0, 4, 6]


def test_windows_beyond_the_recording_are_counted() -> None:
    with pytest.raises(
        InputError, match=r"does not cover(.|\n)*4.000 s of EEG; 2 of 4 volumes(.|\n)*volume 2 at 3.200 s"
    ):
        spectrogram(np.zeros((1, 400)), 100.0, np.array([0, 2.0, 3.2, 5.0]), 2.0)
    with pytest.raises(InputError, match="1 of 1 volumes"):
        spectrogram(np.zeros((1, 400)), 100.0, np.array([-0.1]), 2.0)


@pytest.mark.parametrize(("n_bins", "window_s"), [(51, 1.0), (0, 1.0), (None, 0.03)])
def test_frequencies_that_a_window_does_not_have(n_bins: int | None, window_s: float) -> None:
    with pytest.raises(InputError, match="does not have so many frequencies"):
        spectrogram(np.zeros((1, 400)), 100.0, np.array([0.0]), window_s, n_bins)
