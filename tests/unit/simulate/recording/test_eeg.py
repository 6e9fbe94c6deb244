from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt, welch

from eeg2fmri.simulate import small_config
from eeg2fmri.simulate.config import EegConfig
from eeg2fmri.simulate.recording.clock import make_clock
from eeg2fmri.simulate.recording.eeg import Projection, simulate_eeg
from eeg2fmri.simulate.recording.study import Cap, Participant, Study, make_participant, make_study, place_cap
from eeg2fmri.simulate.worlds.rhythms import RHYTHMS

QUIET = EegConfig(sensor_noise=0.0)


def _steady_power(study: Study, n_times: int) -> np.ndarray:
    return np.ones((len(study.sources.centres), len(RHYTHMS), n_times))


def test_amplitudes_are_those_of_the_settings(study: Study, participant: Participant, cap: Cap) -> None:
    subject, clock = replace(participant.subject, amplitude=np.ones(2)), study.clock
    projection = place_cap(study, subject, "sub-01").projection
    power = _steady_power(study, len(clock.envelopes))
    silent_rhythms = replace(projection, moment=0 * projection.moment)
    silent_background = replace(projection, background=0 * projection.background)
    background = simulate_eeg(silent_rhythms, power, subject, QUIET, clock, np.random.default_rng(0))
    rhythms = simulate_eeg(silent_background, power, subject, QUIET, clock, np.random.default_rng(0))
    assert abs(np.median(background.std(axis=1)) * 1e6 / QUIET.background_uv - 1) < 0.15
    assert abs(np.median(rhythms.std(axis=1)) * 1e6 / QUIET.rhythm_uv - 1) < 0.1


def test_envelope_of_a_region_is_its_power(study: Study, participant: Participant, cap: Cap) -> None:
    clock, subject = study.clock, participant.subject
    power = _steady_power(study, len(clock.envelopes))
    power[3, 0] = 1 + 0.8 * np.sin(2 * np.pi * clock.envelopes / 15)
    moment = np.zeros_like(cap.projection.moment)
    moment[3, 0] = 20e-9
    only = Projection(cap.projection.lead_field, moment, np.zeros_like(cap.projection.background))
    eeg = simulate_eeg(only, power, subject, QUIET, clock, np.random.default_rng(1))
    amplitude = np.abs(only.lead_field[:, 3]) * 20e-9
    np.testing.assert_allclose(eeg.std(axis=1), amplitude, rtol=0.1)
    instant = sosfiltfilt(butter(2, 0.5, fs=clock.sfreq, output="sos"), eeg[0] ** 2) / amplitude[0] ** 2
    truth = np.interp(clock.samples(), clock.envelopes, power[3, 0])
    inner = slice(200, -200)
    assert np.corrcoef(instant[inner], truth[inner])[0, 1] > 0.98
    assert np.abs(instant[inner] - truth[inner]).max() < 0.3


def test_rhythms_peak_at_the_subjects_frequencies(study: Study, participant: Participant, cap: Cap) -> None:
    clock, subject = study.clock, participant.subject
    quiet = replace(cap.projection, background=0 * cap.projection.background)
    power = _steady_power(study, len(clock.envelopes))
    eeg = simulate_eeg(quiet, power, subject, QUIET, clock, np.random.default_rng(2))
    frequency, density = welch(eeg, clock.sfreq, nperseg=1024)
    for b, rhythm in enumerate(RHYTHMS):
        inside = (frequency > rhythm.low) & (frequency < rhythm.high)
        spectrum = density.sum(axis=0)[inside]
        centre = (frequency[inside] * spectrum).sum() / spectrum.sum()
        assert abs(centre - subject.peak[b]) < 1.0


def test_background_falls_as_one_over_f(study: Study, participant: Participant, cap: Cap) -> None:
    clock, subject = study.clock, replace(participant.subject, exponent=1.6)
    silent = replace(cap.projection, moment=0 * cap.projection.moment)
    power = _steady_power(study, len(clock.envelopes))
    eeg = simulate_eeg(silent, power, subject, QUIET, clock, np.random.default_rng(3))
    frequency, density = welch(eeg, clock.sfreq, nperseg=1024)
    fit = (frequency > 1) & (frequency < 40)
    slope = np.polyfit(np.log(frequency[fit]), np.log(density[:, fit].mean(axis=0)), 1)[0]
    assert abs(slope + 1.6) < 0.1
    np.testing.assert_allclose(np.cov(eeg), cap.projection.background @ cap.projection.background.T, atol=1.5e-10)


@pytest.mark.parametrize("sfreq", [200.0, 512.0, 2000.0])
def test_any_sampling_rate_has_the_same_rhythms(sfreq: float) -> None:
    config = small_config(sfreq=sfreq, volumes=10, electrodes=4, regions=3, grid=(4, 5, 3))
    study = make_study(config)
    participant = make_participant(study, "01")
    projection = place_cap(study, participant.subject, "sub-01").projection
    quiet = replace(projection, background=0 * projection.background)
    power = _steady_power(study, len(study.clock.envelopes))
    eeg = simulate_eeg(quiet, power, participant.subject, QUIET, study.clock, np.random.default_rng(4))
    assert eeg.shape == (4, make_clock(config).n_samples)
    frequency, density = welch(eeg, sfreq, nperseg=int(2 * sfreq))
    inside = (frequency > 6) & (frequency < 40)
    assert density[:, inside].sum() > 0.95 * density.sum()


def test_sensor_noise_is_white(study: Study, participant: Participant, cap: Cap) -> None:
    clock = study.clock
    silent = Projection(cap.projection.lead_field, 0 * cap.projection.moment, 0 * cap.projection.background)
    power = _steady_power(study, len(clock.envelopes))
    config = EegConfig(sensor_noise=0.2)
    eeg = simulate_eeg(silent, power, participant.subject, config, clock, np.random.default_rng(5))
    density = welch(eeg, clock.sfreq)[1][:, 1:-1].mean()
    assert abs(np.sqrt(density) * 1e6 / 0.2 - 1) < 0.05
