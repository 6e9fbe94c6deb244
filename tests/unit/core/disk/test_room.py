"""What a work will need is compared with what there is, before it begins."""

import resource
from pathlib import Path

import pytest

from eeg2fmri.core.disk import room
from eeg2fmri.core.errors import InputError
from eeg2fmri.simulate import SimulationConfig, simulate_dataset
from eeg2fmri.simulate.groups.config import GroupsConfig
from eeg2fmri.simulate.groups.write import simulate_groups


def test_the_free_memory_is_less_than_all_of_it_and_more_than_nothing():
    assert 1e8 < room.free_memory() < 1e15


def test_a_limit_of_the_process_counts(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2**30, 2**30))
    assert room.free_memory() < 2**30


@pytest.mark.parametrize(
    "more",
    [
        {"volumes": 10**9},
        {"sfreq": 20_000, "volumes": 10**7, "electrodes": 64},
        {"grid": (10**6, 10**6, 10**6)},
        {"lead_in": 1e12},
        {"subjects": 9999, "sessions": 99, "runs": 99},
    ],
)
def test_a_simulation_that_does_not_fit_is_refused_at_once(small_simulation, tmp_path, more):
    with pytest.raises(InputError, match=r"than there is|too little space") as told:
        simulate_dataset(tmp_path / "out", SimulationConfig.make({**small_simulation, **more}))
    assert "fewer volumes" in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_groups_that_do_not_fit_are_refused_at_once(tmp_path):
    with pytest.raises(InputError, match=r"than there is|too little space"):
        simulate_groups(tmp_path / "out", GroupsConfig.make({"seconds": 1e9}))
    assert list(tmp_path.iterdir()) == []


def test_an_estimate_is_no_more_than_what_is_written(small_bids, small_simulation, monkeypatch):
    from eeg2fmri.simulate.recording import room as simulated

    asked = {}
    monkeypatch.setattr(simulated, "check_disk", lambda path, needed, hint: asked.update(disk=needed))
    simulated.check_room(Path("x"), SimulationConfig.make(small_simulation), recordings=3)
    written = sum(file.stat().st_size for file in small_bids.glob("sub-*/*/*") if file.is_file())
    assert 0.2 * written < asked["disk"] < written
