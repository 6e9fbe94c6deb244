from __future__ import annotations

import pytest

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.sstable import read_table

ENTRIES = {f"layer_{n // 4}/{'kernel' if n % 2 else 'bias'}_{n:03d}".encode(): b"v" * (n % 7) for n in range(23)}


def test_reads_entries_of_several_blocks(table_writer):
    entries = {b"": b"header", **ENTRIES}
    read = read_table(table_writer(entries), "f")
    assert read == entries
    assert list(read) == sorted(entries)


def test_every_changed_byte_is_noticed(table_writer):
    data = table_writer(ENTRIES)
    padding = set(range(len(data) - 48, len(data) - 8))
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 0x10
        if position in padding:
            # unused bytes of the footer say nothing
            try:
                assert read_table(bytes(changed), "f") == ENTRIES
            except CheckpointError:
                continue
        else:
            with pytest.raises(CheckpointError):
                read_table(bytes(changed), "f")


def test_every_truncation_is_refused(table_writer):
    data = table_writer(ENTRIES)
    for size in range(0, len(data), 7):
        with pytest.raises(CheckpointError):
            read_table(data[:size], "f")


def test_says_what_another_file_is():
    with pytest.raises(CheckpointError, match="not the index of a TensorFlow checkpoint") as caught:
        read_table(b"PK\x03\x04" * 30, "there.index")
    assert caught.value.problems[0].where == "there.index"


def test_compressed_blocks_are_refused(table_writer):
    with pytest.raises(CheckpointError, match="compressed"):
        read_table(table_writer(ENTRIES, compression=1), "f")


def test_keys_out_of_order_are_refused(table_writer):
    data = table_writer(dict(sorted(ENTRIES.items(), reverse=True)), order=list)
    with pytest.raises(CheckpointError, match="not in order"):
        read_table(data, "f")
