"""Preparing that is killed goes on where it was; several processes, and a cluster, give the same store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import pytest

from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.prepare import run as module
from eeg2fmri.data.prepare.run import PrepareConfig, prepare
from eeg2fmri.data.store.store import Store
from eeg2fmri.data.store.writer import StoreWriter

#: Prepares, and kills itself when the second recording is half written.
KILLED = """
import os, signal, sys
from eeg2fmri.data.prepare import write_bold as bold_writing
from eeg2fmri.data.prepare import run as prepare
append, count = bold_writing.ArrayWriter.append, 0
def counted(self, rows):
    global count
    if self.path.name == "bold.npy":
        count += len(rows)
        if count > 46:
            os.kill(os.getpid(), signal.SIGKILL)
    append(self, rows)
bold_writing.ArrayWriter.append = counted
prepare.prepare(sys.argv[1], sys.argv[2])
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_after_kill_9_it_goes_on(small_bids: Path, small_store: Path, tmp_path: Path, monkeypatch: Any) -> None:
    target = tmp_path / "store"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", KILLED, small_bids, target], env=environment, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not target.exists()
    (left,) = tmp_path.glob(".store.*.partial")
    assert len(list(left.glob("*.done.json"))) == 1
    asked: list[str] = []
    convert = module.convert

    def noted(plan: Any, *rest: Any) -> Any:
        asked.append(plan.files.subject)
        return convert(plan, *rest)

    monkeypatch.setattr(module, "convert", noted)
    store = prepare(small_bids, target)
    assert asked == ["02", "03"]
    assert contents(target) == contents(small_store)
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    store.verify()


@pytest.mark.parametrize("damage", ["file", "note", "a letter of the note", "settings"])
def test_what_is_no_longer_sound_is_made_again(
    damage: str, small_bids: Path, small_store: Path, tmp_path: Path
) -> None:
    target = tmp_path / "store"
    subprocess.run([sys.executable, "-c", KILLED, small_bids, target], capture_output=True)
    (left,) = tmp_path.glob(".store.*.partial")
    (note,) = left.glob("*.done.json")
    if damage == "file":
        with (left / note.name.removesuffix(".done.json") / "bold.npy").open("r+b") as file:
            file.seek(-3, 2)
            file.write(b"x")
    elif damage == "note":
        note.write_text(note.read_text()[:-9])
    elif damage == "a letter of the note":
        note.write_text(note.read_text().replace("channels.tsv", "channelz.tsv", 1))
    store = prepare(small_bids, target, PrepareConfig(n_bins=5) if damage == "settings" else None)
    store.verify()
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert (contents(target) == contents(small_store)) == (damage != "settings")


def test_two_processes_never_write_the_same_store(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "store", "0123456789abcdef") as writer:
        with (
            pytest.raises(StoreError, match="another process is preparing"),
            StoreWriter(tmp_path / "store", "0123456789abcdef"),
        ):
            raise AssertionError
        assert writer.temporary.is_dir()
        # a folder that somebody writes is not taken for one that was left behind
        with StoreWriter(tmp_path / "store"):
            assert writer.temporary.is_dir()


def test_a_cluster_gives_the_same_store(small_bids: Path, small_store: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        prepare(small_bids, tmp_path / "store", n_jobs=-1)
    assert contents(tmp_path / "store") == contents(small_store)
    assert Store.open(tmp_path / "store").recordings
