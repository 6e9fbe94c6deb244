"""Damage to files: what the suites of broken input do to one file of a sound set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

Damage = Callable[[Path], None]


def truncated(at: int) -> Damage:
    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:at])

    return damage


def changed(at: int, value: int) -> Damage:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[at % len(content)] ^= value
        path.write_bytes(content)

    return damage


def replaced(content: bytes) -> Damage:
    return lambda path: path.write_bytes(content) and None


def grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0" * 777)


def looped(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def absent(path: Path) -> None:
    path.unlink()


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def forbidden(path: Path) -> None:
    path.chmod(0)


def swapped(other: str) -> Damage:
    def damage(path: Path) -> None:
        here = path.with_name(other)
        if here.exists() and here != path:
            content = here.read_bytes()
            here.write_bytes(path.read_bytes())
            path.write_bytes(content)
        else:
            path.write_bytes(b"swapped with nothing")

    return damage


def said(old: str, new: str) -> Damage:
    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))

    return damage


def plain_cases(size: int, rng: np.random.Generator, flips: int, within: int) -> Iterator[tuple[str, Damage]]:
    """Damage that any file can take; random changes lie in its first `within` bytes."""
    for k in range(flips):
        at, value = int(rng.integers(min(within, size))), int(rng.integers(1, 256))
        yield f"byte {at} changed by {value} ({k})", changed(at, value)
    yield "empty", replaced(b"")
    yield "of zeros", replaced(b"\0" * size)
    yield "random", replaced(rng.bytes(size))
    yield "text", replaced("Größe = ∞\n".encode() * 30)
    yield "UTF-16", lambda path: path.write_bytes(path.read_bytes().decode("latin-1").encode("utf-16")) and None
    yield "longer", grown
    yield "absent", absent
    yield "a loop of links", looped
    yield "a dangling link", dangling
    yield "a folder", folder_instead
    yield "a pipe that nobody writes to", piped


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)
