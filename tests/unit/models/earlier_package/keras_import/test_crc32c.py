from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.models.earlier_package.keras_import import crc32c as module
from eeg2fmri.models.earlier_package.keras_import.crc32c import crc32c, masked

#: RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms.
VECTORS = [
    (b"123456789", 0xE3069283),
    (bytes(32), 0x8A9136AA),
    (b"\xff" * 32, 0x62A8AB43),
    (bytes(range(32)), 0x46DD794E),
    (bytes(range(31, -1, -1)), 0x113FDB5C),
    (b"", 0),
]


@pytest.mark.parametrize(("data", "expected"), VECTORS)
def test_known_values(data, expected):
    assert crc32c(data) == expected


def _by_bits(data: bytes) -> int:
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


@pytest.mark.parametrize("short", [0, 2048])
@pytest.mark.parametrize("n", [1, 3, 15, 16, 17, 63, 65, 257, 1000])
def test_lanes_equal_bit_by_bit(n, short, monkeypatch):
    monkeypatch.setattr(module, "_SHORT", short)
    data = np.random.default_rng(n).bytes(n)
    assert crc32c(data) == crc32c(np.frombuffer(data, np.uint8)) == _by_bits(data)


def test_pieces_are_joined(monkeypatch):
    data = np.random.default_rng(1).bytes(500)
    monkeypatch.setattr(module, "_SHORT", 0)
    monkeypatch.setattr(module, "_PIECE", 64)
    assert crc32c(data) == _by_bits(data)


def test_mask_rotates_and_adds():
    # crc32c_test.cc of LevelDB: masking hides the CRC, and twice is not once
    crc = crc32c(b"foo")
    assert masked(crc) == (((crc >> 15) | (crc << 17) & 0xFFFFFFFF) + 0xA282EAD8) % 2**32
    assert len({crc, masked(crc), masked(masked(crc))}) == 3
