"""States: complete or absent, checked when read, the one before taken when the last is damaged."""

import errno

import pytest
import torch

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.train.states import state as module
from eeg2fmri.train.states.state import State, read_state, write_state


def make(value):
    return State({"model.w": torch.full((3, 2), float(value))}, {"epoch": value})


def test_the_newest_of_two_kept_states_is_read(tmp_path):
    for step in (1, 20, 3):
        write_state(tmp_path, step, make(step))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "state-000000003.json",
        "state-000000003.safetensors",
        "state-000000020.json",
        "state-000000020.safetensors",
    ]
    state = read_state(tmp_path)
    assert state.facts == {"epoch": 20}
    assert torch.equal(state.tensors["model.w"], torch.full((3, 2), 20.0))
    assert read_state(tmp_path, newest=19).facts == {"epoch": 3}


def test_no_state_is_none(tmp_path):
    assert read_state(tmp_path / "nowhere") is None


@pytest.mark.parametrize("damage", ["flip", "truncate", "json", "missing"])
def test_a_damaged_state_falls_back_to_the_one_before_with_a_warning(tmp_path, damage):
    for step in (1, 2):
        write_state(tmp_path, step, make(step))
    tensors, record = tmp_path / "state-000000002.safetensors", tmp_path / "state-000000002.json"
    if damage == "flip":
        content = bytearray(tensors.read_bytes())
        content[-1] ^= 1
        tensors.write_bytes(content)
    elif damage == "truncate":
        tensors.write_bytes(tensors.read_bytes()[:-5])
    elif damage == "json":
        record.write_text(record.read_text()[:-9])
    else:
        tensors.unlink()
    with pytest.warns(UserWarning, match="state-000000002.* damaged"):
        assert read_state(tmp_path).facts == {"epoch": 1}


def test_every_byte_of_the_record_counts_and_sizes_are_compared_before_content(tmp_path, monkeypatch):
    for step in (1, 2):
        write_state(tmp_path, step, make(step))
    tensors, record = tmp_path / "state-000000002.safetensors", tmp_path / "state-000000002.json"
    content = record.read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 2
        record.write_bytes(damaged)
        with pytest.warns(UserWarning, match="state-000000002.* damaged"):
            assert read_state(tmp_path).facts == {"epoch": 1}
    record.write_bytes(content)
    with tensors.open("ab") as file:
        file.truncate(20 * 2**30)
    real = module.file_digest

    def digest(path):
        assert path != tensors
        return real(path)

    monkeypatch.setattr(module, "file_digest", digest)
    with pytest.warns(UserWarning, match="state-000000002.* damaged"):
        assert read_state(tmp_path).facts == {"epoch": 1}


def test_only_damaged_states_is_an_error_that_names_them(tmp_path):
    write_state(tmp_path, 1, make(1))
    (tmp_path / "state-000000001.safetensors").write_bytes(b"")
    with pytest.warns(UserWarning, match="damaged"), pytest.raises(CheckpointError, match="state-000000001"):
        read_state(tmp_path)


def test_a_full_disk_keeps_the_state_before_and_leaves_no_part(tmp_path, monkeypatch):
    write_state(tmp_path, 1, make(1))

    def full(tensors, path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "save_file", full)
    with pytest.raises(CheckpointError, match="the disk is full"):
        write_state(tmp_path, 2, make(2))
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".safetensors"]
    assert read_state(tmp_path).facts == {"epoch": 1}


@pytest.mark.parametrize("before", [True, False])
def test_the_next_step_is_to_resume_only_where_there_is_a_state(tmp_path, monkeypatch, before):
    if before:
        write_state(tmp_path, 1, make(1))

    def full(tensors, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "save_file", full)
    for folder in (tmp_path, tmp_path / "best"):
        with pytest.raises(CheckpointError) as told:
            write_state(folder, 2, make(2))
        assert ("--resume" in str(told.value)) == before
        assert ("start the training again" in str(told.value)) != before
