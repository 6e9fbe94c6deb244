"""Files and folders are written whole or not at all, and one that cannot be written is named with its reason."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading

import pytest

from eeg2fmri.core.disk.files import (
    REASONS,
    OutputError,
    refuse_existing,
    whole_file,
    whole_files,
    whole_folder,
    write_csv,
    write_json,
    write_text,
)
from eeg2fmri.core.errors import CheckpointError, InputError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def break_off(path, error, **how):
    """Write half of a file, and end by an error."""
    with whole_file(path, **how) as part:
        part.write_text("half", encoding="utf-8")
        raise error


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyboardInterrupt(), SystemExit(1), RuntimeError("odd")])
def test_an_earlier_file_stays_and_nothing_lies_beside_it(tmp_path, error):
    path = tmp_path / "scores.json"
    write_text(path, "whole")
    with pytest.raises(type(error)):
        break_off(path, error)
    assert path.read_text() == "whole"
    assert names(tmp_path) == ["scores.json"]
    with pytest.raises(type(error)):
        break_off(tmp_path / "new.json", error)
    assert names(tmp_path) == ["scores.json"]


def test_files_of_one_stem_do_not_collide(tmp_path):
    with whole_file(tmp_path / "x.json") as one, whole_file(tmp_path / "x.csv") as other:
        one.write_text("{}")
        other.write_text("a,b")
        assert one != other
        assert (one.suffix, other.suffix) == (".json", ".csv")
    assert (tmp_path / "x.json").read_text() == "{}"
    assert (tmp_path / "x.csv").read_text() == "a,b"


def test_two_writers_of_one_file_leave_one_of_both_whole(tmp_path):
    path, texts = tmp_path / "x.txt", ["a" * 100_000, "b" * 100_000]
    threads = [threading.Thread(target=write_text, args=(path, text)) for text in texts * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert names(tmp_path) == ["x.txt"]


def break_off_several(paths):
    with whole_files(*paths) as parts:
        parts[0].write_text("new")
        parts[1].write_text("new")
        paths[1].mkdir()  # the second cannot take its name


def test_several_files_take_their_names_together_or_not_at_all(tmp_path):
    paths = [tmp_path / "model.onnx", tmp_path / "model.json"]
    with pytest.raises(OutputError, match=r"cannot be written"):
        break_off_several(paths)
    assert names(tmp_path) == ["model.json"]
    assert paths[1].is_dir()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_the_reason_and_the_next_step_are_told(tmp_path, number):
    path = tmp_path / "x.json"
    with pytest.raises(OutputError) as caught:
        break_off(path, OSError(number, os.strerror(number)))
    problem = caught.value.problems[0]
    what, todo = REASONS[number]
    assert problem.what == f"x.json cannot be written: {what}"
    assert (problem.where, problem.got, problem.hint) == (str(path), os.strerror(number), todo)
    assert not names(tmp_path)


def test_places_that_cannot_be_written_are_told_before_the_work(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for path, reason in (
        (tmp_path / "absent" / "x.json", "folder to write into does not exist"),
        (tmp_path / "folder", "a folder has this name"),
        (tmp_path / "pipe", "a pipe or device has this name"),
        (tmp_path / "file" / "x.json", "a part of the path is a file"),
        (tmp_path / ("x" * 300), "name is too long"),
    ):
        with pytest.raises(OutputError, match=reason), whole_file(path):
            pytest.fail("the work has begun")
    with pytest.raises(OutputError, match="name is too long"), whole_folder(tmp_path / ("x" * 300)):
        pytest.fail("the work has begun")


def test_a_name_as_long_as_the_system_takes_is_written(tmp_path):
    write_text(tmp_path / f"{'x' * 250}.json", "{}")
    with whole_folder(tmp_path / ("y" * 255)) as made:
        (made / "a").touch()
    assert len(names(tmp_path)) == 2


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("I/O error: No space left on device (os error 28)"), "the disk is full"),
        (RuntimeError("Error while serializing: I/O error: Permission denied (os error 13)"), "not allowed"),
        (OSError("unable to write: errno = 28, No space left on device"), "the disk is full"),
    ],
)
def test_words_of_the_system_in_errors_of_libraries_are_understood(tmp_path, error, told):
    with pytest.raises(CheckpointError, match=told):
        break_off(tmp_path / "weights", error, raises=CheckpointError)


def test_errors_of_other_files_stay_what_they_are(tmp_path):
    absent = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/elsewhere/input")
    with pytest.raises(FileNotFoundError):
        break_off(tmp_path / "x.json", absent)
    with pytest.raises(ConnectionError):
        break_off(tmp_path / "x.json", ConnectionError("the server is gone"))


def test_nan_is_no_json(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"r": float("nan")})
    assert not names(tmp_path)


def test_rows_are_written_with_their_names(tmp_path):
    write_csv(tmp_path / "x.csv", ["a", "b"], [[1, "two, three"], ["", 4]])
    assert (tmp_path / "x.csv").read_text() == 'a,b\n1,"two, three"\n,4\n'


def break_off_folder(path, error, **how):
    with whole_folder(path, **how) as made:
        (made / "half").touch()
        raise error


def test_folders_are_whole_or_absent(tmp_path):
    path = tmp_path / "deep" / "run"
    with pytest.raises(KeyboardInterrupt):
        break_off_folder(path, KeyboardInterrupt())
    assert names(path.parent) == []
    with whole_folder(path) as made:
        (made / "a").touch()
        assert not path.exists()
    assert names(path.parent) == ["run"]
    assert names(path) == ["a"]
    with pytest.raises(InputError, match="exists already"):
        break_off_folder(path, ValueError())
    assert names(path) == ["a"]


def test_an_earlier_folder_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "explain"
    for name in ("first", "second"):
        with whole_folder(path, replace=True) as made:
            (made / name).touch()
    assert names(path) == ["second"]
    with pytest.raises(ValueError, match="odd"):
        break_off_folder(path, ValueError("odd"), replace=True)
    assert names(path) == ["second"]
    assert names(tmp_path) == ["explain"]


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path):
    code = (
        "import os, sys\nfrom eeg2fmri.core.disk.files import whole_folder\n"
        "with whole_folder(sys.argv[1]) as made:\n    (made / 'half').touch()\n    os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")], check=False).returncode == 9
    assert len(names(tmp_path)) == 1
    with whole_folder(tmp_path / "run") as made:
        (made / "a").touch()
        with whole_folder(tmp_path / "other") as beside:  # its own, which is under way, stays
            (beside / "b").touch()
    assert names(tmp_path) == ["other", "run"]


def test_a_folder_is_made_by_one_process_at_a_time(tmp_path):
    with whole_folder(tmp_path / "run") as made:
        (made / "a").touch()
        with (
            pytest.raises(OutputError, match="another process is making this folder"),
            whole_folder(tmp_path / "run"),
        ):
            pass
    assert names(tmp_path) == ["run"]
    assert names(tmp_path / "run") == ["a"]


def test_links_that_lead_nowhere_exist(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    with pytest.raises(OutputError, match="exists already"):
        refuse_existing(tmp_path / "link")
    (tmp_path / "empty").mkdir()
    refuse_existing(tmp_path / "empty", tmp_path / "absent")


def test_files_of_dead_processes_are_removed_by_the_next(tmp_path):
    import os
    import subprocess
    import sys

    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    old, new, alive, mine = (
        tmp_path / name
        for name in (f".part-{dead.pid}-aa.json", f".part-{dead.pid}-bb.json", f".part-{os.getpid()}-cc", ".part-mine")
    )
    for path in (old, new, alive, mine):
        path.write_text("half")
    for path in (old, alive, mine):
        os.utime(path, (1e9, 1e9))
    write_text(tmp_path / "a.txt", "all of it")
    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", new.name, alive.name, mine.name}
