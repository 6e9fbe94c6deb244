from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.bundle import TensorBundle
from eeg2fmri.models.earlier_package.keras_import.object_graph import GRAPH
from eeg2fmri.models.earlier_package.keras_import.source import read_source

TENSORS = {
    "a/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "a/bias": np.array([1.5, -2.5], np.float64),
    "b/scalar": np.array(7, np.int64),
    "b/empty": np.empty((0, 3), np.float32),
    "b/flag": np.array([True, False]),
    "text": b"any \x00 bytes" * 40,
}


@pytest.fixture
def prefix(tmp_path, bundle_writer) -> Path:
    bundle_writer(tmp_path / "variables", TENSORS)
    return tmp_path / "variables"


@pytest.mark.parametrize("shards", [1, 3])
def test_reads_what_was_written(tmp_path, bundle_writer, shards):
    bundle_writer(tmp_path / "variables", TENSORS, shards=shards)
    bundle = TensorBundle(tmp_path / "variables")
    assert set(bundle) == set(TENSORS)
    assert bundle.read_text("text") == TENSORS["text"]
    for name, expected in TENSORS.items():
        if isinstance(expected, np.ndarray):
            got = bundle.read(name)
            assert got.dtype == expected.dtype
            assert got.shape == expected.shape
            assert np.array_equal(got, expected)


def test_recorded_checkpoint(data):
    bundle = TensorBundle(data / "checkpoint" / "saved_model" / "variables" / "variables")
    names = [name for name in bundle if name != GRAPH]
    assert len(names) == 87
    assert sum(bundle.read(name).size for name in names) == 129379
    assert bundle.read("eeg_encoder/layer_with_weights-0/A/.ATTRIBUTES/VARIABLE_VALUE").shape == (20, 320)


def test_changed_data_are_noticed(prefix):
    path = Path(f"{prefix}.data-00000-of-00001")
    data = path.read_bytes()
    for position in range(0, len(data), 5):
        changed = bytearray(data)
        changed[position] ^= 1
        path.write_bytes(changed)
        bundle = TensorBundle(prefix)
        failed = []
        for name, value in TENSORS.items():
            try:
                bundle.read_text(name) if isinstance(value, bytes) else bundle.read(name)
            except CheckpointError as error:
                failed.append((name, str(error)))
        assert len(failed) == 1
        assert f"{path}: {failed[0][0]}" in failed[0][1]


def test_truncated_data_are_refused(prefix):
    path = Path(f"{prefix}.data-00000-of-00001")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="lies outside its data file") as caught:
        TensorBundle(prefix)
    assert "text" in caught.value.problems[0].where


def test_missing_files_are_named(prefix):
    Path(f"{prefix}.data-00000-of-00001").unlink()
    with pytest.raises(CheckpointError, match="data file of the checkpoint is missing"):
        TensorBundle(prefix)
    with pytest.raises(CheckpointError, match="index of the checkpoint is missing"):
        TensorBundle(prefix.with_name("other"))


@pytest.mark.parametrize("change", [{"byte_order": 1}, {"needs": 2}])
def test_other_byte_order_or_version_is_refused(tmp_path, bundle_writer, change):
    bundle_writer(tmp_path / "v", TENSORS, **change)
    with pytest.raises(CheckpointError, match="cannot be read"):
        TensorBundle(tmp_path / "v")


def _index(tmp_path, table_writer, entries: dict[bytes, bytes]) -> Path:
    (tmp_path / "v.index").write_bytes(table_writer(entries))
    (tmp_path / "v.data-00000-of-00001").write_bytes(bytes(16))
    return tmp_path / "v"


def test_an_index_without_header_is_refused(tmp_path, table_writer, message_field):
    with pytest.raises(CheckpointError, match="no header"):
        TensorBundle(_index(tmp_path, table_writer, {b"a": message_field(1, 1)}))


def test_slices_are_refused(tmp_path, table_writer, message_field):
    entries = {b"": message_field(1, 1), b"a": message_field(1, 1) + message_field(7, b"")}
    with pytest.raises(CheckpointError, match="slices"):
        TensorBundle(_index(tmp_path, table_writer, entries))


def test_a_shard_that_is_not_there_is_refused(tmp_path, table_writer, message_field):
    entry = message_field(1, 1) + message_field(3, 5) + message_field(5, 4)
    with pytest.raises(CheckpointError, match="data file 5"):
        TensorBundle(_index(tmp_path, table_writer, {b"": message_field(1, 1), b"a": entry}))


def test_a_size_that_is_not_that_of_the_shape_is_refused(tmp_path, table_writer, message_field):
    shape = message_field(2, message_field(2, message_field(1, 3)))
    entry = message_field(1, 1) + shape + message_field(5, 16)
    bundle = TensorBundle(_index(tmp_path, table_writer, {b"": message_field(1, 1), b"a": entry}))
    with pytest.raises(CheckpointError, match="does not fit its shape"):
        bundle.read("a")


def test_unknown_names_and_types_are_named(prefix):
    bundle = TensorBundle(prefix)
    with pytest.raises(CheckpointError, match="no such variable"):
        bundle.read("c")
    with pytest.raises(CheckpointError, match="TensorFlow type 7"):
        bundle.read("text")
    with pytest.raises(CheckpointError, match="not one string"):
        bundle.read_text("a/bias")


def test_a_pipe_is_not_waited_for_and_an_endless_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.index")
    (tmp_path / "device.index").symlink_to("/dev/zero")
    with (tmp_path / "large.index").open("wb") as file:
        file.truncate(20 * 2**30)
    os.mkfifo(tmp_path / "pipe.h5")
    for name in ("pipe.index", "device.index", "large.index", "pipe.h5"):
        with pytest.raises(CheckpointError, match="cannot be read"):
            read_source(tmp_path / name)
