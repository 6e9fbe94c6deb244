from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.core.errors import InputError, StoreError
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store
from eeg2fmri.data.store.writer import ArrayWriter, StoreWriter


def arrays(n_volumes: int = 9) -> RecordingArrays:
    rng = np.random.default_rng(0)
    eeg, bold = rng.random((n_volumes, 2, 3), np.float32), rng.random((n_volumes, 2, 3, 4), np.float32)
    return RecordingArrays("sub-01_task-rest", eeg, bold)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def make(path: Path) -> None:
    write_store(path, [arrays()], electrodes=["Cz", "Pz"], frequencies=[1, 2, 3], tr=2.0)


def test_an_array_written_by_rows_is_that_array(tmp_path: Path) -> None:
    array = np.arange(60, dtype=np.float32).reshape(5, 4, 3)
    with ArrayWriter(tmp_path / "eeg.npy", array.shape) as writer:
        writer.append(array[:2])
        writer.append(np.asfortranarray(array[2:]))
    np.testing.assert_array_equal(np.load(tmp_path / "eeg.npy"), array)
    assert writer.facts()["size"] == (tmp_path / "eeg.npy").stat().st_size


def test_too_few_rows_or_rows_of_another_shape_are_a_mistake(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="2 rows written, expected 5"),
        ArrayWriter(tmp_path / "eeg.npy", (5, 3)) as writer,
    ):
        writer.append(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="rows of shape"), ArrayWriter(tmp_path / "bold.npy", (5, 3)) as writer:
        writer.append(np.zeros((5, 4)))


def test_an_existing_path_is_refused_and_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "store"
    target.write_text("mine")
    with pytest.raises(StoreError, match=r"exists already(.|\n)*remove it first"):
        make(target)
    assert target.read_text() == "mine"
    assert names(tmp_path) == ["store"]


def test_a_dangling_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="exists already"):
        make(tmp_path / "store")


def test_a_path_that_appears_while_writing_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "store"

    def recordings():
        yield arrays()
        target.mkdir()

    with pytest.raises(StoreError, match="exists already"):
        write_store(target, recordings(), electrodes=["Cz", "Pz"], frequencies=[1, 2, 3], tr=2.0)
    assert names(tmp_path) == ["store"]
    assert names(target) == []


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: ArrayWriter, rows: np.ndarray) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(ArrayWriter, "append", full)
    with pytest.raises(StoreError, match=r"the disk is full(.|\n)*nothing was left behind"):
        make(tmp_path / "store")
    assert names(tmp_path) == []


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError])
def test_whatever_goes_wrong_nothing_is_left(tmp_path: Path, fault: type[BaseException]) -> None:
    def interrupted() -> None:
        with StoreWriter(tmp_path / "store") as writer:
            writer.folder("sub-01")
            raise fault

    with pytest.raises(fault):
        interrupted()
    assert names(tmp_path) == []


def test_a_writer_that_was_not_finished_makes_no_store(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "store") as writer:
        writer.folder("sub-01")
    assert names(tmp_path) == []


def test_a_parent_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        make(tmp_path / "file" / "store")


def test_parents_are_made(tmp_path: Path) -> None:
    make(tmp_path / "a" / "b" / "store")
    assert (tmp_path / "a" / "b" / "store" / "manifest.json").is_file()


def test_arrays_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="do not fit together"):
        write_store(tmp_path / "store", [arrays()], electrodes=["Cz"], frequencies=[1, 2, 3], tr=2.0)
    with pytest.raises(InputError, match="no recording"):
        write_store(tmp_path / "store", [], electrodes=["Cz"], frequencies=[1], tr=2.0)
    assert names(tmp_path) == []


def test_the_hash_follows_the_content(tmp_path: Path) -> None:
    facts = {"electrodes": ["Cz", "Pz"], "frequencies": [1, 2, 3], "tr": 2.0}
    one = Store.open(write_store(tmp_path / "1", [arrays()], **facts))
    same = Store.open(write_store(tmp_path / "2", [arrays()], **facts))
    other = Store.open(write_store(tmp_path / "3", [arrays(10)], **facts))
    assert one.hash == same.hash != other.hash
