from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eeg2fmri.simulate.neural.haemodynamics import drive, regional_bold, responses
from eeg2fmri.simulate.recording.simultaneous import Neural, draw_neural, simulate_recording
from eeg2fmri.simulate.recording.study import Cap, Participant, Study


def _long(study: Study) -> Study:
    clock = replace(study.clock, envelopes=np.arange(20000) / 10 - 40)
    group = replace(study.group, coupled=np.arange(len(study.sources.centres)) < 6)
    return replace(study, clock=clock, group=group)


def _neural(study: Study, participant: Participant, coupling: float) -> Neural:
    config = study.config.model_copy(update={"coupling": coupling})
    streams = np.random.default_rng(0), np.random.default_rng(1)
    return draw_neural(replace(_long(study), config=config), participant, *streams)


def _follows(neural: Neural, participant: Participant) -> np.ndarray:
    """Correlation of each region's BOLD with what its envelopes in the EEG predict."""
    subject = participant.subject
    predicted = regional_bold(drive(neural.power, subject.weights), responses(subject.delay), subject.gain)
    return np.array([np.corrcoef(a[400:], b[400:])[0, 1] for a, b in zip(predicted, neural.bold, strict=True)])


@pytest.mark.parametrize("coupling", [0.0, 0.5, 1.0])
def test_coupling_is_a_correlation_in_coupled_regions(study: Study, participant: Participant, coupling: float) -> None:
    r = _follows(_neural(study, participant, coupling), participant)
    assert abs(r[:6].mean() - coupling) < 0.08
    assert np.abs(r[:6] - coupling).max() < 0.2
    assert abs(r[6:].mean()) < 0.1


def test_statistics_of_bold_and_eeg_do_not_depend_on_the_coupling(study: Study, participant: Participant) -> None:
    free, bound = (_neural(study, participant, coupling) for coupling in (0.0, 1.0))
    np.testing.assert_array_equal(free.power, bound.power)
    ratio = free.bold.std(axis=1) / bound.bold.std(axis=1)
    assert abs(np.log(ratio).mean()) < 0.1
    assert not free.bold_from_eeg.any()
    np.testing.assert_allclose(bound.bold_from_eeg[:6], bound.bold[:6])


def test_recordings_of_one_subject_share_its_traits_but_not_their_draws(
    study: Study, participant: Participant, cap: Cap
) -> None:
    first, second = (simulate_recording(study, participant, cap, name) for name in ("a", "b"))
    again = simulate_recording(study, participant, cap, "a")
    np.testing.assert_array_equal(first.eeg, again.eeg)
    np.testing.assert_array_equal(first.bold.data, again.bold.data)
    assert abs(np.corrcoef(first.eeg[0], second.eeg[0])[0, 1]) < 0.2
    means = [run.bold.data.mean(axis=-1).ravel() for run in (first, second)]
    assert np.corrcoef(*means)[0, 1] > 0.99
