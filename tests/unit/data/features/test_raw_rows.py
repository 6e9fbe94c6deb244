"""Raw rows: the samples themselves where the rate is kept, band-limited interpolation where it is not."""

import mne
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.eeg.channel_matrix import Derivation
from eeg2fmri.data.features import raw_rows as module
from eeg2fmri.data.features.raw_rows import as_volts, raw_rows, spectrum_of_rows
from eeg2fmri.data.features.spectrogram import spectrogram


def recording(signal, sfreq):
    """Two channels in V, the second with a large offset."""
    info = mne.create_info(["Cz", "Pz"], sfreq, "eeg")
    return mne.io.RawArray(np.stack([signal, 2 * signal + 0.1]), info, verbose="error")


def tones(time):
    """Tones below 40 Hz, V."""
    return 1e-5 * sum(np.sin(2 * np.pi * f * time + f) for f in (1.3, 9.7, 22.4, 38.9))


def rows_of(raw, onsets, tr, n_samples, kind="float32"):
    """All rows in V (volume, channel, sample)."""
    blocks = [*raw_rows(raw, Derivation.picking(["Cz", "Pz"]), np.asarray(onsets), tr, n_samples, kind)]
    return as_volts(np.concatenate(blocks))


def test_the_samples_themselves_where_the_rate_is_kept():
    rng = np.random.default_rng(0)
    signal = 1e-5 * rng.standard_normal(2000)
    rows = rows_of(recording(signal, 100.0), [0.5, 2.0, 3.5], 1.5, 150)
    expected = np.stack([[signal[a : a + 150], 2 * signal[a : a + 150]] for a in (50, 200, 350)])
    expected -= expected[:1].mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(rows, expected, atol=2e-12)


@pytest.mark.parametrize(("sfreq", "tr", "n_samples"), [(250.0, 2.1, 420), (5000.0, 2.16, 432), (100.0, 1.37, 137)])
def test_tones_are_what_they_are_at_every_new_sample(sfreq, tr, n_samples):
    signal = tones(np.arange(int(20 * sfreq)) / sfreq)
    onsets = 3.0013 + tr * np.arange(4)
    rows = rows_of(recording(signal, sfreq), onsets, tr, n_samples)
    # an onset between two samples is taken to a sixteenth of one
    onsets = np.round(onsets * sfreq * 16) / 16 / sfreq
    time = onsets[:, None] + np.arange(n_samples) * tr / n_samples
    expected = tones(time) - tones(time[0]).mean()
    np.testing.assert_allclose(rows[:, 0], expected, atol=2e-3 * np.abs(expected).max())


def test_what_the_new_rate_cannot_hold_is_taken_out():
    time = np.arange(10000) / 1000.0
    rows = rows_of(recording(1e-5 * np.sin(2 * np.pi * 150 * time), 1000.0), [2.0, 4.0], 2.0, 400)
    assert np.abs(rows).max() < 1e-8


def test_blocks_do_not_matter(monkeypatch):
    raw = recording(tones(np.arange(5000) / 250.0), 250.0)
    whole = rows_of(raw, 1 + 2.0 * np.arange(8), 2.0, 400)
    monkeypatch.setattr(module, "BLOCK", 1)
    np.testing.assert_array_equal(rows_of(raw, 1 + 2.0 * np.arange(8), 2.0, 400), whole)


def test_half_precision_keeps_a_thousandth_whatever_the_offset():
    raw = recording(tones(np.arange(2000) / 100.0), 100.0)
    full, half = (rows_of(raw, [1.0, 3.0], 2.0, 200, kind) for kind in ("float32", "float16"))
    np.testing.assert_allclose(half, full, rtol=1e-3, atol=1e-10)


def test_values_that_half_precision_cannot_hold_are_refused():
    signal = tones(np.arange(2000) / 100.0)
    signal[700:] += 0.2
    with pytest.raises(InputError, match="float32"):
        rows_of(recording(signal, 100.0), [1.0, 3.0, 6.5], 2.0, 200, "float16")


def test_missing_samples_are_refused():
    signal = tones(np.arange(2000) / 100.0)
    signal[700] = np.nan
    with pytest.raises(InputError, match="not finite"):
        rows_of(recording(signal, 100.0), [1.0, 6.0], 2.0, 200)


def test_the_spectrum_of_rows_is_the_spectrogram():
    signal = tones(np.arange(2000) / 100.0)
    stored = np.concatenate([*raw_rows(recording(signal, 100.0), Derivation.picking(["Cz"]), [1.0, 3.0], 2.0, 200)])
    expected, _ = spectrogram(signal[None], 100.0, np.array([1.0, 3.0]), 2.0, 99)
    np.testing.assert_allclose(spectrum_of_rows(stored, 99), expected, rtol=1e-4, atol=1e-9)
