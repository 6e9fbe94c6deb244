"""Protocol buffers on the wire: fields of a message by number, without a schema compiler.

Format: https://protobuf.dev/programming-guides/encoding. Only what TensorFlow's checkpoints need is read; the
deprecated groups are refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from eeg2fmri.core.errors import CheckpointError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
#: Bytes that 64 bits need in groups of 7.
_LONGEST_VARINT = 10


def varint(data: bytes, start: int, where: str) -> tuple[int, int]:
    """Read an unsigned varint.

    Parameters
    ----------
    data : bytes
    start : int
        Where it begins.
    where : str
        The file, for the error.

    Returns
    -------
    value, end : int
        `end` is the index behind it.

    Raises
    ------
    CheckpointError
        If it runs over the end of `data` or is longer than 64 bits.
    """
    value = 0
    for position in range(_LONGEST_VARINT):
        if start + position >= len(data):
            raise CheckpointError("the file ends inside a number", where=where, got=f"{len(data)} bytes")
        byte = data[start + position]
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            if value >= 1 << 64:
                break
            return value, start + position + 1
    raise CheckpointError("a number is longer than 64 bits", where=f"{where}, byte {start}", hint="the file is damaged")


def fields(message: bytes, where: str) -> Iterator[tuple[int, int, int | bytes]]:
    """Go through the fields of a message.

    Parameters
    ----------
    message : bytes
    where : str
        The file and message, for errors.

    Yields
    ------
    number, wire_type, value
        The value is an int for numbers (fixed-size ones as their unsigned bits) and bytes for everything else.

    Raises
    ------
    CheckpointError
        If the message is truncated or not a message.
    """
    position = 0
    while position < len(message):
        tag, position = varint(message, position, where)
        number, kind = tag >> 3, tag & 7
        if number == 0 or kind not in (VARINT, FIXED64, BYTES, FIXED32):
            raise CheckpointError(
                "this is not a protocol buffer message",
                where=f"{where}, byte {position}",
                got=f"field {number} of wire type {kind}",
                hint="the file is damaged or of another kind",
            )
        if kind == VARINT:
            value, position = varint(message, position, where)
            yield number, kind, value
            continue
        if kind == BYTES:
            size, position = varint(message, position, where)
        else:
            size = _FIXED[kind]
        if position + size > len(message):
            raise CheckpointError(
                "the file ends inside a field",
                where=f"{where}, byte {position}",
                got=f"{len(message) - position} bytes left",
                expected=f"{size} bytes of field {number}",
            )
        chunk = message[position : position + size]
        position += size
        yield number, kind, chunk if kind == BYTES else int.from_bytes(chunk, "little")


class Message:
    """Fields of one message, by number; a field that is absent has its default.

    Parameters
    ----------
    data : bytes
    where : str
        The file and message, for errors.
    """

    def __init__(self, data: bytes, where: str) -> None:
        self.where = where
        self._fields: dict[int, list[tuple[int, int | bytes]]] = {}
        for number, kind, value in fields(data, where):
            self._fields.setdefault(number, []).append((kind, value))

    def _all(self, number: int, kinds: tuple[int, ...]) -> list[int | bytes]:
        found = self._fields.get(number, [])
        for kind, _ in found:
            if kind not in kinds:
                raise CheckpointError(
                    "a field has another type than expected",
                    where=self.where,
                    got=f"field {number} of wire type {kind}",
                    expected=f"wire type {' or '.join(map(str, kinds))}",
                    hint="the file is damaged or of another kind",
                )
        return [value for _, value in found]

    def number(self, number: int) -> int:
        """Last value of a number field, unsigned; 0 if absent."""
        values = self._all(number, (VARINT, FIXED32, FIXED64))
        return int(values[-1]) if values else 0

    def blob(self, number: int) -> bytes:
        """Last value of a field of bytes; empty if absent."""
        blobs = self.blobs(number)
        return blobs[-1] if blobs else b""

    def blobs(self, number: int) -> list[bytes]:
        """All values of a repeated field of bytes."""
        return [bytes(value) for value in self._all(number, (BYTES,)) if isinstance(value, bytes)]

    def text(self, number: int) -> str:
        """Last value of a text field.

        Raises
        ------
        CheckpointError
            If it is not UTF-8.
        """
        try:
            return self.blob(number).decode()
        except UnicodeDecodeError:
            raise CheckpointError("a text is not UTF-8", where=self.where, got=f"field {number}") from None

    def messages(self, number: int) -> list[Message]:
        """All messages of a repeated field."""
        return [Message(blob, f"{self.where}, field {number}") for blob in self.blobs(number)]
