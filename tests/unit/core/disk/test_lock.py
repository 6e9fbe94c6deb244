"""One process at a time writes to a folder, and a process that dies lets go."""

import os
import signal
import subprocess
import sys

import pytest

from eeg2fmri.core.disk.lock import locked
from eeg2fmri.core.errors import InputError

HOLD = """
import sys
from pathlib import Path
from eeg2fmri.core.disk.lock import locked
with locked(Path(sys.argv[1]), "a training"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_told_and_a_dead_one_lets_go(tmp_path):
    run = tmp_path / "runs" / "run"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, run], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(InputError, match=r"a training of this run is under way(.|\n)*runs/run"),
            locked(run, "a training of this run"),
        ):
            pass
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    with locked(run, "a training"):
        assert not run.exists()


def test_the_lock_is_free_after_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="broken"), locked(tmp_path / "run", "a training"):
        raise RuntimeError("broken")
    with locked(tmp_path / "run", "a training"):
        pass
    assert not list(tmp_path.iterdir())


def test_folders_that_were_made_for_the_lock_alone_are_removed(tmp_path):
    with locked(tmp_path / "a" / "b" / "run", "a training"):
        pass
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path / "a" / "b" / "run", "a training"):
        (tmp_path / "a" / "b" / "run").mkdir()
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["run"]
