from __future__ import annotations

import numpy as np

from eeg2fmri.simulate.config import EegConfig
from eeg2fmri.simulate.recording.artefacts import add_artefacts
from eeg2fmri.simulate.recording.physiology import draw_motion, draw_physiology
from eeg2fmri.simulate.recording.study import Participant, Study


def _artefact(study: Study, beats: np.ndarray, **amplitudes: float) -> np.ndarray:
    eeg = np.zeros((len(study.electrodes.names), study.clock.n_samples), np.float32)
    config = EegConfig.make(dict(amplitudes))
    rng = np.random.default_rng(0)
    add_artefacts(eeg, study.electrodes.positions, beats, config, study.clock, study.config.tr, rng)
    return eeg


def test_none_are_added_unless_asked_for(study: Study) -> None:
    assert not _artefact(study, np.arange(5.0)).any()


def test_gradient_artefact_is_locked_to_the_slices_of_running_scans(study: Study) -> None:
    eeg, clock = _artefact(study, np.arange(5.0), gradient_uv=8.0), study.clock
    times = clock.samples()
    scanning = (times >= 0) & (times < study.config.volumes * study.config.tr)
    assert not eeg[:, ~scanning].any()
    assert abs(np.median(eeg.std(axis=1)) * 1e6 / 8 - 1) < 0.05
    rate = study.config.grid[2] / study.config.tr
    inside = eeg[:, scanning]
    power = np.abs(np.fft.rfft(inside, axis=1)) ** 2
    frequency = np.fft.rfftfreq(inside.shape[1], 1 / clock.sfreq)
    off = np.abs(frequency / rate - np.round(frequency / rate)) * rate
    harmonic = (off < 0.15) | (np.abs(frequency - 1 / study.config.tr) < 0.15)
    assert power[:, harmonic].sum() > 0.95 * power.sum()


def test_pulse_artefact_follows_heartbeats(study: Study) -> None:
    beats = np.array([-3.0, 5.0, 11.0])
    eeg, times = _artefact(study, beats, pulse_uv=30.0), study.clock.samples()
    near = np.any([(times > beat + 0.14) & (times < beat + 0.9) for beat in beats], axis=0)
    assert not eeg[:, ~near].any()
    for beat in beats:
        assert np.abs(eeg[:, (times > beat + 0.2) & (times < beat + 0.5)]).max() > 1e-5
    assert abs(np.median(eeg.std(axis=1)) * 1e6 / 30 - 1) < 0.05


def test_hearts_and_breaths_keep_their_rates(study: Study, participant: Participant) -> None:
    drawn = draw_physiology(participant.subject, study.clock, np.random.default_rng(1))
    rate = 1 / np.diff(drawn.beats)
    assert abs(rate.mean() / participant.subject.heart_rate - 1) < 0.1
    assert 0.01 < rate.std() < 0.15
    breaths = (drawn.breathing[-1] - drawn.breathing[0]) / (2 * np.pi) / np.ptp(study.clock.envelopes)
    assert abs(breaths / participant.subject.breathing_rate - 1) < 0.15


def test_motion_starts_at_rest_and_has_its_size() -> None:
    moves = draw_motion(200, 0.4, np.random.default_rng(2))
    assert not moves[0].any()
    assert 0.1 < moves[:, :3].std() < 1.2
    assert moves[:, 3:].std() < 0.05
