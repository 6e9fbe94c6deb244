"""A folder is filled all at once; what cannot be written there is kept elsewhere."""

import errno
import tempfile

import pytest

from eeg2fmri.core.disk.files import OutputError
from eeg2fmri.core.disk.staged import kept_elsewhere, staged_files


def test_files_come_all_at_once_beside_those_that_are_there(tmp_path):
    (tmp_path / "reads.json").write_text("mine")
    (tmp_path / "scores.json").write_text("old")
    (tmp_path / ".part-killed").mkdir()
    with staged_files(tmp_path) as part:
        (part / "scores.json").write_text("new")
        assert (tmp_path / "scores.json").read_text() == "old"
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"reads.json": "mine", "scores.json": "new"}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_after_an_end_in_the_middle_nothing_has_changed(tmp_path, stop):
    def work():
        with staged_files(tmp_path) as part:
            (part / "map.nii").write_text("half")
            raise stop

    with pytest.raises(stop):
        work()
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_kept_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    error = OutputError("scores.json cannot be written: the disk is full", where="run", hint="make room")
    told = kept_elsewhere(error, lambda folder: (folder / "scores.json").write_text("all of it"), "eeg2fmri-x")
    (place,) = tmp_path.glob("eeg2fmri-x*")
    assert (place / "scores.json").read_text() == "all of it"
    assert str(place) in str(told)
    assert "the disk is full" in str(told)

    def full(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert kept_elsewhere(error, full, "eeg2fmri-y") is error
    assert not list(tmp_path.glob("eeg2fmri-y*"))
