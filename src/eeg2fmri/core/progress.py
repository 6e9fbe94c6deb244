"""Report how far long work is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done and how much of it is done; the command line draws a bar from it."""

    def __call__(self, what: str, done: float, total: float) -> None:
        """Report that `done` of `total` steps of `what` are finished."""


def silent(what: str, done: float, total: float) -> None:
    """Report nothing: the default of every function that takes a `Progress`."""
