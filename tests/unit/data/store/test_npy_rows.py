from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.store.npy_rows import ArrayRows

VALUES = np.arange(11 * 3 * 5, dtype=np.float32).reshape(11, 3, 5)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    np.save(tmp_path / "eeg.npy", VALUES)
    return tmp_path / "eeg.npy"


@pytest.mark.parametrize("rows", [slice(None), slice(4, 9)])
@pytest.mark.parametrize("mapped", [True, False])
def test_rows_are_those_of_the_array(file: Path, rows: slice, mapped: bool) -> None:
    array = np.load(file, mmap_mode="r" if mapped else None)[rows]
    reader = ArrayRows(array)
    for first in range(len(array) - 1):
        np.testing.assert_array_equal(reader.read(first, np.empty((2, 3, 5), np.float32)), array[first : first + 2])


def test_rows_of_rows(file: Path) -> None:
    reader = ArrayRows(np.load(file, mmap_mode="r")[2:][3:8])
    np.testing.assert_array_equal(reader.read(1, np.empty((3, 3, 5), np.float32)), VALUES[6:9])


def test_a_view_that_skips_values_is_read_where_it_is(file: Path) -> None:
    reader = ArrayRows(np.load(file, mmap_mode="r")[:, :, ::2])
    np.testing.assert_array_equal(reader.read(1, np.empty((2, 3, 3), np.float32)), VALUES[1:3, :, ::2])


@pytest.mark.parametrize("first", [-1, 10])
def test_rows_beyond_the_array_are_never_those_of_something_else(file: Path, first: int) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        ArrayRows(np.load(file, mmap_mode="r")[:9]).read(first, np.empty((2, 3, 5), np.float32))


def test_a_file_that_became_shorter_is_named(file: Path) -> None:
    reader = ArrayRows(np.load(file, mmap_mode="r"))
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size - 4)
    reader.read(8, np.empty((2, 3, 5), np.float32))
    with pytest.raises(StoreError, match="ends too early") as caught:
        reader.read(9, np.empty((2, 3, 5), np.float32))
    assert caught.value.problems[0].where == str(file)
    assert caught.value.problems[0].got == "116 of 120 bytes from row 9 on"


def test_a_file_that_is_gone_is_named(file: Path) -> None:
    reader = ArrayRows(np.load(file, mmap_mode="r"))
    file.unlink()
    with pytest.raises(StoreError, match="cannot be read") as caught:
        reader.read(0, np.empty((1, 3, 5), np.float32))
    assert caught.value.problems[0].where == str(file)


def test_threads_read_at_once(file: Path) -> None:
    reader = ArrayRows(np.load(file, mmap_mode="r"))
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda k: reader.read(k % 11, np.empty((1, 3, 5), np.float32))[0], range(200)))
    np.testing.assert_array_equal(np.stack(got), VALUES[np.arange(200) % 11])
