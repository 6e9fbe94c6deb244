"""CRC-32C (Castagnoli), the checksum of TensorFlow's checkpoints, in array operations.

A byte at a time in Python would take half a minute for a model of the documented size. Here the data are cut into
equal lanes that go through the table side by side, and the lanes are joined pairwise: appending n bytes to a message is
a linear map of its CRC over the field of two elements, so crc(ab) = shift(crc(a), len(b)) xor crc(b).
"""

from __future__ import annotations

import numpy as np

#: 0x1EDC6F41 with its bits reversed (RFC 3720, appendix B.4).
POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8
#: Bytes at a time.
_PIECE = 1 << 22
#: Bytes up to which a plain loop is faster.
_SHORT = 1 << 11
#: A linear map of 32 bits: image of each single bit.
Map = np.ndarray


def _table() -> np.ndarray:
    table: np.ndarray = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> 1) ^ np.where(table & 1, np.uint32(POLYNOMIAL), np.uint32(0))
    return table


_TABLE = _table()
_NUMBERS: list[int] = _TABLE.tolist()


def _apply(linear: Map, values: np.ndarray) -> np.ndarray:
    """Apply a map to each of `values`."""
    result = np.zeros_like(values)
    for bit in range(32):
        result ^= np.where((values >> np.uint32(bit)) & np.uint32(1), linear[bit], np.uint32(0))
    return result


def _zero_byte() -> Map:
    """Return what one zero byte does to a register."""
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    return _TABLE[bits & np.uint32(0xFF)] ^ (bits >> np.uint32(8))


def _zero_bytes(count: int) -> Map:
    """Return what `count` zero bytes do to a register."""
    result = np.uint32(1) << np.arange(32, dtype=np.uint32)
    power = _zero_byte()
    while count:
        if count & 1:
            result = _apply(power, result)
        power = _apply(power, power)
        count >>= 1
    return result


def _register(piece: np.ndarray) -> np.uint32:
    """Register that starts at 0, behind `piece` (byte)."""
    lanes = 1
    while lanes * lanes * 4 < len(piece):
        lanes *= 2
    width = -(-len(piece) // lanes)
    # leading zeros leave a register of 0 as it is
    padded = np.zeros(lanes * width, np.uint8)
    padded[lanes * width - len(piece) :] = piece
    register = np.zeros(lanes, np.uint32)
    for column in np.ascontiguousarray(padded.reshape(lanes, width).T):
        register = _TABLE[(register ^ column) & np.uint32(0xFF)] ^ (register >> np.uint32(8))
    shift = _zero_bytes(width)
    while len(register) > 1:
        register = _apply(shift, register[0::2]) ^ register[1::2]
        shift = _apply(shift, shift)
    return np.uint32(register[0])


def crc32c(data: bytes | bytearray | memoryview | np.ndarray) -> int:
    """CRC-32C of `data`, which may be a memory map: it is read a few megabytes at a time."""
    array = np.frombuffer(data, np.uint8)
    if len(array) <= _SHORT:
        crc = 0xFFFFFFFF
        for byte in array.tolist():
            crc = _NUMBERS[(crc ^ byte) & 0xFF] ^ (crc >> 8)
        return crc ^ 0xFFFFFFFF
    register = np.full(1, 0xFFFFFFFF, np.uint32)
    for start in range(0, len(array), _PIECE):
        piece = array[start : start + _PIECE]
        register = _apply(_zero_bytes(len(piece)), register) ^ _register(piece)
    return int(register[0]) ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    """Mask a CRC as the files store it: rotated right by 15 bits, plus a constant."""
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF
