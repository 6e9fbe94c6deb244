"""What the simulated modalities tell of each other, and how large they are, against what is published."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from scipy.signal import butter, fftconvolve, sosfiltfilt

from eeg2fmri.simulate import SimulationConfig
from eeg2fmri.simulate.neural.envelopes import RATE
from eeg2fmri.simulate.neural.haemodynamics import response, responses
from eeg2fmri.simulate.recording.bold import at_times
from eeg2fmri.simulate.recording.simultaneous import SimulatedRecording, simulate_recording
from eeg2fmri.simulate.recording.study import Cap, Participant, Study, make_participant, make_study, place_cap
from eeg2fmri.simulate.worlds.rhythms import RHYTHMS


@dataclass(frozen=True)
class Recorded:
    study: Study
    participant: Participant
    cap: Cap
    data: SimulatedRecording


@cache
def record(coupling: float, n_subjects: int = 5) -> tuple[Recorded, ...]:
    """A few subjects in memory: 64 electrodes, 60 regions, a coarse grid."""
    config = SimulationConfig(
        subjects=n_subjects, volumes=150, tr=2.0, sfreq=125, grid=(16, 18, 14), regions=60, coupling=coupling, seed=11
    )
    study = make_study(config)
    made = []
    for label in [f"{i + 1:02d}" for i in range(n_subjects)]:
        participant = make_participant(study, label)
        cap = place_cap(study, participant.subject, f"sub-{label}")
        made.append(Recorded(study, participant, cap, simulate_recording(study, participant, cap, f"sub-{label}")))
    return tuple(made)


def _z(x: np.ndarray) -> np.ndarray:
    trend = np.vander(np.linspace(-1, 1, len(x)), 4)
    x = x - trend @ np.linalg.lstsq(trend, x, rcond=None)[0]
    return x / x.std(axis=0)


def _r(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (_z(a) * _z(b)).mean(axis=0)


def _regions(one: Recorded) -> np.ndarray:
    """Mean over a region's voxels of the recorded, noisy BOLD: (volume, region)."""
    weights = one.participant.space.weights
    volumes = one.data.bold.data.reshape(weights.shape[0], -1)
    return (weights.T @ volumes).T / np.asarray(weights.sum(axis=0))


def _features(one: Recorded) -> np.ndarray:
    """log power of each electrode in three bands per volume, convolved with a response: (volume, feature)."""
    clock, tr = one.study.clock, one.study.config.tr
    length, starts = round(tr * clock.sfreq), clock.marker_samples()
    hrf = response(0.0)[:: round(tr * RATE)]
    columns = []
    for low, high in ((4, 8), (8, 13), (15, 28)):
        band = sosfiltfilt(butter(3, (low, high), "bandpass", fs=clock.sfreq, output="sos"), one.data.eeg) ** 2
        power = np.log([band[:, start : start + length].mean(axis=1) for start in starts])
        columns.append(fftconvolve(_z(power), hrf[:, None], axes=0)[: len(starts)])
    return _z(np.concatenate(columns, axis=1))


def _unseen_r(coupling: float) -> np.ndarray:
    """Temporal r of ridge on unseen subjects: (subject, region)."""
    recorded = record(coupling)
    x, y = [_features(one) for one in recorded], [_z(_regions(one)) for one in recorded]
    a, b = np.concatenate(x[:-2]), np.concatenate(y[:-2])
    ridge = np.linalg.solve(a.T @ a + 3000 * np.eye(a.shape[1]), a.T @ b)
    return np.array([_r(test @ ridge, target) for test, target in zip(x[-2:], y[-2:], strict=True)])


def test_coupled_regions_of_unseen_subjects_can_be_predicted() -> None:
    r, coupled = _unseen_r(1.0), record(1.0)[0].study.group.coupled
    assert 0.15 < np.median(r[:, coupled]) < 0.5
    assert abs(np.median(r[:, ~coupled])) < 0.08


def test_without_coupling_nothing_can_be_predicted() -> None:
    r = _unseen_r(0.0)
    assert abs(r.mean()) < 0.05
    assert abs(np.median(r)) < 0.05


def test_an_inverse_with_the_true_lead_field_recovers_envelopes_and_bold() -> None:
    one = record(1.0)[0]
    clock, subject, lead_field = one.study.clock, one.participant.subject, one.cap.projection.lead_field
    hrf, predicted, found = responses(subject.delay), 0.0, []
    step = round(clock.sfreq / RATE)
    for b, rhythm in enumerate(RHYTHMS):
        sos = butter(3, (rhythm.low, rhythm.high), "bandpass", fs=clock.sfreq, output="sos")
        band = sosfiltfilt(sos, one.data.eeg)
        covariance = np.cov(band) + 0.02 * np.trace(np.cov(band)) / len(band) * np.eye(len(band))
        beamformer = np.linalg.solve(covariance, lead_field)
        beamformer /= (lead_field * beamformer).sum(axis=0)
        power = (beamformer.T @ band) ** 2
        coarse = power[:, : power.shape[1] // step * step].reshape(len(power), -1, step).mean(axis=2)
        times = clock.samples()[: coarse.shape[1] * step].reshape(-1, step).mean(axis=1)
        relative = coarse / coarse.mean(axis=1, keepdims=True) - 1
        truth = at_times(times, clock.envelopes, one.data.neural.power[:, b])
        smooth = np.ones((1, 20)) / 20
        found.append(_r(fftconvolve(relative, smooth, "same", axes=1).T, fftconvolve(truth, smooth, "same", axes=1).T))
        bold = fftconvolve(relative, hrf, axes=1)[:, : len(times)] * subject.weights[:, [b]]
        predicted = predicted + at_times(clock.volumes + one.study.config.tr / 2, times, bold).T
    assert np.median(found) > 0.4
    coupled = one.study.group.coupled
    r = _r(np.asarray(predicted), _regions(one))
    assert np.median(r[coupled]) > 0.35
    assert abs(np.median(r[~coupled])) < 0.15


@pytest.mark.parametrize("coupling", [0.0, 1.0])
def test_amplitudes_are_the_published_ones(coupling: float) -> None:
    """EEG 10 to 50 uV rms, BOLD fluctuations 0.5 to 3 %, tSNR 40 to 100: sources in `EegConfig`, `BoldConfig`."""
    for one in record(coupling):
        assert 10 < np.median(one.data.eeg.std(axis=1)) * 1e6 < 50
        grey = one.participant.space.grey > 0.5
        bold = one.data.bold.data[grey].astype(float)
        assert 40 < np.median(bold.mean(axis=1) / bold.std(axis=1)) < 100
        assert 0.5 < 100 * np.median(bold.std(axis=1) / bold.mean(axis=1)) < 3
        noiseless = np.sqrt(one.data.bold.explainable[grey]) * bold.std(axis=1) / bold.mean(axis=1)
        assert 0.5 < 100 * np.median(noiseless[noiseless > 0]) < 3


def test_amplitudes_hold_at_full_resolution() -> None:
    study = make_study(SimulationConfig(volumes=40, electrodes=8))
    participant = make_participant(study, "01")
    cap = place_cap(study, participant.subject, "sub-01")
    data = simulate_recording(study, participant, cap, "sub-01").bold.data
    grey = data[participant.space.grey > 0.5].astype(float)
    assert 40 < np.median(grey.mean(axis=1) / grey.std(axis=1)) < 100
