from __future__ import annotations

import pytest

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.earlier_package.keras_import.wire import Message, fields, varint


@pytest.mark.parametrize(
    ("data", "value"), [(b"\x00", 0), (b"\x7f", 127), (b"\xac\x02", 300), (b"\xff" * 9 + b"\x01", 2**64 - 1)]
)
def test_varint(data, value):
    assert varint(b"x" + data + b"y", 1, "f") == (value, 1 + len(data))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 10, b"\xff" * 9 + b"\x02", b"\x80" * 11 + b"\x00"])
def test_varint_that_does_not_end_or_is_too_long(data):
    with pytest.raises(CheckpointError):
        varint(data, 0, "f")


def test_fields_of_every_wire_type():
    message = b"\x08\x96\x01" + b"\x12\x02hi" + b"\x1d\x01\x00\x00\x00" + b"\x21" + b"\x02" + b"\x00" * 7
    assert list(fields(message, "f")) == [(1, 0, 150), (2, 2, b"hi"), (3, 5, 1), (4, 1, 2)]


@pytest.mark.parametrize(
    ("message", "what"),
    [
        (b"\x12\x05hi", "ends inside a field"),
        (b"\x1d\x01\x00", "ends inside a field"),
        (b"\x0b", "not a protocol buffer"),
        (b"\x00\x01", "not a protocol buffer"),
        (b"\x08", "ends inside a number"),
    ],
)
def test_damaged_message(message, what):
    with pytest.raises(CheckpointError, match=what) as caught:
        list(fields(message, "there.pb"))
    assert "there.pb" in caught.value.problems[0].where


def test_message_has_defaults_and_the_last_of_repeated_values():
    message = Message(b"\x08\x01\x08\x02" + b"\x12\x01a\x12\x01b", "f")
    assert message.number(1) == 2
    assert message.blobs(2) == [b"a", b"b"]
    assert message.text(2) == "b"
    assert (message.number(9), message.blob(9), message.messages(9)) == (0, b"", [])


def test_message_refuses_another_type_and_text_that_is_none():
    with pytest.raises(CheckpointError, match="another type"):
        Message(b"\x0a\x01a", "f").number(1)
    with pytest.raises(CheckpointError, match="another type"):
        Message(b"\x08\x01", "f").text(1)
    with pytest.raises(CheckpointError, match="UTF-8"):
        Message(b"\x0a\x01\xff", "f").text(1)
