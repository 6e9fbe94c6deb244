"""The digests by which files are known again.

Weights that are handed on carry the SHA-256 that others check too. The files of a store, and those it was made of, are
far larger, and are only asked whether they are still the same: XXH3 (128 bits) tells that as well, 15 times as fast.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import xxhash

from eeg2fmri.core.disk.parse import refuse_pipe

#: What the content of a file of a store is known by, as manifests call it, and what computes it.
CONTENT, ContentHash = "xxh3_128", xxhash.xxh3_128


def file_digest(path: Path) -> str:
    """SHA-256 of the content of a file, in hexadecimal."""
    refuse_pipe(path)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_digest(path: Path) -> str:
    """XXH3 (128 bits) of the content of a file, in hexadecimal: tells damage and change, not forgery."""
    refuse_pipe(path)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, ContentHash).hexdigest()
