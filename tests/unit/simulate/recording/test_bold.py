from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eeg2fmri.simulate.config import BoldConfig
from eeg2fmri.simulate.recording.bold import at_times, simulate_bold
from eeg2fmri.simulate.recording.physiology import draw_physiology
from eeg2fmri.simulate.recording.study import Participant, Study

NOISELESS = BoldConfig(thermal=0, drift=0, cardiac=0, respiratory=0, vascular=0)


@pytest.fixture
def regional(study: Study) -> np.ndarray:
    times = study.clock.envelopes
    period = np.linspace(9, 15, len(study.sources.centres))[:, None]
    return 5 * np.sin(2 * np.pi * times / period)


def _run(study: Study, participant: Participant, regional: np.ndarray, config: BoldConfig, motion=None):  # type: ignore[no-untyped-def]
    physiology = draw_physiology(participant.subject, study.clock, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    return simulate_bold(participant.space, regional, physiology, motion, config, study.clock, rng)


def test_every_slice_is_sampled_at_its_own_time(study: Study, participant: Participant, regional: np.ndarray) -> None:
    data = _run(study, participant, regional, NOISELESS).data
    space, clock = participant.space, study.clock
    weights = space.weights.toarray().reshape(*space.grid.shape, -1)
    for z in range(data.shape[2]):
        errors = []
        for slice_time in (clock.slices[z], clock.slices[z - 1]):
            course = at_times(clock.volumes + slice_time, clock.envelopes, regional)
            expected = space.baseline[:, :, z, None] * (1 + weights[:, :, z] @ course / 100)
            errors.append(np.abs(data[:, :, z] - expected).max())
        assert errors[0] < 0.51
        assert errors[1] > 3 * errors[0] or weights[:, :, z].max() < 0.2


def test_without_noise_everything_is_explainable(study: Study, participant: Participant, regional: np.ndarray) -> None:
    run = _run(study, participant, regional, NOISELESS)
    signal = participant.space.grey > 0.6
    assert run.explainable[signal].min() > 0.95
    assert np.median(run.explainable[signal]) > 0.99
    assert run.explainable[participant.space.weights.sum(axis=1).reshape(run.explainable.shape) == 0].max() == 0


def test_explainable_fraction_is_that_of_the_data(study: Study, participant: Participant, regional: np.ndarray) -> None:
    clean = _run(study, participant, regional, NOISELESS).data.astype(float)
    noisy = _run(study, participant, regional, BoldConfig(thermal=4.0))
    where = participant.space.grey > 0.6
    np.testing.assert_allclose(
        noisy.explainable[where], clean.var(axis=-1)[where] / noisy.data.var(axis=-1)[where], rtol=0.05
    )
    assert 0.05 < np.median(noisy.explainable[where]) < 0.95


@pytest.mark.parametrize(
    ("kind", "amplitude", "low", "high"),
    [
        ("thermal", 2.0, 1.7, 2.3),
        ("drift", 2.0, 1.0, 3.5),
        ("cardiac", 2.0, 0.8, 4.0),
        ("respiratory", 2.0, 0.8, 4.0),
        ("vascular", 2.0, 0.8, 3.0),
    ],
)
def test_each_noise_has_its_amplitude(
    study: Study, participant: Participant, kind: str, amplitude: float, low: float, high: float
) -> None:
    still = np.zeros((len(study.sources.centres), len(study.clock.envelopes)))
    run = _run(study, participant, still, NOISELESS.model_copy(update={kind: amplitude}))
    grey = participant.space.grey > 0.6
    percent = 100 * run.data[grey].std(axis=-1) / run.data[grey].mean(axis=-1)
    assert low < np.median(percent) < high


def test_magnitude_noise_outside_the_head_is_rayleigh(study: Study, participant: Participant) -> None:
    still = np.zeros((len(study.sources.centres), len(study.clock.envelopes)))
    data = _run(study, participant, still, NOISELESS.model_copy(update={"thermal": 3.0})).data
    outside = data[participant.space.baseline == 0].astype(float)
    assert outside.size > 1000
    assert abs(outside.mean() / outside.std() - 1.91) < 0.05


def test_a_head_that_moves_is_elsewhere(study: Study, participant: Participant) -> None:
    still = np.zeros((len(study.sources.centres), len(study.clock.envelopes)))
    motion = np.zeros((study.config.volumes, 6))
    motion[7, :3] = (3.0, -2.0, 1.0)
    # The centre of mass of a volume follows the head if the field of view holds all of it.
    padded = replace(participant.space, baseline=participant.space.baseline * _window(participant.space.grid.shape))
    run = _run(study, replace(participant, space=padded), still, NOISELESS, motion)
    points = participant.space.grid.points()
    centres = [points.T @ run.data[..., v].ravel() / run.data[..., v].sum() for v in (0, 7)]
    np.testing.assert_allclose(centres[1] - centres[0], motion[7, :3], atol=0.25)
    np.testing.assert_array_equal(run.data[..., 6], run.data[..., 8])


def _window(shape: tuple[int, int, int]) -> np.ndarray:
    axes = [np.hanning(size + 2)[1:-1] for size in shape]
    return np.einsum("x,y,z->xyz", *axes).astype(np.float32)
