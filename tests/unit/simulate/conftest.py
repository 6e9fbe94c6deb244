from __future__ import annotations

import pytest

from eeg2fmri.simulate import SimulationConfig, small_config
from eeg2fmri.simulate.recording.study import Cap, Participant, Study, make_participant, make_study, place_cap


@pytest.fixture(scope="session")
def config() -> SimulationConfig:
    return small_config(seed=5, voxel_size=(11.0, 12.0, 10.0))


@pytest.fixture(scope="session")
def study(config: SimulationConfig) -> Study:
    return make_study(config)


@pytest.fixture(scope="session")
def participant(study: Study) -> Participant:
    return make_participant(study, "01")


@pytest.fixture(scope="session")
def cap(study: Study, participant: Participant) -> Cap:
    return place_cap(study, participant.subject, "sub-01")
