"""Sorted string tables: the file format of `variables.index`.

Layout (LevelDB, doc/table_format.md): data blocks, index block, footer of 48 bytes that ends in a magic number. A block
holds entries whose keys share a prefix with the key before, and is followed by its compression and masked CRC-32C.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.crc32c import crc32c, masked
from eeg2fmri.models.earlier_package.keras_import.wire import varint

MAGIC = 0xDB4775248B80FB57
FOOTER = 48
#: Compression (1 byte) and CRC (4 bytes) behind every block.
TRAILER = 5
_UNCOMPRESSED = 0


def read_table(data: bytes, where: str) -> dict[bytes, bytes]:
    """Read all entries of a table.

    Parameters
    ----------
    data : bytes
        The whole file.
    where : str
        Its name, for errors.

    Raises
    ------
    CheckpointError
        If the file is truncated, damaged or no table.
    """
    if len(data) < FOOTER or struct.unpack("<Q", data[-8:])[0] != MAGIC:
        raise CheckpointError(
            "the file is not the index of a TensorFlow checkpoint",
            where=where,
            got=f"{len(data)} bytes that end in {data[-8:].hex() or 'nothing'}",
            expected=f"the magic number {struct.pack('<Q', MAGIC).hex()} at the end",
            hint="the file is truncated, damaged or of another kind",
        )
    meta, position = _handle(data[-FOOTER:], 0, where)
    index, _ = _handle(data[-FOOTER:], position, where)
    # nothing is needed of this block, but a damaged one shows that the file is damaged
    _block(data, meta, where)
    entries: dict[bytes, bytes] = {}
    previous: bytes | None = None
    for _, packed in _entries(_block(data, index, where), where):
        handle, _ = _handle(packed, 0, where)
        for key, value in _entries(_block(data, handle, where), where):
            if previous is not None and key <= previous:
                raise CheckpointError(
                    "the keys of the index are not in order", where=where, got=repr(key), hint="the file is damaged"
                )
            entries[key], previous = value, key
    return entries


def _handle(data: bytes, start: int, where: str) -> tuple[tuple[int, int], int]:
    """Read offset and size of a block, and where they end."""
    offset, position = varint(data, start, where)
    size, position = varint(data, position, where)
    return (offset, size), position


def _block(data: bytes, handle: tuple[int, int], where: str) -> bytes:
    offset, size = handle
    place = f"{where}, block at byte {offset}"
    if offset + size + TRAILER > len(data) - FOOTER:
        raise CheckpointError(
            "a block of the index lies outside the file",
            where=place,
            got=f"{size} bytes, file of {len(data)}",
            hint="the file is truncated or damaged",
        )
    stored = struct.unpack("<I", data[offset + size + 1 : offset + size + TRAILER])[0]
    if masked(crc32c(data[offset : offset + size + 1])) != stored:
        raise CheckpointError(
            "the checksum of the index does not match", where=place, hint="the file is damaged: get it again"
        )
    if data[offset + size] != _UNCOMPRESSED:
        raise CheckpointError(
            "the index is compressed",
            where=place,
            got=f"compression {data[offset + size]}",
            expected="no compression, as TensorFlow writes checkpoints",
        )
    return data[offset : offset + size]


def _entries(block: bytes, where: str) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block; the restart points behind them only serve for searching."""
    n_restarts = struct.unpack("<I", block[-4:])[0] if len(block) >= 4 else len(block)
    end = len(block) - 4 - 4 * n_restarts
    if end < 0:
        raise CheckpointError("a block of the index is shorter than its own directory", where=where)
    position, key = 0, b""
    while position < end:
        shared, position = varint(block, position, where)
        unshared, position = varint(block, position, where)
        size, position = varint(block, position, where)
        if shared > len(key) or position + unshared + size > end:
            raise CheckpointError("an entry of the index runs over the end of its block", where=where)
        key = key[:shared] + block[position : position + unshared]
        position += unshared
        yield key, block[position : position + size]
        position += size
