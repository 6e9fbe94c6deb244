"""Tensor bundles: the variables of a TensorFlow checkpoint (`variables.index` and `variables.data-?????-of-?????`).

The index maps names to entries (type, shape, shard, offset, size, CRC); the shards hold the raw bytes. Field numbers
are those of tensorflow/core/protobuf/tensor_bundle.proto and tensorflow/core/framework/types.proto.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.parse import read_bytes
from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.crc32c import crc32c, masked
from eeg2fmri.models.earlier_package.keras_import.sstable import read_table
from eeg2fmri.models.earlier_package.keras_import.wire import Message, varint

#: TensorFlow's number of a type -> numpy's.
DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    2: np.dtype("<f8"),
    3: np.dtype("<i4"),
    4: np.dtype("u1"),
    5: np.dtype("<i2"),
    6: np.dtype("i1"),
    9: np.dtype("<i8"),
    10: np.dtype("?"),
    19: np.dtype("<f2"),
    22: np.dtype("<u4"),
    23: np.dtype("<u8"),
}
STRING = 7
#: Newest format of a bundle that must be understood to read this one.
VERSION = 1


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies.

    Attributes
    ----------
    dtype : int
        TensorFlow's number of the type.
    shape : tuple of int
    shard, offset, size : int
        File, first byte, number of bytes.
    crc : int
        Masked CRC-32C of the bytes.
    """

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int


class TensorBundle:
    """Variables of a checkpoint, read one at a time.

    Parameters
    ----------
    prefix : str or Path
        Path without its ``.index``; for a SavedModel ``FOLDER/variables/variables``.

    Raises
    ------
    CheckpointError
        If a file is absent, truncated, damaged, or of a kind or version that cannot be read.
    """

    def __init__(self, prefix: str | Path) -> None:
        self.index = Path(f"{prefix}.index")
        table = read_table(_read(self.index), str(self.index))
        header = self._header(table.pop(b"", None))
        n_shards = header.number(1)
        self._shards = [Path(f"{prefix}.data-{shard:05d}-of-{n_shards:05d}") for shard in range(n_shards)]
        self._maps = {shard: self._map(path) for shard, path in enumerate(self._shards)}
        self.entries = {self._name(key): self._entry(key, value) for key, value in table.items()}

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def read(self, name: str) -> np.ndarray:
        """Read a numeric tensor and check its checksum.

        Raises
        ------
        CheckpointError
            If there is no such tensor, it is damaged, or its type is not numeric.
        """
        entry = self._find(name)
        where = f"{self.index}: {name}"
        if entry.dtype not in DTYPES:
            raise CheckpointError(
                "the type of a variable cannot be read",
                where=where,
                got=f"TensorFlow type {entry.dtype}",
                expected="a number type (" + ", ".join(str(dtype) for dtype in DTYPES.values()) + ")",
            )
        dtype = DTYPES[entry.dtype]
        if math.prod(entry.shape) * dtype.itemsize != entry.size:
            raise CheckpointError(
                "the size of a variable does not fit its shape",
                where=where,
                got=f"{entry.size} bytes",
                expected=f"{math.prod(entry.shape) * dtype.itemsize} bytes for shape {entry.shape} of {dtype}",
                hint="the index is damaged",
            )
        data = self._bytes(entry)
        if masked(crc32c(data)) != entry.crc:
            raise self._damaged(name, entry)
        return data.view(dtype).reshape(entry.shape).copy()

    def read_text(self, name: str) -> bytes:
        """Read a tensor of one string: its length as a varint, a CRC of that, and the bytes.

        Raises
        ------
        CheckpointError
            If there is no such tensor, it is damaged, or it is not one string.
        """
        entry = self._find(name)
        where = f"{self.index}: {name}"
        if entry.dtype != STRING or entry.shape != ():
            raise CheckpointError(
                "the entry is not one string", where=where, got=f"TensorFlow type {entry.dtype}, shape {entry.shape}"
            )
        data = self._bytes(entry).tobytes()
        length, start = varint(data, 0, where)
        text = data[start + 4 :]
        # the CRC runs over the length as 4 bytes, its own checksum and the text
        whole = struct.pack("<I", length & 0xFFFFFFFF) + data[start : start + 4] + text
        if len(text) != length or masked(crc32c(whole)) != entry.crc:
            raise self._damaged(name, entry)
        return text

    def _find(self, name: str) -> Entry:
        if name not in self.entries:
            raise CheckpointError("there is no such variable in the checkpoint", where=str(self.index), got=name)
        return self.entries[name]

    def _damaged(self, name: str, entry: Entry) -> CheckpointError:
        return CheckpointError(
            "the checksum of a variable does not match",
            where=f"{self._shards[entry.shard]}: {name}, bytes {entry.offset} to {entry.offset + entry.size}",
            hint="the file is damaged: get it again",
        )

    def _bytes(self, entry: Entry) -> np.ndarray:
        return self._maps[entry.shard][entry.offset : entry.offset + entry.size]

    def _header(self, value: bytes | None) -> Message:
        where = f"{self.index}, header"
        if value is None:
            raise CheckpointError("the index has no header", where=where, hint="it is not of a TensorFlow checkpoint")
        header = Message(value, where)
        oldest = header.messages(3)[0].number(2) if header.messages(3) else 0
        if header.number(2) != 0 or oldest > VERSION or not 1 <= header.number(1) <= 99999:
            raise CheckpointError(
                "the checkpoint cannot be read",
                where=where,
                got=f"byte order {header.number(2)}, needs version {oldest}, {header.number(1)} data files",
                expected=f"byte order 0 (little-endian), version at most {VERSION}, 1 or more data files",
            )
        return header

    def _map(self, path: Path) -> np.ndarray:
        if not path.is_file():
            raise CheckpointError(
                "a data file of the checkpoint is missing", where=str(path), hint="copy the whole folder again"
            )
        return np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)

    def _name(self, key: bytes) -> str:
        try:
            return key.decode()
        except UnicodeDecodeError:
            raise CheckpointError("a name in the index is not UTF-8", where=str(self.index), got=repr(key)) from None

    def _entry(self, key: bytes, value: bytes) -> Entry:
        where = f"{self.index}: {self._name(key)}"
        message = Message(value, where)
        if message.messages(7):
            raise CheckpointError(
                "the variable is stored in slices", where=where, hint="save the model without partitioned variables"
            )
        shape = tuple(dim.number(1) for shapes in message.messages(2) for dim in shapes.messages(2))
        shard, offset, size, crc = (message.number(field) for field in (3, 4, 5, 6))
        entry = Entry(message.number(1), shape, shard, offset, size, crc)
        available = len(self._maps[entry.shard]) if entry.shard in self._maps else 0
        if entry.offset + entry.size > available:
            raise CheckpointError(
                "a variable lies outside its data file",
                where=where,
                got=f"bytes {entry.offset} to {entry.offset + entry.size} of data file {entry.shard}",
                expected=f"at most {available} bytes in {len(self._shards)} data files",
                hint="the data file is truncated, or is not the one of this index",
            )
        return entry


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path)
    except FileNotFoundError:
        raise CheckpointError(
            "the index of the checkpoint is missing", where=str(path), hint="copy the whole folder again"
        ) from None
    except (OSError, ValueError) as error:
        raise CheckpointError("the index of the checkpoint cannot be read", where=str(path), got=str(error)) from None
