"""Heart rate and breathing of signals whose rates are known."""

import numpy as np
import pytest

from eeg2fmri.data.eeg.heart_beats import heart_beats
from eeg2fmri.data.features.physiology import heart_rate, of_volumes, pulse_beats, respiration_volume

SFREQ, SECONDS = 100.0, 240
TIME = np.arange(int(SFREQ * SECONDS)) / SFREQ
VOLUMES = np.arange(10, 110) * 2.0


def _rate(time):
    """Beats per minute."""
    return 70 + 10 * np.sin(2 * np.pi * time / 60)


def _beats():
    phase = np.cumsum(_rate(TIME) / 60) / SFREQ
    return TIME[np.flatnonzero(np.diff(np.floor(phase))) + 1], phase


def test_heart_rate_follows_a_pulse_wave_with_noise():
    _, phase = _beats()
    wave = np.sin(2 * np.pi * phase) + 0.3 * np.sin(4 * np.pi * phase)
    wave += 0.3 * np.random.default_rng(0).standard_normal(len(wave))
    rate = heart_rate(pulse_beats(wave, SFREQ) / SFREQ, VOLUMES)
    assert np.abs(rate - _rate(VOLUMES)).max() < 3


def test_heart_rate_follows_an_electrocardiogram():
    sfreq = 250.0
    time = np.arange(int(sfreq * SECONDS)) / sfreq
    ecg = 2e-5 * np.random.default_rng(0).standard_normal(len(time))
    for beat in _beats()[0]:
        ecg += 1e-3 * np.exp(-0.5 * ((time - beat) / 0.012) ** 2)
    rate = heart_rate(heart_beats(ecg, sfreq) / sfreq, VOLUMES)
    assert np.abs(rate - _rate(VOLUMES)).max() < 3


def test_a_missed_beat_changes_little_and_noise_is_no_heart():
    beats = _beats()[0]
    rate = heart_rate(np.delete(beats, np.arange(20, len(beats), 25)), VOLUMES)
    assert np.abs(rate - _rate(VOLUMES)).max() < 4
    assert heart_rate(np.sort(np.random.default_rng(1).uniform(0, 240, 280)), VOLUMES) is None
    assert heart_rate(beats[:5], VOLUMES) is None


def test_respiration_volume_rises_with_depth_and_with_pace():
    depth = np.where(TIME < 120, 1.0, 2.0)
    found = respiration_volume(depth * np.sin(2 * np.pi * TIME / 4), SFREQ, 0.0, np.array([60.0, 180.0]))
    assert found[1] == pytest.approx(2 * found[0], rel=0.05)
    assert found[0] == pytest.approx(2 / 4, rel=0.1)  # from 1 to -1 in 4 s
    pace = np.where(TIME < 120, TIME / 6, 20 + (TIME - 120) / 3)
    found = respiration_volume(np.sin(2 * np.pi * pace), SFREQ, 0.0, np.array([60.0, 180.0]))
    assert found[1] == pytest.approx(2 * found[0], rel=0.1)


def test_no_breathing_is_told():
    assert respiration_volume(np.zeros(2400), 10.0, 0.0, VOLUMES) is None


def test_volumes_have_the_mean_or_the_power_of_their_own_samples():
    onsets = np.array([0.0, 2.0, 4.0, 6.0])
    signal = np.repeat([1.0, -1.0, 3.0], 200)  # nothing of the last volume
    np.testing.assert_allclose(of_volumes(signal, SFREQ, 0.0, onsets, 2.0, power=False), [1, -1, 3, 3])
    loud = np.sin(2 * np.pi * 5 * TIME[:800]) * np.repeat([1, 2, 4, 8], 200)
    power = of_volumes(loud, SFREQ, 0.0, onsets, 2.0, power=True)
    np.testing.assert_allclose(np.diff(power), np.log(4), rtol=1e-6)
    shifted = of_volumes(loud, SFREQ, -2.0, onsets - 2.0, 2.0, power=True)
    np.testing.assert_allclose(shifted, power)
