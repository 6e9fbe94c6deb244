"""Damage to files: what the suites of broken input do to one file of a sound set."""

from __future__ import annotations

import json
import os
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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


def as_somebody_else(work: Callable[[], Any]) -> Any:
    """Do something in a child process as a user who owns nothing here, and give back what comes of it (JSON).

    Root reads and writes everything, whatever the permissions say; a child that gives up being root does not. All that
    the work imports must be imported already: the other user may not see the interpreter's folder.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork in a process with threads, from Python 3.12 on
        child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            answer = {"done": work()}
        except BaseException:
            answer = {"failed": traceback.format_exc()}
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        answer = json.loads(file.read())
    os.waitpid(child, 0)
    assert "failed" not in answer, answer["failed"]
    return answer["done"]
