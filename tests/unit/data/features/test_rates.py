"""What enters a model does not depend on the rate at which the EEG was sampled."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError, StoreError
from eeg2fmri.data.features.rates import fitting_rate, rate_factor, refuse_own_frequencies
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.format import MANIFEST, seal
from eeg2fmri.data.store.store import Store


def analog(names: tuple[str, ...], sfreq: float, seconds: float) -> np.ndarray:
    """Sample one and the same sum of sines at any rate: three below 20 Hz in each channel, V."""
    t = np.arange(round(seconds * sfreq)) / sfreq
    sines = [[np.sin(2 * np.pi * (3.5 + 4 * j + 0.5 * k) * t + k + j) for j in range(3)] for k in range(len(names))]
    return 2e-5 * np.array(sines).sum(axis=1)


def test_recordings_of_one_signal_at_two_rates_are_alike_in_a_store(two: Any) -> None:
    seconds = two.eeg_signal("01").shape[1] / two.sfreq
    starts = two.onset_samples() / two.sfreq
    for subject, sfreq in (("01", 100.0), ("02", 300.0)):
        two.sfreq = sfreq
        names = (*two.electrodes, "ECG")
        signal = analog(names, sfreq, seconds)
        two.eeg(subject, signal=signal, markers=np.round(starts * sfreq).astype(int))
    store = prepare(two.root, two.root.parent / "store", PrepareConfig())
    assert store.sfreq == 100.0
    assert {recording.sfreq for recording in store.recordings} == {100.0, 300.0}
    # the slower one is the plain transform; the faster one would be three times as large
    first = analog(two.electrodes, 100.0, seconds)[:, round(starts[4] * 100) :][:, :200]
    np.testing.assert_allclose(store.eeg(0)[4], np.abs(np.fft.rfft(first))[:, 1 : store.eeg(0).shape[2] + 1], atol=1e-7)
    # whole periods in a window: nothing leaks, so that only the rate could differ
    np.testing.assert_allclose(store.eeg(1), store.eeg(0), atol=1e-4 * store.eeg(0).max())
    np.testing.assert_allclose(store.amplitude(1), store.amplitude(0), rtol=1e-2, atol=1e-2)
    # a store as an earlier version left it, whose magnitudes grow with the rate
    manifest = json.loads((store.path / MANIFEST).read_text())
    del manifest["rates"]
    (store.path / MANIFEST).write_text(json.dumps({**manifest, "seal": seal(manifest)}))
    with pytest.raises(StoreError, match=r"earlier version(.|\n)*100 Hz, 300 Hz(.|\n)*prepare the store again"):
        Store.open(store.path)


def test_the_factor_is_the_ratio_of_the_samples_in_a_window() -> None:
    assert rate_factor(2.0, 500.0, 250.0) == 0.5
    assert rate_factor(2.16, 250.0, 250.0) == 1.0
    assert rate_factor(2.0, 500.0, 0.0) == 1.0  # not known


def test_a_rate_at_which_a_window_is_whole() -> None:
    frequencies = np.arange(1, 130) / 2.16
    assert fitting_rate(250.0, 2.16, frequencies) == 250.0
    assert fitting_rate(130.3, 2.16, frequencies) * 2.16 == pytest.approx(282)  # 281.4 samples
    with pytest.raises(InputError, match="too slowly"):
        fitting_rate(30.0, 2.16, frequencies)


def test_features_that_were_given_are_told_from_spectra_of_a_tr() -> None:
    for sfreq in (250.0, 249.9, 1000.0 / 3):
        n_samples = round(2.16 * sfreq)
        refuse_own_frequencies(np.arange(1, 135) * sfreq / n_samples, 2.16)
    for given in ([10.0], [4.0, 8.0, 10.0, 20.0], np.arange(1, 40) * 1.0):
        with pytest.raises(InputError, match="given as arrays"):
            refuse_own_frequencies(np.asarray(given), 2.16)
